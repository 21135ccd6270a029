"""An old log, read once from its beginning: plain, compressed by gzip, or a pipe.

What it is compressed with is told by its first bytes, not by its name. Nothing
but a chunk and a tail is held, however much a file holds or swells. It is not
followed: what ends without a newline is a line all the same.
"""

from __future__ import annotations

import os
import stat
import zlib
from typing import Protocol

from logmond.errors import SourceError
from logmond.ingest.sources.cursor import CHUNK_BYTES, Cursor
from logmond.ingest.sources.follower import refuse_kind
from logmond.ingest.sources.seam import Intake
from logmond.ingest.sources.wholelines import MAX_BYTES

STDIN = "-"

HEAD_BYTES = 64 * 1024
"""Bytes read ahead, by which the format can be told."""

_READ_BYTES = 64 * 1024
_GZIP = 31  # wbits: a gzip header and trailer, the largest window
_GZIP_MAGIC = b"\x1f\x8b"
_UNREAD = {
    b"BZh": ("bzip2", "bzcat"),
    b"\xfd7zXZ\x00": ("xz", "xzcat"),
    b"\x28\xb5\x2f\xfd": ("zstd", "zstdcat"),
    b"PK\x03\x04": ("zip", "unzip -p"),
}


class _Bytes(Protocol):
    fault: str

    def read(self, wanted: int) -> bytes:
        """Up to `wanted` bytes; none only at the end."""


class OldLog:
    """One log on its way into an intake.

    Attributes:
        path: as it was named, ``-`` for standard input.
        total_bytes: what its file holds, compressed as it is; None for a pipe.
        identity: device and inode of its file; None for a pipe.
        lines: whole lines handed on or rejected.
        rejected: those of them that were not counted.
    """

    def __init__(self, path: str) -> None:
        """Open it.

        Raises:
            SourceError: it cannot be opened or read, or is compressed in a way that is not read.
        """
        self.path = path
        try:
            self._descriptor = os.dup(0) if path == STDIN else _opened(path)
            status = os.fstat(self._descriptor)
            regular = stat.S_ISREG(status.st_mode)
            self.total_bytes = status.st_size if regular else None
            self.identity = (status.st_dev, status.st_ino) if regular else None
            self._raw = _Raw(self._descriptor)
            self._head = self._begin()
        except OSError as error:
            raise self._failed(error) from error
        self._pending = self._head
        self._tail = b""
        self._cursor: Cursor | None = None
        self._intake: Intake | None = None
        self.lines = 0
        self.rejected = 0

    @property
    def newest(self) -> int | None:
        """The newest second counted from it, None before there is one."""
        return self._cursor.newest if self._cursor else None

    @property
    def read_bytes(self) -> int:
        """How much of its file was read."""
        return self._raw.taken

    @property
    def fault(self) -> str:
        """Why it ended before its end, "" if it did not."""
        return self._content.fault

    def head(self) -> list[bytes]:
        """Its first whole lines."""
        lines = self._head.split(b"\n")
        return lines[:-1] if len(self._head) >= HEAD_BYTES else [line for line in lines if line]

    def feed(self, intake: Intake) -> None:
        """Hand its lines to `intake` from now on."""
        self._intake = intake
        self._cursor = Cursor(intake, MAX_BYTES)

    def pump(self, max_bytes: int = CHUNK_BYTES) -> bool:
        """Read and hand over about `max_bytes`; True while there is more.

        Raises:
            SourceError: it cannot be read.
        """
        assert self._intake is not None
        totals = self._intake.ledger.totals
        received, counted = totals["received"], totals["counted"]
        more = self._pump(max_bytes)
        self.lines += totals["received"] - received
        self.rejected += (totals["received"] - received) - (totals["counted"] - counted)
        return more

    def close(self) -> None:
        """Free the descriptor."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _begin(self) -> bytes:
        """Look at the first bytes, find out what they are, and read the head."""
        first = self._raw.read(_READ_BYTES)
        self._raw.give_back(first)
        for magic, (name, tool) in _UNREAD.items():
            if first.startswith(magic):
                raise SourceError(
                    f"{self.path} is compressed by {name}, which is not read; use {tool} "
                    f"{self.path} | logmond backtest ... -"
                )
        self._content: _Bytes = _Gunzipped(self._raw) if first[:2] == _GZIP_MAGIC else self._raw
        head = b""
        while len(head) < HEAD_BYTES and (data := self._content.read(HEAD_BYTES - len(head))):
            head += data
            if self.total_bytes is None and b"\n" in data:
                break  # a pipe may say no more for a while
        return head

    def _pump(self, max_bytes: int) -> bool:
        cursor = self._cursor
        assert cursor is not None
        taken = 0
        while taken < max_bytes:
            # The cursor holds a line against no more than a chunk.
            data = self._next(min(max_bytes - taken, CHUNK_BYTES - len(self._tail)))
            if not data:
                self._finish(cursor)
                return False
            self._take(cursor, self._tail + data)
            taken += len(data)
        return True

    def _next(self, wanted: int) -> bytes:
        if self._pending:
            data, self._pending = self._pending[:wanted], self._pending[wanted:]
            return data
        try:
            return self._content.read(wanted)
        except OSError as error:
            raise self._failed(error) from error

    def _take(self, cursor: Cursor, data: bytes) -> None:
        """Hand whole lines on; keep what may become one."""
        self._tail = b""
        while data:
            place = cursor.offset + cursor.ahead
            looked_at_all = cursor.take(data)
            if cursor.ahead:
                return  # the middle of a line that is too long: nothing of it is kept
            data = data[cursor.offset - place :]
            if looked_at_all:
                self._tail = data
                return

    def _finish(self, cursor: Cursor) -> None:
        if self._tail or cursor.ahead:
            self._take(cursor, self._tail + b"\n")
        self.close()

    def _failed(self, error: OSError) -> SourceError:
        name = "standard input" if self.path == STDIN else self.path
        return SourceError(f"{name}: {(error.strerror or str(error)).lower()}")


class _Raw:
    """The bytes of a descriptor, in order."""

    fault = ""

    def __init__(self, descriptor: int) -> None:
        self.taken = 0
        self._descriptor = descriptor
        self._back = b""

    def read(self, wanted: int) -> bytes:
        if self._back:
            data, self._back = self._back[:wanted], self._back[wanted:]
        else:
            data = os.read(self._descriptor, wanted)
        self.taken += len(data)
        return data

    def give_back(self, data: bytes) -> None:
        """Read `data` again next."""
        self._back = data + self._back
        self.taken -= len(data)


class _Gunzipped:
    """The content of gzip members that follow each other (RFC 1952, section 2.2)."""

    def __init__(self, raw: _Raw) -> None:
        self.fault = ""
        self._raw = raw
        self._decoder = zlib.decompressobj(_GZIP)
        self._ended = False

    def read(self, wanted: int) -> bytes:
        while not self._ended:
            try:
                data = self._step(wanted)
            except zlib.error:
                self._ended, self.fault = True, "it is damaged"
                break
            if data:
                return data
        return b""

    def _step(self, wanted: int) -> bytes:
        if self._decoder.eof:
            more = self._next_member()
            if not more:
                return b""
        else:
            more = self._decoder.unconsumed_tail or self._raw.read(_READ_BYTES)
        data = self._decoder.decompress(more, wanted)
        if not more and not data and not self._decoder.eof:
            self._ended, self.fault = True, "its end is missing"
        return data

    def _next_member(self) -> bytes:
        """The beginning of what follows a member and its padding, none at the end."""
        more = self._decoder.unused_data
        while not (more := more.lstrip(b"\0")):
            more = self._raw.read(_READ_BYTES)
            if not more:
                self._ended = True
                return b""
        self._decoder = zlib.decompressobj(_GZIP)
        return more


def _opened(path: str) -> int:
    """Open a regular file or a pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
    status = os.fstat(descriptor)
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISFIFO(status.st_mode)):
        os.close(descriptor)
        refuse_kind(path, status)
    return descriptor
