"""What is usual for a rule at this time of day: the median of single minutes of the past.

Theory of operation
-------------------
The usual value in minute M is the median of the metric's per-minute values at
the same local time, five minutes around it, on each of the last 14 days. A day
counts when most of its minutes have a value; with fewer than three such days
it is the median of the three hours before, while an incident of the group is
open what it was when that fired. Minutes that were not observed whole, or in
which this group of this rule had an incident of its own, are left out.

The usual value of a minute depends on minutes that had ended a minute before
it began, on earlier days and on earlier incidents, and on nothing else. So it
can be prepared while the minute before runs, a little each second, and a
daemon that was restarted, or that replays old logs, finds the same. After a
leap (a new epoch, a reload) it is unknown until everything was read again.

Nothing here reads a clock or a database: `Minutes` are asked for one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from statistics import median

from logmond.alerts.ahead import Ahead, Step, recent
from logmond.alerts.earlier import History, Incidents, NoHistory
from logmond.alerts.localtime import DAYS
from logmond.alerts.rule import Bounds, Rule
from logmond.alerts.seam import Group
from logmond.alerts.shelf import HITS, Key, Places, Shelf, keys_of, metrics_of
from logmond.alerts.spans import Spans, recalled
from logmond.frame.frame import OTHER
from logmond.frame.minutes import MINUTE_S, Minute, minute_of
from logmond.telemetry import window

RECENT_LEAST = 60
"""Values the median over the last three hours needs at the least; see `Baselines._recent`."""

DAYS_LEAST = 3
"""Days that must count before the time of day is looked at."""

DAY_LEAST = 6
"""Minutes of the eleven of a day that must have a value before it counts."""

INCIDENTS = 2000
"""Incidents of a rule that a history is asked for."""

_MEDIANS_AT_ONCE = 20

_STEPS_READING = 3
"""Steps a second while minutes are read anew after a leap."""

_READ_S, _READY_S = 25, 55
"""Second of a minute by which the next one's past is read, and its medians are found."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual for a group now; `value` is per minute as the metric says, None: unknown.

    `days` are those it was made from, 0 when it is that of the last three
    hours. `reason` says why there is none.
    """

    value: float | None
    days: int = 0
    reason: str | None = None


_Known = tuple[Bounds | None, str | None]

READING = Usual(None, reason="baseline is being read")


class Baselines:
    """The usual values of all baseline rules of one daemon."""

    def __init__(
        self,
        recently: Callable[[int], Minute | None],
        history: History | None = None,
        *,
        zone: tzinfo | None = None,
        labels: tuple[str, ...] = (),
        eager: bool = False,
    ) -> None:
        """Prepare.

        Args:
            recently: a minute of the last hour (`StatisticsService.minute`).
            history: minutes older than that.
            zone: whose time of day counts; None is the machine's.
            labels: the configured labels.
            eager: read everything at once after a leap, as a replay may.
        """
        self._ahead = Ahead(recently, history or NoHistory(), zone)
        self._labels = labels
        self._eager = eager
        self._places = Places()
        self._rules: dict[str, Rule] = {}
        self._spans = Spans()
        self._held: dict[tuple[str, Group], float] = {}
        self._found: dict[int, dict[tuple[str, Group, str], Usual]] = {}
        self._bounds: dict[int, dict[tuple[str, Group], _Known]] = {}
        self._until_s = _READ_S
        self._key: dict[str, Key] = {}

    def watch(self, rules: Iterable[Rule]) -> None:
        """Keep minutes for these rules; those without a baseline are ignored."""
        self._rules = {rule.name: rule for rule in rules if rule.baseline}
        self._key = {name: keys_of(rule)[0] for name, rule in self._rules.items()}
        shelves = self._ahead.shelves
        wanted = {key: rule.sources for rule in self._rules.values() for key in keys_of(rule)}
        for key in shelves.keys() - wanted.keys():
            shelves.pop(key).leave()
        for key, sources in wanted.items():
            if key not in shelves:
                shelf = Shelf(*key, sources, labels=self._labels, places=self._places)
                self._ahead.add(key, shelf)
        self._found.clear()
        self._bounds.clear()
        if self._ahead.minute is not None:
            self._turn(self._ahead.minute)

    def prepare(self, evaluated: int) -> None:
        """Read at once what the second after `evaluated` needs; before evaluation begins.

        Blocks: some hundred look-ups.
        """
        if self._ahead.shelves:
            self._turn(minute_of(evaluated + 1))
            self._ahead.finish()

    def advance(self, second: int) -> None:
        """`second` is evaluated next, by all rules; prepare a part of the minute to come."""
        ahead = self._ahead
        if not ahead.shelves:
            return
        minute = minute_of(second)
        if minute != ahead.minute:
            if ahead.minute == minute - MINUTE_S and not ahead.reading:
                while ahead.steps:  # what is left when seconds were skipped
                    ahead.work(1)
            self._turn(minute)
            if self._eager:
                ahead.finish()
            return
        left = max(1, self._until_s - (second - minute))
        ahead.work(_STEPS_READING if ahead.reading else -(-len(ahead.steps) // left))

    def usual(self, rule: Rule, group: Group) -> Usual:
        """What is usual for a group of a rule in the minute that runs."""
        minute = self._ahead.minute
        if minute is None or self._ahead.lags(self._key[rule.name]):
            return READING
        return self._usual(rule, group, minute)

    def bounds(self, rule: Rule, group: Group) -> tuple[Bounds | None, str | None]:
        """The limits of a group of a rule now; None and why when they are not known."""
        minute = self._ahead.minute
        if minute is None or self._ahead.lags(self._key[rule.name]):
            return None, READING.reason
        known = self._bounds[minute].get((rule.name, group))
        return known or self._learn(rule, group, minute)

    def _learn(self, rule: Rule, group: Group, minute: int) -> _Known:
        known = self._bounds[minute][rule.name, group] = self._limits(rule, group, minute)
        return known

    def _limits(self, rule: Rule, group: Group, minute: int) -> _Known:
        usual = self._usual(rule, group, minute)
        if usual.value is None:
            return None, usual.reason
        if not usual.value:
            return None, "the usual is 0, and so is every multiple of it"
        if HITS in metrics_of(rule):
            hits = self._at(rule, group, HITS, minute).value or 0.0
            expected = hits * rule.window_s / MINUTE_S
            if expected < rule.min_hits:
                over = f"{expected:,.0f} requests in {window(rule.window_s)}"
                return None, f"usually only {over}, min_hits is {rule.min_hits:,}"
        return rule.bounds(usual.value * _per_window(rule)), None

    def fired(self, rule: Rule, group: Group, second: int, usual: float | None) -> None:
        """An incident of a group fired; `usual` (over the window) is what its limit came from."""
        if rule.baseline:
            self.seed([(rule.name, group, second, None)])
            if usual is not None:
                self._held[rule.name, group] = usual / _per_window(rule)
            self._forget(rule, group)

    def ended(self, rule: Rule, group: Group, second: int) -> None:
        """The open incident of a group has ended."""
        self._spans.end((rule.name, group), second)
        self._held.pop((rule.name, group), None)
        self._forget(rule, group)

    def seed(self, spans: Iterable[tuple[str, Group, int, int | None]]) -> None:
        """Take incidents as (rule, group, from, to) that history tells of; None: still open."""
        for rule, group, first, last in sorted(spans, key=lambda span: span[2]):
            self._spans.add((rule, group), first, last)

    def recall(self, incidents: Incidents, evaluated: int) -> None:
        """Ask a history when the rules had incidents, as of the second last evaluated."""
        since = evaluated - (DAYS + 1) * 86400
        for name, rule in self._rules.items():
            rows = incidents(since, rule=name, limit=INCIDENTS)
            self.seed(recalled(rows, {name: rule.group_by}))

    def _turn(self, minute: int) -> None:
        """Begin a minute."""
        before = self._ahead.minute
        self._until_s = _READ_S
        self._ahead.turn(minute, self._medians)
        following = minute + MINUTE_S
        if self._ahead.reading or (before is not None and minute < before):
            self._found.clear()  # found with less than is needed, or in another time
            self._bounds.clear()
        self._found = {s: self._found.get(s, {}) for s in (minute, following)}
        self._bounds = {s: self._bounds.get(s, {}) for s in (minute, following)}

    def _medians(self, minute: int) -> Iterator[Step]:
        """Steps that find the limits of a minute, once its past is read."""
        if minute != self._ahead.minute:
            self._until_s = _READY_S
        pairs = [
            (rule, group)
            for rule in self._rules.values()
            for group in self._ahead.shelves[keys_of(rule)[0]].groups()
        ]
        for at in range(0, len(pairs), _MEDIANS_AT_ONCE):
            yield partial(self._find_all, pairs[at : at + _MEDIANS_AT_ONCE], minute)

    def _find_all(self, pairs: list[tuple[Rule, Group]], minute: int) -> None:
        for rule, group in pairs:
            self._learn(rule, group, minute)

    def _forget(self, rule: Rule, group: Group) -> None:
        """An incident began or ended: the limits are to be found anew."""
        for known in self._bounds.values():
            known.pop((rule.name, group), None)

    def _usual(self, rule: Rule, group: Group, minute: int) -> Usual:
        found = self._at(rule, group, rule.metric, minute)
        held = self._held.get((rule.name, group))
        return found if held is None or found.days else Usual(held)

    def _at(self, rule: Rule, group: Group, metric: str, minute: int) -> Usual:
        found = self._found[minute]
        key = (rule.name, group, metric)
        usual = found.get(key)
        if usual is None:
            usual = found[key] = self._find(rule, group, metric, minute)
        return usual

    def _find(self, rule: Rule, group: Group, metric: str, minute: int) -> Usual:
        if OTHER in group:
            return Usual(None, reason="groups counted together have no baseline")
        shelf = self._ahead.shelves[rule.selector, rule.group_by, metric]
        if shelf.full and not shelf.has(group):
            return Usual(None, reason="too many groups, this one has no baseline")
        excluded = self._spans.excluded((rule.name, group))
        days = [shelf.values(group, _without(day, excluded)) for day in self._ahead.days[minute]]
        days = [values for values in days if len(values) >= DAY_LEAST]
        if len(days) >= DAYS_LEAST:
            return Usual(median(value for values in days for value in values), len(days))
        return self._recent(shelf, group, minute, excluded)

    def _recent(
        self, shelf: Shelf, group: Group, minute: int, excluded: Callable[[int], bool] | None
    ) -> Usual:
        """The median of the last three hours.

        Five of six of the minutes that had no incident must have a value, and
        `RECENT_LEAST` in all: so a rule is not blind for hours after an
        incident of one.
        """
        counting = _without(recent(minute), excluded)
        values = shelf.values(group, counting)
        if len(values) >= max(RECENT_LEAST, len(counting) * 5 / 6):
            return Usual(median(values))
        known = "1 minute" if len(values) == 1 else f"{len(values)} minutes"
        return Usual(None, reason=f"baseline not known yet: {known} of 3h")


def _per_window(rule: Rule) -> float:
    """What a value of one minute is over the rule's window, times; rates and shares stay."""
    return rule.window_s / MINUTE_S if rule.kind.kind == "count" else 1.0


def _without(starts: Sequence[int], excluded: Callable[[int], bool] | None) -> Sequence[int]:
    return starts if excluded is None else [start for start in starts if not excluded(start)]
