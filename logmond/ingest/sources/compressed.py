"""One compressed generation of a log, read like the file it was made of.

It is a `Follower` whose bytes are those that the gzip file holds: offsets and
fingerprints are of the lines, so that a position taken of the file before it
was compressed is one of this as well. Nobody writes to it any more.
"""

from __future__ import annotations

import os

from twisted.logger import Logger

from logmond.errors import SourceError
from logmond.ingest.sources.cursor import CHUNK_BYTES
from logmond.ingest.sources.follower import Follower, open_regular
from logmond.ingest.sources.identity import FINGERPRINT_BYTES, FilePosition, fingerprint, matches
from logmond.ingest.sources.inflation import Inflation, announced_bytes, beginning
from logmond.ingest.sources.rotation import READABLE
from logmond.ingest.sources.seam import Intake
from logmond.ingest.sources.wholelines import MAX_BYTES

_PASSED_BY = 8
"""How many bytes are passed by in the time that one is counted."""

_ANNOUNCED = 2**32
_log = Logger()


class CompressedFollower(Follower):
    """Reads one gzip file into an intake."""

    __slots__ = ("_announced", "_inflation", "_told")

    def __init__(
        self,
        path: str,
        descriptor: int,
        status: os.stat_result,
        intake: Intake,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        super().__init__(path, descriptor, status, intake, max_bytes)
        self._announced = announced_bytes(descriptor, status.st_size)
        self._inflation = Inflation()
        self._told = False

    @property
    def size(self) -> int:
        """What it holds, as far as one can know."""
        if self._inflation.ended:
            return max(self.offset, self._inflation.end)
        return max(self.offset, self._inflation.end, self._announced)

    def pump(self, max_bytes: int = CHUNK_BYTES) -> bool:
        """Read and hand over about `max_bytes`; True while there is more.

        Raises:
            OSError: the file cannot be read.
        """
        assert self.descriptor is not None
        if self._counted:
            self.ready = False
            return False
        place = self.offset + self._cursor.ahead
        if not self._inflation.pass_by(self.descriptor, place, _PASSED_BY * max_bytes):
            self.ready = True
            return True
        more = super().pump(max_bytes)
        if self._inflation.fault and not self._told:
            self._told = True
            _log.warn(
                "{path}: {fault}; lines after byte {end} of what it holds are lost",
                path=self.path,
                fault=self._inflation.fault,
                end=self._inflation.end,
            )
        return more

    def finish(self) -> bool:
        """Account for an unterminated tail; False if there is more to `pump` first."""
        if self._counted:
            return True
        if not self._inflation.ended:
            self.ready = True
            return False
        if self._inflation.end > self.offset:
            self.forsake_tail()
            self._cursor.offset = self._inflation.end
        return True

    def reopen(self, path: str) -> bool:
        """Open the file again at `path`; False if another file is there.

        Raises:
            OSError: it cannot be opened.
            SourceError: it is no regular file.
        """
        self._inflation = Inflation()
        return super().reopen(path)

    def beginning(self, length: int) -> bytes:
        """The first bytes of what it holds."""
        assert self.descriptor is not None
        return beginning(self.descriptor, length)

    @property
    def _counted(self) -> bool:
        """Whether all that it announces was counted, perhaps before it was compressed."""
        return self.offset > 0 and self.offset % _ANNOUNCED == self._announced

    def _read(self, wanted: int) -> bytes:
        assert self.descriptor is not None
        return self._inflation.at(self.descriptor, self.offset + self._cursor.ahead, wanted)

    def _continues(self, length: int) -> bool:
        return True


def follower_of(
    path: str, descriptor: int, status: os.stat_result, intake: Intake, max_bytes: int
) -> Follower:
    """A follower of an open file, by what its name says it is."""
    kind = CompressedFollower if path.endswith(READABLE) else Follower
    return kind(path, descriptor, status, intake, max_bytes)


def holds(path: str, position: FilePosition, status: os.stat_result, descriptor: int) -> bool:
    """Whether the open file at `path` continues what `position` counted.

    Raises:
        OSError: the file cannot be read.
    """
    if not path.endswith(READABLE):
        return matches(position, status, descriptor)
    head = beginning(descriptor, position.fingerprint_length)
    return len(head) == position.fingerprint_length and fingerprint(head) == position.fingerprint


def head_of(path: str) -> bytes:
    """The first bytes of the lines of a file; none if it cannot be read, or is a pipe by now."""
    try:
        descriptor, _ = open_regular(path)
    except (OSError, SourceError):
        return b""
    try:
        if path.endswith(READABLE):
            return beginning(descriptor, FINGERPRINT_BYTES)
        return os.pread(descriptor, FINGERPRINT_BYTES, 0)
    except OSError:
        return b""
    finally:
        os.close(descriptor)
