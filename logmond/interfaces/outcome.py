"""What a backtest found out, as plain values: every renderer of it starts from these.

Times are epoch seconds, lengths seconds. No rules at work, no statistics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from logmond.alerts.event import Event

INCIDENTS_KEPT = 5000
"""Incidents kept of one backtest, the oldest; those beyond are only counted."""


@dataclass(slots=True)
class Count:
    """How often a rule fired, and for how long.

    `shortest_gap_s` is the least time between the end of one incident and the
    beginning of the next of the same group, None before there were two. `open`
    counts those that had not ended with the logs.
    """

    fired: int = 0
    open: int = 0
    total_s: int = 0
    longest_s: int = 0
    shortest_gap_s: int | None = None
    _began: dict[str, int] = field(default_factory=dict)
    _ended: dict[tuple[str, ...], int] = field(default_factory=dict)

    def began(self, event: Event) -> bool:
        """Take the first event of an incident; False for one that is known already."""
        if event.id in self._began:
            return False
        self._began[event.id] = event.triggered_at
        self.fired += 1
        self.open += 1
        group = tuple(event.group.values())
        before = self._ended.get(group)
        if before is not None:
            gap = event.triggered_at - before
            self.shortest_gap_s = min(gap, gap if (g := self.shortest_gap_s) is None else g)
        return True

    def ended(self, event: Event) -> None:
        """Take the last event of an incident."""
        self.open -= 1
        self._lasted(event.id, event.at)
        self._ended[tuple(event.group.values())] = event.at

    def close(self, last: int) -> None:
        """The logs end with second `last`: what is open lasted until then."""
        for incident in list(self._began):
            self._lasted(incident, last)

    def _lasted(self, incident: str, until: int) -> None:
        lasted = max(0, until - self._began.pop(incident, until))
        self.total_s += lasted
        self.longest_s = max(self.longest_s, lasted)


@dataclass(slots=True)
class Ran:
    """One incident: its first and its newest event, and when it ended (None: open at the end)."""

    opening: Event
    event: Event
    ended_at: int | None = None

    def lasted_s(self, last: int) -> int:
        """Seconds it lasted, up to `last` if it has not ended."""
        return max(0, (last if self.ended_at is None else self.ended_at) - self.event.triggered_at)


@dataclass(frozen=True, slots=True)
class LogRead:
    """One log: what it was read as, and what came of that."""

    path: str
    source: str
    read_as: str
    lines: int
    rejected: int
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """Lines of a source that were not counted: how many of a kind, one of them, and why."""

    source: str
    kind: str
    lines: int
    sample: str
    why: str


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """One rule; `not_tested` says why these logs say nothing about it, "" if they do."""

    rule: str
    metric: str
    count: Count
    not_tested: str = ""


@dataclass(frozen=True, slots=True)
class SweepOutcome:
    """One rule with several values of one key, each with its count, in the order asked for.

    `hints` are sentences about the values with no or few alerts.
    """

    name: str
    counts: Sequence[tuple[str, Count]]
    hints: Sequence[str]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What ``--expect`` asked for, and what there was; `rule` is None for all of them."""

    rule: str | None
    wanted: str
    fired: int
    held: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything.

    `first` and `last` are the tested seconds, None where nothing was; `took_s`
    is the time it took. `unlisted` counts incidents beyond `INCIDENTS_KEPT`.
    """

    config: str
    first: int | None
    last: int | None
    took_s: float
    logs: Sequence[LogRead]
    totals: Mapping[str, int]
    rejects: Sequence[Reject]
    rules: Sequence[RuleOutcome]
    incidents: Sequence[Ran]
    unlisted: int
    sweeps: Sequence[SweepOutcome]
    expectations: Sequence[Expectation]
    interrupted: bool = False

    @property
    def tested_s(self) -> int:
        """Seconds that were evaluated."""
        return 0 if self.first is None or self.last is None else self.last - self.first + 1

    @property
    def lines_per_second(self) -> float:
        """How fast it went."""
        return self.totals.get("received", 0) / max(self.took_s, 1e-9)

    @property
    def faults(self) -> Sequence[LogRead]:
        """Logs that could not be read to their end, or of which no line could be read."""
        return [log for log in self.logs if log.fault]
