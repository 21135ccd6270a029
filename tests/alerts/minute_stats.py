"""Statistics whose windows are single minutes: days pass with one step a minute.

`Days` holds what happened in every minute; rules with a window of a minute see
the minute as their window, baselines see it as a minute of the history.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo

from fake_stats import FakeStatistics

from logmond.alerts.baseline import Baselines
from logmond.alerts.event import Event
from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService
from logmond.frame.frame import Exact
from logmond.frame.minutes import MINUTE_S, Minute, pack_minute

NOON = 1_795_435_200
"""2026-11-23T12:00:00Z, a Monday."""

DAY_S = 86400

BUSY = Rule("busy", "hits", window_s=60, above=(("warning", 3.0),), baseline=True, hold_s=0)


def minute_of_hits(hits: Mapping[str, int], unobserved: tuple[str, ...] = ()) -> Minute:
    """So many requests of each virtual host; every tenth is answered with 500."""
    cells = {}
    for vhost, count in hits.items():
        cells["web", vhost, "GET", "200", "/"] = [count - count // 10, 0]
        if count >= 10:
            cells["web", vhost, "GET", "500", "/"] = [count // 10, 0]
    return Minute(Exact({key: tally for key, tally in cells.items() if tally[0]}), unobserved)


class Days:
    """What happened, minute by minute; None: the minute is not known."""

    def __init__(self, traffic: Callable[[int], Mapping[str, int] | Minute | None]) -> None:
        self._traffic = traffic
        self.asked: list[int] = []

    def at(self, start: int) -> Minute | None:
        """The minute that starts here."""
        found = self._traffic(start)
        return found if found is None or isinstance(found, Minute) else minute_of_hits(found)

    def minute(self, start: int) -> bytes | None:
        """The same, as a history gives it."""
        self.asked.append(start)
        found = self.at(start)
        return None if found is None else pack_minute(found)


class MinuteStatistics(FakeStatistics):
    """One minute a step; `now` is its last second."""

    days: Days

    def show(self, start: int) -> None:
        """Let the minute that starts here be the window."""
        self.now = start + MINUTE_S - 1
        self.lines.clear()
        minute = self.days.at(start) or Minute()
        names = ("source", "vhost", "method", "status", "section")
        for key, (hits, size) in minute.exact.cells.items():
            where = dict(zip(names, key, strict=True))
            self.put(self.now - START_OF_FAKE, hits, bytes=size, **where)

    def minute(self, start: int) -> Minute | None:
        """Minutes of the last hour."""
        return self.days.at(start) if self.now - 3600 < start <= self.now - 59 else None


START_OF_FAKE = 1_795_453_200
"""What seconds of `FakeStatistics` are counted from."""


class Watcher:
    """A daemon that evaluates one second of every minute it is told to."""

    def __init__(self, days: Days, *rules: Rule, zone: tzinfo = UTC, eager: bool = True) -> None:
        self.days = days
        self.rules = rules
        self.zone = zone
        self.stats = MinuteStatistics()
        self.stats.days = days
        self.baselines = Baselines(self.stats.minute, days, zone=zone, eager=eager)
        self.alerts = AlertService(rules, self.stats, "web1", self.baselines)

    def run(self, start: int, minutes: int) -> list[Event]:
        """Evaluate the last seconds of so many minutes."""
        events: list[Event] = []
        for at in range(start, start + minutes * MINUTE_S, MINUTE_S):
            self.stats.show(at)
            events += self.alerts.step(self.stats.now)
        return events

    def killed(self) -> Watcher:
        """The next process, which knows the snapshot and the history."""
        again = Watcher(self.days, *self.rules, zone=self.zone, eager=False)
        again.stats.now = self.stats.now
        again.alerts.restore(self.alerts.snapshot())
        again.baselines.prepare(self.stats.now)
        return again
