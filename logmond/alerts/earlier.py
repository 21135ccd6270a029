"""What baselines ask of earlier days: minutes and incidents, looked up one by one. No clock.

A `State` (`logmond.stores.seam`) is a `History`, and its `incidents` are `Incidents`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from logmond.stores.rows import IncidentRow


class History(Protocol):
    """Minutes of earlier days, by a quick look-up."""

    def minute(self, start: int) -> bytes | None:
        """The packed minute that starts here (see `logmond.frame.minutes`), None without one."""


class Incidents(Protocol):
    """What `State.incidents` is: incidents of a rule since a second, the newest first."""

    def __call__(
        self, since: int, until: int | None = None, rule: str | None = None, limit: int = 500
    ) -> Sequence[IncidentRow]:
        """At most `limit` rows."""


class NoHistory:
    """There are no earlier days."""

    def minute(self, start: int) -> bytes | None:
        """Never known."""
        return None


class Remembered:
    """The minutes of a replay, before those of an earlier history.

    A replay puts what `StatisticsService.minutes_changed` gives, at least once
    an hour of evaluated time, and hands this to `Baselines`. About 2 KiB a
    minute; `KEPT_S` are kept.
    """

    KEPT_S = 15 * 86400

    def __init__(self, earlier: History | None = None) -> None:
        """`earlier` is asked for what was not put: an opened state, for example."""
        self._earlier = earlier or NoHistory()
        self._minutes: dict[int, bytes] = {}

    def put(self, minutes: dict[int, bytes]) -> None:
        """Remember packed minutes, each in place of what was known of it."""
        self._minutes.update(minutes)
        if minutes:
            before = max(minutes) - self.KEPT_S
            for start in [s for s in self._minutes if s < before]:
                del self._minutes[start]

    def minute(self, start: int) -> bytes | None:
        """The packed minute that starts here."""
        packed = self._minutes.get(start)
        return self._earlier.minute(start) if packed is None else packed
