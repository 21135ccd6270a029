"""A log file as a web server writes it, rotated under its hands as logrotate does."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from background import Background
from numbered import lines

_BATCH = 50


class WebLog:
    """``access.log`` in a folder. Rotated files are ``.1``, ``.2``, the newest first; all stay."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "access.log"
        self.rotations = 0
        self._file = self._open()

    def write(self, numbers: Iterable[int]) -> None:
        """Append the lines with these numbers, whole."""
        self.write_bytes(lines(numbers))

    def write_bytes(self, data: bytes) -> None:
        """Append bytes."""
        written = os.write(self._file, data)
        assert written == len(data)

    def rename(self) -> None:
        """What logrotate does first: the server goes on writing into the renamed file."""
        for number in range(self.rotations, 0, -1):
            os.rename(f"{self.path}.{number}", f"{self.path}.{number + 1}")
        os.rename(self.path, f"{self.path}.1")
        self.rotations += 1

    def reopen(self) -> None:
        """What the server does when it is told to: it writes into a new file from now on."""
        os.close(self._file)
        self._file = self._open()

    def rotate(self) -> None:
        """Both."""
        self.rename()
        self.reopen()

    def close(self) -> None:
        """Write no more."""
        os.close(self._file)

    def _open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


class Writing(Background):
    """Writes lines 0 to `count` at a steady rate in a thread, and rotates on the way.

    `written` is how many there are. A rotation is at each of `rotations`
    (numbers of lines); the batch after it still goes to the renamed file. With
    `hold_at`, lines from that number on are not written before `release`.
    """

    def __init__(
        self,
        log: WebLog,
        count: int,
        per_second: float,
        rotations: Iterable[int] = (),
        hold_at: int | None = None,
    ) -> None:
        super().__init__()
        self.written = 0
        self._log = log
        self._count = count
        self._pause_s = _BATCH / per_second
        self._hold_at = count if hold_at is None else hold_at
        self._rotations = sorted(rotations)

    def release(self) -> None:
        """Write to the end."""
        self._hold_at = self._count

    def _run(self) -> None:
        renamed = False
        while self.written < self._count and not self._stopped.wait(self._pause_s):
            end = min(self._hold_at, self.written + _BATCH)
            if end <= self.written:
                continue
            self._log.write(range(self.written, end))
            self.written = end
            if renamed:
                self._log.reopen()
                renamed = False
            elif self._rotations and self.written >= self._rotations[0]:
                self._rotations.pop(0)
                self._log.rename()
                renamed = True
