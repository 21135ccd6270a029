"""What the clients of the admin port may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one client, and of all together.

    `idle_s` is without a command (nobody is idle who watches), `line_s` from
    the first byte of a line to its end, `stalled_s` without reading what is
    written, `linger_s` from our end of a connection to the peer's.
    """

    max_clients: int = 64
    max_queued_bytes: int = 1024 * 1024
    idle_s: float = 600
    line_s: float = 45
    stalled_s: float = 30
    linger_s: float = 2
