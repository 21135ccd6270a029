"""From the cells of a span to the groups of one (where, group_by). No clock, no windows."""

from __future__ import annotations

from logmond.frame.frame import CELL_DIMENSIONS, CellKey, Exact
from logmond.frame.selector import Selector
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
        self._dimensions = (*CELL_DIMENSIONS, *labels)
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
        return self._group_of(self._cells, self._dimensions, key)

    def _timed_group(self, key: tuple[str, ...]) -> Group:
        """The group of a histogram, or `_UNMATCHED`."""
        return self._group_of(self._histograms, DURATION_DIMENSIONS, key)

    def _group_of(
        self, memo: dict[tuple[str, ...], Group], dimensions: tuple[str, ...], key: tuple[str, ...]
    ) -> Group:
        """The group a key falls into, or `_UNMATCHED`; remembered, keys repeat."""
        group = memo.get(key)
        if group is None:
            value_of = dict(zip(dimensions, key, strict=False))
            if self.selector.matches(value_of):
                group = tuple(value_of.get(name, "-") for name in self.group_by)
            else:
                group = _UNMATCHED
            if len(memo) >= self._memo_cap:
                memo.clear()
            memo[key] = group
        return group
