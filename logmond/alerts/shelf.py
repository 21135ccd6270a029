"""What a metric was in single minutes, by group: a column of numbers a minute.

A column of a minute that was not observed whole holds nothing. In one whose
small keys were folded, a group has a value only where what was folded could
not have changed it much. No clock, no history: minutes are handed in.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from math import nan

from logmond.alerts.measure import value_of
from logmond.alerts.rule import METRICS, Rule
from logmond.alerts.seam import Group, Tally
from logmond.frame.cut import folded_cell, folded_duration
from logmond.frame.frame import OTHER, Exact
from logmond.frame.minutes import MINUTE_S, Minute
from logmond.frame.selector import Selector
from logmond.stats.projection import Projection

RULE_GROUPS = 200
"""Groups of a rule that a baseline is made for."""

DAEMON_GROUPS = 2000
"""Groups of all rules together."""

FOLDED_SHARE = 0.05
"""A value counts while what it may lack is at most this share of the group's own hits."""

CELLS_OF_A_GROUP = 8
"""Small cells (of a method, a status...) that one group is taken to have at most."""

LIVES_S = 190 * MINUTE_S
"""A column leaves at most this long after it was put; then a place in it can be given away."""


HITS = "hits"

Key = tuple[Selector, tuple[str, ...], str]
"""What a shelf is of: (where, group_by, metric)."""


class Places:
    """How many groups all shelves may hold together."""

    def __init__(self, free: int = DAEMON_GROUPS) -> None:
        self.free = free


class Shelf:
    """The minutes of one (where, group_by, metric)."""

    def __init__(
        self,
        selector: Selector,
        group_by: tuple[str, ...],
        metric: str,
        sources: frozenset[str] | None,
        *,
        labels: tuple[str, ...],
        places: Places,
    ) -> None:
        """`sources` are those it reads by name, None for all."""
        self._metric = METRICS[metric]
        # Minutes come once, their cells are few, and memos of many rules are large.
        self._projection = Projection(selector, group_by, labels, memo_cap=0)
        self._sources = sources
        kept = tuple(pair for pair in selector.where if pair[0] in ("source", "status"))
        self._foldable = Selector(kept) if self._projection.foldable else None
        self._idle = 0.0 if self._metric.kind in ("count", "rate") else nan
        self._columns: dict[int, tuple[float, array[float]] | None] = {}
        self._place: dict[Group, int] = {} if group_by else {(): 0}
        self._noted: list[int] = [] if group_by else [1 << 62]
        self._places = places

    def __contains__(self, start: int) -> bool:
        return start in self._columns

    def put(self, start: int, minute: Minute | None, now: int) -> None:
        """Take the minute that starts here; None: nobody knows it. `now` is the newest minute."""
        if minute is None or not minute.whole(self._sources):
            self._columns[start] = None
            return
        timed = self._metric.kind == "duration"
        folded = self._folded(minute.exact, timed=timed)
        step = self._projection.of(minute.exact)
        ranked = sorted(step, key=lambda group: (-step[group].hits, group))
        for group in ranked:
            self._note(group, now)
        absent = nan if folded else self._idle
        values = array("d", [absent]) * len(self._noted)
        for group in ranked:
            place = self._place.get(group)
            if place is not None:
                values[place] = self._value(step[group], folded, timed=timed)
        self._columns[start] = (absent, values)

    def values(self, group: Group, starts: Iterable[int]) -> list[float]:
        """The values of a group in those of these minutes that have one."""
        place = self._place.get(group, 1 << 30)
        found = []
        for start in starts:
            column = self._columns.get(start)
            if column is not None:
                absent, values = column
                value = values[place] if place < len(values) else absent
                if value == value:  # noqa: PLR0124  # not a number: it has no value
                    found.append(value)
        return found

    def has(self, group: Group) -> bool:
        """Whether a group has a place."""
        return group in self._place

    def groups(self) -> list[Group]:
        """The groups that have a place."""
        return list(self._place)

    @property
    def full(self) -> bool:
        """Whether groups may be missing because there was no place for them."""
        return len(self._place) >= RULE_GROUPS or not self._places.free

    def drop(self, start: int) -> None:
        """Forget a minute."""
        self._columns.pop(start, None)

    def leave(self) -> None:
        """Give all places back."""
        if self._projection.group_by:
            self._places.free += len(self._place)
        self._columns.clear()
        self._place.clear()

    def _note(self, group: Group, now: int) -> None:
        """A group has hits in a minute: it gets a place while there is one."""
        place = self._place.get(group)
        if place is None:
            if OTHER in group or not (place := self._new_place(now)):
                return
            place -= 1
            self._place[group] = place
        self._noted[place] = max(now, self._noted[place])

    def _new_place(self, now: int) -> int:
        """A place, counted from 1: a new one, or one whose group is gone from every column."""
        if len(self._place) < RULE_GROUPS and self._places.free:
            self._places.free -= 1
            self._noted.append(now)
            return len(self._noted)
        if min(self._noted, default=now) < now - LIVES_S:
            for group, place in self._place.items():
                if self._noted[place] < now - LIVES_S:
                    del self._place[group]
                    return place + 1
        return 0

    def _value(self, tally: Tally, folded: int, *, timed: bool) -> float:
        hits = sum(tally.durations.values()) if timed else tally.hits
        if folded > FOLDED_SHARE * hits:
            return nan
        value = value_of(self._metric, tally, MINUTE_S)
        return nan if value is None else value

    def _folded(self, exact: Exact, *, timed: bool) -> int:
        """Hits that one group may lack, because they lost what it is told by.

        A minute keeps its largest cells, so each that was folded had no more
        hits than the smallest kept, and a group has a few of them at most. Where
        more was folded than kept, seconds were full: then nothing is told of sizes.
        """
        if self._foldable is None:
            return 0
        folded, kept = 0, []
        if timed:
            for where, histogram in exact.durations.items():
                hits = sum(histogram.values())
                if where[2] != OTHER or where != folded_duration(where):
                    kept.append(hits)
                elif self._may_match(where[0], None):
                    folded += hits
        else:
            for key, (hits, _) in exact.cells.items():
                if key[4] != OTHER or key != folded_cell(key):
                    kept.append(hits)
                elif self._may_match(key[0], key[3]):
                    folded += hits
        if folded > sum(kept):
            return folded
        return min(folded, CELLS_OF_A_GROUP * min(kept, default=0))

    def _may_match(self, source: str, status: str | None) -> bool:
        assert self._foldable is not None
        known = {"source": source} | ({"status": status} if status else {})
        return self._foldable.matches(known)


def metrics_of(rule: Rule) -> tuple[str, ...]:
    """What a rule must know: what falls below its usual must usually be much, too."""
    if rule.rising or rule.kind.needs_hits:
        return (rule.metric,)
    return tuple(dict.fromkeys((rule.metric, HITS)))


def keys_of(rule: Rule) -> list[Key]:
    """The shelves a rule reads."""
    return [(rule.selector, rule.group_by, metric) for metric in metrics_of(rule)]
