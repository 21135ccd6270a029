"""What the kernel dropped on its own account, before any socket."""

from __future__ import annotations

from pathlib import Path


def softnet_drops() -> int:
    """Packets dropped before they came to a socket, by full per-CPU queues (loopback's, too)."""
    rows = Path("/proc/net/softnet_stat").read_text(encoding="ascii").splitlines()
    return sum(int(row.split()[1], 16) for row in rows)
