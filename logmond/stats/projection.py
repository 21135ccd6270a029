"""From the cells of a span to the groups of one (where, group_by). No clock, no windows."""

from __future__ import annotations

from logmond.frame.frame import CELL_DIMENSIONS, CellKey, Exact
from logmond.frame.selector import Selector, match
from logmond.stats.sums import Group, Step, Tally

DURATION_DIMENSIONS = ("source", "vhost", "section")
"""The dimensions duration histograms are kept by."""

_MEMO_CAP = 4096

_UNMATCHED: Group = ("\0",)
"""Stands in the memo for a cell the selector does not take."""


class Projection:
    """Adds up what matches `selector` by the values of `group_by`."""

    def __init__(
        self,
        selector: Selector,
        group_by: tuple[str, ...],
        labels: tuple[str, ...] = (),
        memo_cap: int = _MEMO_CAP,
    ) -> None:
        """`memo_cap`: how many keys' groups are remembered."""
        self.selector = selector
        self.group_by = group_by
        self.foldable = bool((selector.dimensions | set(group_by)) - {"source", "status"})
        """Whether it reads a dimension that a folded cell has lost."""
        self._of_cell = _Reader(selector, group_by, (*CELL_DIMENSIONS, *labels))
        self._of_histogram = _Reader(selector, group_by, DURATION_DIMENSIONS)
        self._timed = set(group_by) | selector.dimensions <= set(DURATION_DIMENSIONS)
        self._memo_cap = memo_cap
        self._cells: dict[CellKey, Group] = {}
        self._histograms: dict[tuple[str, ...], Group] = {}

    def of(self, exact: Exact) -> Step:
        """The groups of a span of cells and histograms, those with hits."""
        step: Step = {}
        known = self._cells.get
        for key, (hits, size) in exact.cells.items():
            group = known(key)
            if group is None:
                group = self._learn(key)
            if group is _UNMATCHED:
                continue
            tally = step.get(group)
            if tally is None:
                tally = step[group] = Tally()
            tally.hits += hits
            tally.bytes += size
            status_class = key[3][:1]
            if status_class == "5":
                tally.hits_5xx += hits
            elif status_class == "4":
                tally.hits_4xx += hits
        if self._timed:
            for where, histogram in exact.durations.items():
                group = self._timed_group(where)
                if group is _UNMATCHED or group not in step:
                    continue
                step[group].time(histogram)
        return step

    def group(self, key: CellKey) -> Group | None:
        """The group of a cell, None when the selector does not take it."""
        group = self._learn(key)
        return None if group is _UNMATCHED else group

    def _learn(self, key: CellKey) -> Group:
        """The group of a cell, or `_UNMATCHED`."""
        return self._group_of(self._cells, self._of_cell, key)

    def _timed_group(self, key: tuple[str, ...]) -> Group:
        """The group of a histogram, or `_UNMATCHED`."""
        return self._group_of(self._histograms, self._of_histogram, key)

    def _group_of(
        self, memo: dict[tuple[str, ...], Group], reader: _Reader, key: tuple[str, ...]
    ) -> Group:
        """The group a key falls into, or `_UNMATCHED`; remembered, keys repeat."""
        group = memo.get(key)
        if group is None:
            group = reader.group(key)
            if not self._memo_cap:
                return group
            if len(memo) >= self._memo_cap:
                memo.clear()
            memo[key] = group
        return group


class _Reader:
    """Tells the group of keys with these dimensions; those they lack are "-"."""

    def __init__(
        self, selector: Selector, group_by: tuple[str, ...], dimensions: tuple[str, ...]
    ) -> None:
        place = {name: index for index, name in enumerate(dimensions)}
        lacking = len(dimensions) + 1000
        self._tests = [
            (place.get(dimension, lacking), dimension, patterns, _literals(dimension, patterns))
            for dimension, patterns in selector.where
        ]
        self._tests.sort(key=lambda test: test[3] is None)  # what costs little first
        self._places = [place.get(name, lacking) for name in group_by]

    def group(self, key: tuple[str, ...]) -> Group:
        """The group a key falls into, or `_UNMATCHED`."""
        length = len(key)
        for place, dimension, patterns, literals in self._tests:
            value = key[place] if place < length else "-"
            if literals is not None:
                if value not in literals:
                    return _UNMATCHED
            elif not any(match(dimension, pattern, value) for pattern in patterns):
                return _UNMATCHED
        return tuple([key[place] if place < length else "-" for place in self._places])


def _literals(dimension: str, patterns: tuple[str, ...]) -> frozenset[str] | None:
    """The patterns as values to be equal to; None where one of them means more than itself."""
    for pattern in patterns:
        status_class = dimension == "status" and len(pattern) == 3 and pattern.endswith("xx")
        if status_class or "*" in pattern or "?" in pattern:
            return None
    return frozenset(patterns)
