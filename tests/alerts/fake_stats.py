"""Statistics for tests of alerts: lines are put in plainly, every answer is computed from scratch.

It answers as `logmond.stats.service.StatisticsService` does, without frames,
running sums or caps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from logmond.alerts.event import Event, Evidence
from logmond.alerts.measure import Total
from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService
from logmond.frame.minutes import Minute
from logmond.frame.selector import Selector
from logmond.frame.sketches import bucket_of
from logmond.stats.changes import Comparison, Question

START = 1_795_453_200
"""2026-11-23T17:00:00Z."""


@dataclass(frozen=True)
class Line:
    """`hits` equal lines of one second."""

    second: int
    hits: int
    where: dict[str, str]
    bytes: int = 0
    duration_s: float | None = None


class FakeCoverage:
    """Everything was observed, except what a test says."""

    def __init__(self) -> None:
        self.unobserved: set[int] = set()
        self.reason: str | None = None
        self.part: str | None = None

    def state(
        self, sources: frozenset[str] | None, start: int, end: int, *, account: bool = False
    ) -> str:
        """As the statistics say it, over all sources alike."""
        missing = sum(second in self.unobserved for second in range(start, end + 1))
        if not missing:
            return "whole"
        return "empty" if missing == end - start + 1 else "partial"

    def broken(self, sources: frozenset[str] | None, *, account: bool = False) -> str | None:
        """What the test set."""
        return self.reason

    def ailing(self, sources: frozenset[str] | None, *, account: bool = False) -> str | None:
        """The same; or the one source of several that a test set."""
        return self.reason or self.part


class FakeSums:
    """A window, summed up at every look."""

    def __init__(self, series: FakeSeries, window_s: int) -> None:
        self._series = series
        self._window_s = window_s

    @property
    def groups(self) -> dict[tuple[str, ...], Total]:
        """By group, those with hits."""
        end = self._series.stats.now
        return self._series.tallies(end - self._window_s + 1, end)

    def timed(self, group: tuple[str, ...]) -> int:
        """Hits with a duration."""
        return sum(self.groups.get(group, Total()).durations.values())

    def slower(self, group: tuple[str, ...], limit_s: float) -> int:
        """Hits beyond the limit's bucket."""
        durations = self.groups.get(group, Total()).durations
        return sum(n for bucket, n in durations.items() if bucket > bucket_of(limit_s))


class FakeSeries:
    """The lines of one (where, group_by)."""

    def __init__(self, stats: FakeStatistics, selector: Selector, by: tuple[str, ...]) -> None:
        self.stats = stats
        self.kept: set[tuple[str, ...]] = set()
        self.is_folded = False
        self._selector = selector
        self._by = by

    def sums(self, window_s: int) -> FakeSums:
        """A window of a length."""
        return FakeSums(self, window_s)

    def second(self, group: tuple[str, ...], second: int) -> Total | None:
        """One evaluated second."""
        return self.tallies(second, second).get(group)

    def folded(self, window_s: int) -> bool:
        """What the test set."""
        return self.is_folded

    def tallies(self, first: int, last: int) -> dict[tuple[str, ...], Total]:
        """The sums of some evaluated seconds by group."""
        found: dict[tuple[str, ...], Total] = {}
        for second in range(first, min(last, self.stats.now) + 1):
            for line in self.stats.lines.get(second, ()):
                if self._selector.matches(line.where):
                    group = tuple(line.where.get(name, "-") for name in self._by)
                    _count(found.setdefault(group, Total()), line)
        return found


def _count(tally: Total, line: Line) -> None:
    tally.hits += line.hits
    tally.bytes += line.bytes
    status = line.where.get("status", "-")
    tally.hits_4xx += line.hits * status.startswith("4")
    tally.hits_5xx += line.hits * status.startswith("5")
    if line.duration_s is not None:
        bucket = bucket_of(line.duration_s)
        tally.durations[bucket] = tally.durations.get(bucket, 0) + line.hits


@dataclass
class FakeStatistics:
    """Lines by second, evaluated up to `now`."""

    now: int = START - 1
    lines: dict[int, list[Line]] = field(default_factory=dict)
    evidence: list[Evidence] = field(default_factory=list)
    lines_shown: list[tuple[str, str, str]] = field(default_factory=list)
    clients: int = 0
    counters: dict[str, int] = field(default_factory=dict)
    entries: int = 1
    pieces: int = 1

    def __post_init__(self) -> None:
        self.coverage = FakeCoverage()
        self.asked: list[Question] = []
        self._series: dict[tuple[Selector, tuple[str, ...]], FakeSeries] = {}

    def put(
        self,
        second: int,
        hits: int,
        *,
        bytes: int = 0,
        duration_s: float | None = None,
        **where: str,
    ) -> None:
        """Count lines in a second, given from `START`."""
        if hits:
            line = Line(START + second, hits, where, bytes, duration_s)
            self.lines.setdefault(START + second, []).append(line)

    def series(self, selector: Selector, group_by: tuple[str, ...] = ()) -> FakeSeries:
        """The one series of (selector, group_by)."""
        key = (selector, group_by)
        if key not in self._series:
            self._series[key] = FakeSeries(self, *key)
        return self._series[key]

    def drop_unused(self, used: set[tuple[Selector, tuple[str, ...]]]) -> None:
        """Keep only these."""
        self._series = {key: series for key, series in self._series.items() if key in used}

    @property
    def series_kept(self) -> set[tuple[Selector, tuple[str, ...]]]:
        """The series there are."""
        return set(self._series)

    def minute(self, start: int) -> Minute | None:
        """Nothing is kept by the minute."""
        return None

    def distinct_clients(self, first: int, last: int) -> int:
        """What the test set."""
        return self.clients

    def ledger(
        self, first: int, last: int, sources: frozenset[str] | None = None
    ) -> dict[str, int]:
        """What the test set."""
        return self.counters

    def samples(self, window_s: int, *, errors: bool = False) -> list[list[tuple[str, str, str]]]:
        """What the test set, as one block."""
        return [[shown for shown in self.lines_shown if not errors or shown[0] >= "400"]]

    def changes(self, question: Question) -> Comparison:
        """What the test set, in one piece; what was asked is noted."""
        self.asked.append(question)
        return self._in_pieces()

    def _in_pieces(self) -> Comparison:
        for _ in range(self.pieces):
            yield self.entries
        return self.evidence


HIGH = Rule("high", "hits_per_second", window_s=10, above=(("warning", 10.0),), hold_s=5)
LADDER = Rule("ladder", "hits", window_s=1, hold_s=2, above=(("warning", 10.0), ("critical", 50.0)))


def stats_of(*hits: int, **where: str) -> FakeStatistics:
    """Requests of the seconds from 0 on."""
    stats = FakeStatistics()
    for second, n in enumerate(hits):
        stats.put(second, n, **where)
    return stats


class Daemon:
    """Alerts over fake statistics, stepped second by second."""

    def __init__(self, *rules: Rule, stats: FakeStatistics | None = None) -> None:
        self.stats = stats or FakeStatistics()
        self.alerts = AlertService(rules, self.stats, "web1")

    def run(self, to: int) -> list[Event]:
        """Evaluate every second up to `to`, counted from `START`."""
        events: list[Event] = []
        while self.stats.now < START + to:
            self.stats.now += 1
            events += self.alerts.step(self.stats.now)
        return events

    def restarted(self, *rules: Rule) -> Daemon:
        """The same after a kill: a new service that has the snapshot and the statistics."""
        again = Daemon(*rules, stats=self.stats)
        again.alerts.restore(self.alerts.snapshot())
        return again


def told(events: Iterable[Event]) -> list[tuple[int, str]]:
    """When what happened, from `START`."""
    return [(event.at - START, event.kind) for event in events]
