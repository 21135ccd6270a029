"""One file, read from its offset on, a chunk of whole lines at a time.

A follower knows a file, not a name: it reads through its descriptor whatever
the file is called meanwhile. Its `offset` moves only past what has been handed
over or counted, in the same call, so a position taken between two calls is
exact.

After every read, before anything is counted, the beginning of the file and its
size are compared with what was counted. If they disagree, the file was
truncated or replaced: `restarted` is set, nothing of that read is used, and the
owner decides where the rest may be.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NoReturn

from logmond.errors import SourceError
from logmond.ingest.sources.cursor import CHUNK_BYTES, Cursor
from logmond.ingest.sources.identity import (
    FINGERPRINT_BYTES,
    FilePosition,
    Identity,
    fingerprint,
    identity_of,
)
from logmond.ingest.sources.rotation import CLOCK_TICK_NS
from logmond.ingest.sources.seam import Intake
from logmond.ingest.sources.wholelines import MAX_BYTES

if TYPE_CHECKING:
    from logmond.ingest.sources.track import Track

_OPEN_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


def open_regular(path: str) -> tuple[int, os.stat_result]:
    """Open a regular file for reading.

    Raises:
        OSError: it cannot be opened.
        SourceError: it is no regular file.
    """
    descriptor = os.open(path, _OPEN_FLAGS)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        refuse_kind(path, status)
    return descriptor, status


def refuse_kind(path: str, status: os.stat_result) -> NoReturn:
    """Say what is wrong with a path that is no regular file."""
    if stat.S_ISDIR(status.st_mode):
        raise SourceError(f"{path} is a directory; write {path}/*.log")
    raise SourceError(f"{path} is no regular file; a pipe is read with stdin: true")


class Follower:
    """Reads one file into an intake.

    Attributes:
        path: where the file was seen last.
        identity: its device and inode.
        track: the path that it is read for.
        head: its first bytes, as far as counted, at most `FINGERPRINT_BYTES`.
        ready: there may be something to read.
        restarted: it is no longer the file that was counted.
        changed_at: when it was last seen to change, by the owner's clock.
    """

    __slots__ = (
        "_cursor",
        "_end",
        "_position",
        "_seen",
        "_surely_seen",
        "changed_at",
        "descriptor",
        "head",
        "identity",
        "path",
        "ready",
        "restarted",
        "track",
    )

    def __init__(
        self,
        path: str,
        descriptor: int,
        status: os.stat_result,
        intake: Intake,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Take over an open descriptor of `status`, to be read from its beginning."""
        self.path = path
        self.descriptor: int | None = descriptor
        self.identity: Identity = identity_of(status)
        self.track: Track | None = None
        self.head = b""
        self.ready = True
        self.restarted = False
        self.changed_at = 0.0
        self._cursor = Cursor(intake, max_bytes)
        self._position: FilePosition | None = None
        self._seen = (status.st_size, status.st_mtime_ns)
        self._surely_seen = False
        # How far the file has been read, counted or not.
        self._end = 0

    @property
    def offset(self) -> int:
        """Of the first byte not counted."""
        return self._cursor.offset

    @property
    def newest(self) -> int | None:
        """The newest second counted from it, None before there is one."""
        return self._cursor.newest

    @property
    def size(self) -> int:
        """Its size when it was last looked at."""
        return self._seen[0]

    def seek(self, offset: int) -> None:
        """Count from `offset` on, which must be the beginning of a line.

        Raises:
            OSError: the beginning of the file cannot be read.
        """
        self._cursor.offset = self._end = offset
        self._remember_head(self._beginning_so_far())

    def look(self, status: os.stat_result, now: float, wall_ns: int) -> None:
        """Learn size and time of the last write; become ready if anything changed.

        A write within a tick of the file system's clock before a look can be
        followed by one that leaves the same time, so such a look proves nothing.
        """
        seen = (status.st_size, status.st_mtime_ns)
        if seen != self._seen:
            self.changed_at = now
        if seen != self._seen or not self._surely_seen:
            self.ready = True
        self._seen = seen
        self._surely_seen = seen[1] < wall_ns - CLOCK_TICK_NS

    def pump(self, max_bytes: int = CHUNK_BYTES) -> bool:
        """Read and hand over about `max_bytes`; True while there is more.

        Raises:
            OSError: the file cannot be read.
        """
        self.ready = False
        taken = 0
        while taken < max_bytes:
            wanted = min(CHUNK_BYTES, max_bytes - taken)
            data = self._read(wanted)
            if len(data) == wanted < CHUNK_BYTES and b"\n" not in data:
                # A small slice may end within a line; a whole chunk holds any line.
                wanted = CHUNK_BYTES
                data = self._read(wanted)
            # Counting takes long enough for the file to be truncated under it.
            begins = self._beginning_so_far()
            if not self._continues(len(data)):
                return self.ready
            looked_at_all = self._cursor.take(data)
            self._remember_head(begins)
            if looked_at_all and len(data) < wanted:
                return False
            taken += len(data)
        self.ready = True
        return True

    def finish(self) -> bool:
        """Account for an unterminated tail, which nobody will complete.

        False if the file has grown since it was read: there is more to `pump` first.

        Raises:
            OSError: the file cannot be read.
        """
        assert self.descriptor is not None
        begins = self._beginning_so_far()
        size = os.fstat(self.descriptor).st_size
        if size > self._end:
            self.ready = True
            return False
        if size > self.offset:
            self.forsake_tail()
            self._cursor.offset = size
            self._remember_head(begins)
        return True

    def forsake_tail(self) -> None:
        """Count the unterminated tail that was seen, if there is one: it will not be whole."""
        self._cursor.forsake_tail()

    def close(self) -> None:
        """Free the descriptor; the position stays."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def reopen(self, path: str) -> bool:
        """Open the file again at `path`; False if another file is there.

        Raises:
            OSError: it cannot be opened.
            SourceError: it is no regular file.
        """
        descriptor, status = open_regular(path)
        if identity_of(status) != self.identity:
            os.close(descriptor)
            return False
        self.descriptor = descriptor
        self.path = path
        return True

    def position(self, path: str) -> FilePosition:
        """How far it has been counted, filed under `path`."""
        known, head = self._position, self.head
        if known is None or (known.path, known.offset) != (path, self.offset):
            known = self._position = FilePosition(
                path, *self.identity, fingerprint(head), len(head), self.offset
            )
        return known

    def beginning(self, length: int) -> bytes:
        """The first bytes of the file.

        Raises:
            OSError: the file cannot be read.
        """
        assert self.descriptor is not None
        return os.pread(self.descriptor, length, 0)

    def _read(self, wanted: int) -> bytes:
        """Read what follows the offset and what is known ahead of it."""
        assert self.descriptor is not None
        cursor = self._cursor
        if cursor.in_hole and os.pread(self.descriptor, 1, cursor.offset) != b"\0":
            cursor.look_again()  # somebody wrote into the hole
        return os.pread(self.descriptor, wanted, cursor.offset + cursor.ahead)

    def _continues(self, length: int) -> bool:
        """Whether the `length` bytes just read follow what was counted, and are still there."""
        assert self.descriptor is not None
        size = os.fstat(self.descriptor).st_size
        if size < self.offset or os.pread(self.descriptor, len(self.head), 0) != self.head:
            self.restarted = True
            return False
        end = self.offset + self._cursor.ahead + length
        if size < max(end, self._end):
            # Only an unterminated tail was cut off. Look again, without it.
            self.forsake_tail()
            self._end = size
            self.ready = True
            return False
        self._end = end
        return True

    def _beginning_so_far(self) -> bytes:
        """As many of the first bytes as a fingerprint takes, read only until it has them all."""
        complete = len(self.head) == FINGERPRINT_BYTES
        return self.head if complete else self.beginning(FINGERPRINT_BYTES)

    def _remember_head(self, begins: bytes) -> None:
        """Keep of the file's beginning what has been counted."""
        self.head = begins[: max(self.offset, len(self.head))]


def end_of_lines(descriptor: int, size: int, longest: int = MAX_BYTES) -> int:
    """Where the last whole line of a file ends.

    A line in the making is counted once it is whole. One that is longer than
    any line may be is not looked through: its end counts as an end.

    Raises:
        OSError: the file cannot be read.
    """
    position = size
    while position > 0 and size - position <= longest:
        begin = max(0, position - CHUNK_BYTES)
        block = os.pread(descriptor, position - begin, begin)
        last = block.rfind(b"\n")
        if last >= 0:
            return begin + last + 1
        position = begin
    return size if position > 0 else 0
