"""A followed directory: a source on a clock, and a writer that rotates as logrotate does."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from twisted.internet.task import Clock

from logmond.ingest.sources.file import FilePosition, FileSource
from logmond.testing import RecordingIntake

Kept = dict[tuple[int, int], FilePosition]


class Rig:
    """Runs a file source turn by turn; what it counts and where it is survive a crash together."""

    def __init__(self, directory: Path, *patterns: str, start: str = "end", **options: Any) -> None:
        self.directory = directory
        self.path = directory / "access.log"
        self.clock = Clock()
        self.intake = RecordingIntake()
        self.patterns = [str(directory / pattern) for pattern in patterns or ("access.log",)]
        self._start = start
        self._options = options
        self._kept: tuple[Kept, int, Counter[str]] = ({}, 0, Counter())
        self.source = self._made()

    @property
    def taken(self) -> list[bytes]:
        """The lines counted so far."""
        return self.intake.taken

    @property
    def ledger(self) -> Counter[str]:
        """The totals of the ledger."""
        return self.intake.ledger.totals

    def open(self) -> None:
        """Open the source and read what there is."""
        self.source.open()
        self.look()

    def look(self, after_s: float = 1.0) -> None:
        """One tick, and all that it leads to."""
        self.clock.advance(after_s)
        self.source.tick()
        self.turn()

    def turn(self) -> None:
        """Let everything that is due now happen."""
        while any(call.getTime() <= self.clock.seconds() for call in self.clock.getDelayedCalls()):
            self.clock.advance(0)

    def commit(self) -> None:
        """Keep what was counted and how far, of one moment; positions are never removed."""
        positions = self._kept[0]
        positions.update({(each.device, each.inode): each for each in self.source.positions()})
        self._kept = (positions, len(self.taken), Counter(self.ledger))

    def can_tell(self, path: Path) -> bool:
        """Whether lines of the file at `path` were counted, and that was kept."""
        inode = path.stat().st_ino
        lists = self._kept[0].values(), self.source.positions()
        return all(
            any(each.inode == inode and each.fingerprint_length for each in positions)
            for positions in lists
        )

    def kill(self) -> None:
        """Forget all that was not kept, as kill -9 does; nothing runs then."""
        positions, taken, totals = self._kept
        self.source.close()
        del self.taken[taken:]
        self.intake.ledger.totals = Counter(totals)
        self.source = self._made()
        self.source.restore(list(positions.values()))

    def restart(self) -> None:
        """Kill and open again."""
        self.kill()
        self.open()

    def append(self, *lines: bytes, to: str = "access.log") -> None:
        """Write whole lines."""
        self.write(b"".join(line + b"\n" for line in lines), to)

    def write(self, data: bytes, to: str = "access.log") -> None:
        """Write bytes at the end of a file."""
        with (self.directory / to).open("ab") as file:
            file.write(data)

    def shift(self) -> None:
        """Make room for a new ``.1``."""
        numbers = [
            int(path.name.rpartition(".")[2]) for path in self.directory.glob("access.log.[0-9]*")
        ]
        for number in sorted(numbers, reverse=True):
            os.rename(f"{self.path}.{number}", f"{self.path}.{number + 1}")

    def rotate(self, *, create: bool = True) -> None:
        """Rename, as logrotate does."""
        self.shift()
        os.rename(self.path, f"{self.path}.1")
        if create:
            self.path.touch()

    def copytruncate(self) -> None:
        """Copy and truncate, as logrotate does for servers that cannot reopen."""
        self.shift()
        shutil.copyfile(self.path, f"{self.path}.1")
        os.truncate(self.path, 0)

    def _made(self) -> FileSource:
        return FileSource(
            "test", self.patterns, self.intake, self._start, self.clock, **self._options
        )


@contextmanager
def rig(directory: Path, *patterns: str, **options: Any) -> Iterator[Rig]:
    """A rig whose descriptors are closed in the end."""
    made = Rig(directory, *patterns, **options)
    try:
        yield made
    finally:
        made.source.close()
