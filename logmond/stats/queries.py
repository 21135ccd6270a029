"""Answers about windows: sums of the frames that cover them, made when somebody asks.

Nothing is kept between two questions. An answer folds the frames of its span,
blocks first, so an hour costs little more than five minutes; tables are capped
and state their error, so that hostile keys cost no memory. No clock.
"""

from __future__ import annotations

from collections.abc import Iterator

from logmond.errors import QueryError
from logmond.frame.frame import BLOCK_S, CELL_DIMENSIONS, OTHER, TOP_DIMENSIONS, CellKey, Exact
from logmond.frame.selector import Selector
from logmond.frame.sketches import HyperLogLog, Top, percentile
from logmond.stats.coverage import Coverage
from logmond.stats.projection import DURATION_DIMENSIONS
from logmond.stats.results import Group, Share, Summary, TopTable
from logmond.stats.tiers import BLOCKS_KEPT_S, Tiers, block_of

SECTIONS_SHOWN = 5
"""Rows of the table under a summary."""

SAMPLED_S = 300
"""Seconds at the end of a window that sample lines are taken from."""

GROUPS_CAP = 4096
"""Groups an answer counts one by one; the rest is the group ``(other)``."""

STATUS_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")


class Queries:
    """Answers over the frames of one daemon, as of its evaluated second."""

    def __init__(self, tiers: Tiers, coverage: Coverage, labels: tuple[str, ...]) -> None:
        self._tiers = tiers
        self._coverage = coverage
        self.dimensions = (*CELL_DIMENSIONS, *labels)
        """What cells are counted by: exact answers."""

    def span_of(self, window_s: int) -> tuple[int, int]:
        """The first and last second of the window that ends with the evaluated second.

        Raises:
            QueryError: the window is not one that is kept.
        """
        if not 1 <= window_s <= BLOCKS_KEPT_S:
            raise QueryError("bad_window", "a window is from 1s to 1h, for example 90s, 5m")
        end = self._tiers.evaluated or 0
        return end - window_s + 1, end

    def summary(
        self, window_s: int, where: Selector | None = None, by: str | None = None
    ) -> Summary:
        """What the window amounted to, over the cells `where` takes, split `by` a dimension."""
        where = where or Selector()
        first, end = self.span_of(window_s)
        for dimension in sorted(where.dimensions | ({by} if by else set())):
            self._check(dimension)
        matching = _Matching(where, self.dimensions)
        column = self.dimensions.index(by) if by else None
        section = self.dimensions.index("section")
        sizes, statuses = 0, dict.fromkeys(STATUS_CLASSES, 0)
        hits = 0
        sections = Top()
        groups: dict[str, list[int]] = {}
        histogram: dict[int, int] = {}
        timed = where.dimensions <= set(DURATION_DIMENSIONS)
        for exact in self._tiers.exacts(first, end):
            by_section: dict[str, int] = {}
            for key, (n, size) in exact.cells.items():
                if not matching(key):
                    continue
                hits += n
                sizes += size
                status_class = key[3][:1] + "xx"
                if status_class in statuses:
                    statuses[status_class] += n
                by_section[key[section]] = by_section.get(key[section], 0) + n
                if column is not None:
                    _count(groups, _value(key, column), n, size, status_class)
            sections.update(by_section)
            if timed:
                _add_durations(histogram, exact, where)
        return Summary(
            window_s=window_s,
            from_second=first,
            to_second=end,
            coverage=self._coverage.state(_sources(where), first, end),
            hits=hits,
            hits_per_second=hits / window_s,
            bytes=sizes,
            status=statuses,
            ratio_4xx=statuses["4xx"] / hits if hits else None,
            ratio_5xx=statuses["5xx"] / hits if hits else None,
            duration=_percentiles(histogram),
            distinct_clients=None if where.where else self.distinct_clients(first, end),
            sections=_shares(sections, SECTIONS_SHOWN),
            groups=_groups(groups, hits, window_s),
        )

    def top(self, dimension: str, window_s: int, n: int = 10, *, errors: bool = False) -> TopTable:
        """The `n` most frequent keys of a dimension, over all lines or those >= 400."""
        first, end = self.span_of(window_s)
        joint = Top()
        if dimension in TOP_DIMENSIONS:
            for tops in self._tiers.tops(first, end, errors=errors):
                if part := tops.get(dimension):
                    joint.merge(part)
        else:
            self._check(dimension)
            column = self.dimensions.index(dimension)
            for exact in self._tiers.exacts(first, end):
                counts: dict[str, int] = {}
                for key, (hits, _) in exact.cells.items():
                    if not errors or is_error(key):
                        value = _value(key, column)
                        counts[value] = counts.get(value, 0) + hits
                joint.update(counts)
        return TopTable(dimension, window_s, joint.total, _shares(joint, n))

    def distinct_clients(self, first: int, end: int) -> int:
        """Distinct clients of the blocks that a span touches, within about 2.3 %."""
        joint = HyperLogLog()
        for clients in self._tiers.clients(first, end):
            joint.merge(clients)
        return joint.estimate()

    def ledger(self, first: int, end: int, sources: frozenset[str] | None = None) -> dict[str, int]:
        """The counters of the loss ledger over a span, of some or all sources."""
        counters: dict[str, int] = {}
        for exact in self._tiers.exacts(first, end):
            for (source, counter), messages in exact.ledger.items():
                if sources is None or source in sources:
                    counters[counter] = counters.get(counter, 0) + messages
        return counters

    def samples(
        self, window_s: int, *, errors: bool = False
    ) -> Iterator[list[tuple[str, str, str]]]:
        """Redacted sample lines as (status, section, text), block by block, the newest first.

        They are read as they are asked for, and from the last `SAMPLED_S`
        seconds of the window only: a few lines are wanted, not an hour of frames.
        """
        first, end = self.span_of(window_s)
        newest = block_of(end)
        for start in range(newest, max(block_of(first), newest - SAMPLED_S) - 1, -BLOCK_S):
            samples = self._tiers.samples(start)
            yield [sample for sample in samples if not errors or sample[0] >= "400"]

    def _check(self, dimension: str) -> None:
        if dimension in self.dimensions:
            return
        if dimension in TOP_DIMENSIONS:
            raise QueryError(
                "top_only", f"{dimension} is kept as a top table only: top {dimension}"
            )
        known = ", ".join((*self.dimensions, *TOP_DIMENSIONS))
        raise QueryError("unknown_dimension", f"no dimension {dimension!r}; there are {known}")


class _Matching:
    """Whether a cell is taken; remembered for one answer, keys repeat from frame to frame."""

    def __init__(self, where: Selector, dimensions: tuple[str, ...]) -> None:
        self._where = where
        self._dimensions = dimensions
        self._memo: dict[CellKey, bool] = {}

    def __call__(self, key: CellKey) -> bool:
        if not self._where.where:
            return True
        taken = self._memo.get(key)
        if taken is None:
            taken = self._where.matches(dict(zip(self._dimensions, key, strict=False)))
            if len(self._memo) < GROUPS_CAP:
                self._memo[key] = taken
        return taken


def is_error(key: CellKey) -> bool:
    """Whether a cell's status is 400 or above."""
    return "400" <= key[3] <= "599"


def _value(key: CellKey, column: int) -> str:
    """A key's value in a column; frames from before a label was configured lack it."""
    return key[column] if column < len(key) else "-"


def _sources(where: Selector) -> frozenset[str] | None:
    """The sources a selector names, or None when it reads all."""
    names = where.values("source")
    return frozenset(names) if names else None


def _count(
    groups: dict[str, list[int]], value: str, hits: int, size: int, status_class: str
) -> None:
    group = groups.get(value)
    if group is None:
        if len(groups) >= GROUPS_CAP:
            value = OTHER
        group = groups.setdefault(value, [0, 0, 0, 0])
    group[0] += hits
    group[1] += size
    if status_class == "4xx":
        group[2] += hits
    elif status_class == "5xx":
        group[3] += hits


def _groups(groups: dict[str, list[int]], total: int, window_s: int) -> tuple[Group, ...]:
    rows = sorted(groups.items(), key=lambda item: (-item[1][0], item[0]))
    return tuple(
        Group(key, n, n / window_s, n / total, size, n4 / n, n5 / n)
        for key, (n, size, n4, n5) in rows
    )


def _add_durations(histogram: dict[int, int], exact: Exact, where: Selector) -> None:
    for key, part in exact.durations.items():
        if where.matches(dict(zip(DURATION_DIMENSIONS, key, strict=True))):
            for bucket, hits in part.items():
                histogram[bucket] = histogram.get(bucket, 0) + hits


def _percentiles(histogram: dict[int, int]) -> dict[str, float] | None:
    found = {
        name: percentile(histogram, quantile)
        for name, quantile in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    }
    return {name: value for name, value in found.items() if value is not None} or None


def _shares(top: Top, n: int) -> tuple[Share, ...]:
    total = top.total or 1
    return tuple(Share(key, hits, hits / total, top.error) for key, hits in top.ranked()[:n])
