"""What a process uses, as the kernel accounts for it."""

from __future__ import annotations

import os
import re
from pathlib import Path

MIB = 1024 * 1024


def resident_bytes(pid: int) -> int:
    """Memory a process holds now."""
    return _status(pid, "VmRSS")


def peak_bytes(pid: int) -> int:
    """The most memory it held since `reset_peak`."""
    return _status(pid, "VmHWM")


def reset_peak(pid: int) -> None:
    """Begin to measure its peak anew (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


def descriptors(pid: int) -> int:
    """How many descriptors it has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def _status(pid: int, name: str) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.M)
    assert found, text
    return int(found[1]) * 1024
