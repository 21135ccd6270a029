"""How one output is doing, as `outputs` shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutputStatus:
    """How one output is doing.

    `state` is "ok" or "retrying"; then `since` says since when (epoch seconds,
    None where nobody keeps count) and `reason` why. `sent` counts messages, or
    lines, that were taken, `failed` attempts, `dropped` what reached nobody and
    never will. `last_sent_at` is wall time, None before the first; `hanging` counts
    attempts that were given up and have not returned.
    """

    name: str
    kind: str
    state: str
    reason: str = ""
    since: float | None = None
    queued: int = 0
    sent: int = 0
    failed: int = 0
    dropped: int = 0
    last_sent_at: float | None = None
    hanging: int = 0
