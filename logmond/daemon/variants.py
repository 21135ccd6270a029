"""The variants of swept rules: stepped beside the configured ones, over the same series.

They are watched by an alert service of their own, so that neither their groups
nor their incidents take anything from the configured rules: what is told of
those is what it would be without a sweep. Nobody asks a variant for evidence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from logmond.alerts.baseline import Baselines
from logmond.alerts.event import Event
from logmond.alerts.seam import Coverage, Group, Series, Statistics
from logmond.alerts.service import AlertService
from logmond.config.trial import Sweep
from logmond.daemon.tallies import Tallies
from logmond.frame.minutes import Minute
from logmond.frame.selector import Selector
from logmond.interfaces.outcome import SweepOutcome
from logmond.stats.changes import Comparison, Question
from logmond.telemetry import span


class Variants:
    """Every value of every sweep as a rule."""

    def __init__(
        self, sweeps: Sequence[Sweep], stats: Statistics, node: str, baselines: Baselines
    ) -> None:
        self._sweeps = sweeps
        self.known = {
            _name(number, value): (rule.name, replace(rule.build(), name=_name(number, value)))
            for number, sweep in enumerate(sweeps)
            for value, rule in zip(sweep.values, sweep.rules, strict=True)
        }
        """Every variant by its name, each with the name of the rule it is one of."""
        rules = [rule for _, rule in self.known.values()]
        self.alerts = AlertService(rules, _Shared(stats), node, baselines)
        self._tallies = Tallies(kept=0)
        self.alerts.subscribe(self._tell)

    def _tell(self, event: Event) -> None:
        self._tallies.take(event)

    def outcomes(
        self, tested_s: int, last: int, per_day: float, not_tested: Mapping[str, str]
    ) -> list[SweepOutcome]:
        """What came of every sweep, with what can be said of its values.

        `not_tested` says of rules why these logs say nothing about them.
        """
        self._tallies.close(last)
        found = []
        for number, sweep in enumerate(self._sweeps):
            counts = [(v, self._tallies.count(_name(number, v))) for v in sweep.values]
            fired = [(value, count.fired) for value, count in counts]
            why = not_tested.get(sweep.rule)
            hints = [f"not tested: {why}"] if why else _hints(sweep, fired, tested_s, per_day)
            found.append(SweepOutcome(sweep.name, counts, hints))
        return found


def _name(number: int, value: str) -> str:
    return f"{number}={value}"


def _hints(
    sweep: Sweep, fired: Sequence[tuple[str, int]], tested_s: int, per_day: float
) -> list[str]:
    """From which value on nothing, or little enough, is told."""
    calmest_last = list(reversed(fired)) if sweep.calmer_down else list(fired)
    # Of less than a day nobody knows what the rest of it would have been.
    over = "a day" if tested_s >= 86400 else f"in {span(tested_s)}"
    most = per_day * max(1.0, tested_s / 86400)
    quiet = _from_on(calmest_last, 0)
    few = _from_on(calmest_last, most)
    word = "down" if sweep.calmer_down else "on"
    hints = []
    if quiet is not None:
        hints.append(f"no alert from {quiet} {word}")
    if few is not None and few != quiet:
        hints.append(f"at most {per_day:g} {over} from {few} {word}")
    if few is None and quiet is None:
        alerts = "alert" if per_day == 1 else "alerts"
        hints.append(f"every value gives more than {per_day:g} {alerts} {over}")
    return hints


def _from_on(fired: Sequence[tuple[str, int]], most: float) -> str | None:
    """The first value from which on every one fires at most so often."""
    found = None
    for value, count in reversed(fired):
        if count > most:
            break
        found = value
    return found


class _Shared:
    """The statistics of the configured rules, without what only people read."""

    def __init__(self, stats: Statistics) -> None:
        self._stats = stats
        self._series: dict[tuple[Selector, tuple[str, ...]], _Lent] = {}

    @property
    def coverage(self) -> Coverage:
        """What was observed."""
        return self._stats.coverage

    def series(self, selector: Selector, group_by: tuple[str, ...] = ()) -> Series:
        """The series of (selector, group_by), shared with the configured rules."""
        key = (selector, group_by)
        if key not in self._series:
            self._series[key] = _Lent(self._stats.series(selector, group_by))
        return self._series[key]

    def drop_unused(self, used: set[tuple[Selector, tuple[str, ...]]]) -> None:
        """Nothing: others read them."""

    def minute(self, start: int) -> Minute | None:
        """A minute of the last hour."""
        return self._stats.minute(start)

    def distinct_clients(self, first: int, last: int) -> int:
        """Distinct clients of a span."""
        return self._stats.distinct_clients(first, last)

    def ledger(
        self, first: int, last: int, sources: frozenset[str] | None = None
    ) -> dict[str, int]:
        """Counters of the loss ledger over a span."""
        return self._stats.ledger(first, last, sources)

    def samples(
        self, window_s: int, *, errors: bool = False
    ) -> Sequence[Sequence[tuple[str, str, str]]]:
        """None."""
        return ()

    def changes(self, question: Question) -> Comparison:
        """None."""
        yield from ()
        return []


class _Lent:
    """A series whose groups of a variant are protected from nothing."""

    def __init__(self, series: Series) -> None:
        self.kept: set[Group] = set()
        self.sums = series.sums
        self.second = series.second
        self.folded = series.folded
