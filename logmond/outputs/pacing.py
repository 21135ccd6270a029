"""How long to wait after a failure, and how it went so far. No clock: the time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

FIRST_RETRY_S, LAST_RETRY_S = 1.0, 300.0
"""Bounds of the pause after a failed attempt; its upper end doubles with each in a row."""

DEGRADED_S = 300
"""Seconds of nothing but failures until the daemon calls itself degraded."""


@dataclass(slots=True)
class Counts:
    """What became of messages: `failed` counts attempts, the others messages.

    `refused` are those the other side will never take, `given_up` those that
    grew too old, `dropped` those there was no room for.
    """

    sent: int = 0
    failed: int = 0
    refused: int = 0
    given_up: int = 0
    dropped: int = 0
    last_sent_at: float | None = None

    @property
    def lost(self) -> int:
        """Messages that reached nobody and never will."""
        return self.refused + self.given_up + self.dropped


class Pace:
    """How attempts have gone, in seconds that never fall; `chance` varies the pauses.

    `failing_since` and `reason` tell of the failures since the last success.
    """

    def __init__(self, chance: Random) -> None:
        self.failing_since: float | None = None
        self.reason = ""
        self._chance = chance
        self._in_a_row = 0

    def failed(self, now: float, reason: str, retry_after_s: float | None) -> float:
        """One more failed; returns how long to wait, at least as long as was asked."""
        self.reason = reason
        self._in_a_row += 1
        if self.failing_since is None:
            self.failing_since = now
        most = min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(20, self._in_a_row))
        pause_s = self._chance.uniform(FIRST_RETRY_S, most)
        return max(pause_s, min(LAST_RETRY_S, retry_after_s or 0))

    def succeeded(self, now: float) -> float | None:
        """All is well; returns how long it was not, None if it was."""
        lasted = self.failing_s(now)
        self._in_a_row, self.failing_since, self.reason = 0, None, ""
        return lasted

    def failing_s(self, now: float) -> float | None:
        """How long nothing was delivered any more, None while all is well."""
        return None if self.failing_since is None else now - self.failing_since
