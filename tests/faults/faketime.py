"""A clock of the daemon's own that a test can step; its monotonic time goes on as ever."""

from __future__ import annotations

import subprocess
from pathlib import Path
from time import time

from programs import program


class SteppedClock:
    """The wall clock of processes started with `environ`, by libfaketime."""

    def __init__(self, folder: Path, ahead_s: int = 0) -> None:
        self._file = folder / "clock"
        self._ahead_s = 0
        self.step(ahead_s)

    @property
    def environ(self) -> dict[str, str]:
        """What a process needs to live by this clock."""
        return {
            "LD_PRELOAD": _library(),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
        }

    def step(self, seconds: int) -> None:
        """Set the clock forward, or back."""
        self._ahead_s += seconds
        new = self._file.with_suffix(".new")
        new.write_text(f"{self._ahead_s:+d}\n")
        new.replace(self._file)

    def time(self) -> float:
        """What it shows."""
        return time() + self._ahead_s


def _library() -> str:
    """Where it is: its own wrapper knows (the path holds what only ld.so understands)."""
    wrapper = program("faketime")
    assert wrapper is not None
    command = [wrapper, "-m", "@0", "printenv", "LD_PRELOAD"]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    return told.stdout.strip()
