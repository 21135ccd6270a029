"""What changed: which keys make up the rise of a window against the span before it.

For every dimension the frames carry, each key's hits in the window less its
hits in the preceding equal span, as a share of the whole rise. Shares of tops
come with the error of both tables. Where the window is not above the span
before it (a slow breach, or nothing known before), shares are of the window
itself.
"""

from __future__ import annotations

from collections.abc import Callable

from logmond.frame.frame import BLOCK_S, TOP_DIMENSIONS, CellKey
from logmond.frame.selector import Selector
from logmond.frame.sketches import Top
from logmond.stats.queries import is_error, joined
from logmond.stats.results import Evidence
from logmond.stats.tiers import Tiers, block_of

MIN_SHARE = 0.1
"""A key that makes up less of the rise is not evidence."""

TOPS_TRUSTED = 0.9
"""Tops know no `where`: they speak for a rule that reads at least this share of the lines."""

_PER_DIMENSION = 2


def changes(
    tiers: Tiers,
    dimensions: tuple[str, ...],
    window_s: int,
    end: int,
    *,
    errors: bool,
    where: Selector,
) -> list[Evidence]:
    """The keys behind a rise, the best of each dimension, most first.

    Args:
        tiers: the frames.
        dimensions: of the cells, in the order of their keys.
        window_s: length of the window, and of the span before it.
        end: the last second of the window.
        errors: only lines with status 400 and above.
        where: only cells it takes.
    """

    def taken(key: CellKey) -> bool:
        if errors and not is_error(key):
            return False
        return where.matches(dict(zip(dimensions, key, strict=False)))

    def everything(key: CellKey) -> bool:
        return not errors or is_error(key)

    start = end - window_s + 1
    now = _columns(tiers, dimensions, start, end, taken)
    before = _columns(tiers, dimensions, start - window_s, start - 1, taken)
    found: list[Evidence] = []
    for column, dimension in enumerate(dimensions):
        if dimension not in where.dimensions:
            found += _risen(dimension, now[column], before[column])
    all_hits = sum(sum(part.values()) for part in _columns(
        tiers, ("source",), start, end, everything
    ))  # fmt: skip
    if all_hits and sum(now[0].values()) >= TOPS_TRUSTED * all_hits:
        first = block_of(start)
        span = block_of(end) + BLOCK_S - first
        late = list(tiers.boundeds(first, end))
        early = list(tiers.boundeds(first - span, first - 1))
        for dimension in TOP_DIMENSIONS:
            name = (dimension, errors)
            tops = [joined(b.tops[name] for b in part if name in b.tops) for part in (late, early)]
            found += _risen_top(dimension, tops[0], tops[1])
    return sorted(found, key=lambda evidence: (-evidence.share, evidence.dimension, evidence.key))


def _columns(
    tiers: Tiers,
    dimensions: tuple[str, ...],
    first: int,
    last: int,
    taken: Callable[[CellKey], bool],
) -> list[dict[str, int]]:
    """Hits by key, for each dimension, of a span."""
    columns: list[dict[str, int]] = [{} for _ in dimensions]
    for exact in tiers.exacts(first, last):
        for key, (hits, _) in exact.cells.items():
            if taken(key):
                for column, value in zip(columns, key, strict=False):
                    column[value] = column.get(value, 0) + hits
    return columns


def _risen(dimension: str, now: dict[str, int], before: dict[str, int]) -> list[Evidence]:
    if len(now) < 2:  # everything is the same key: that explains nothing
        return []
    rise = sum(now.values()) - sum(before.values())
    if rise <= 0:
        rise, before = sum(now.values()), {}
    return _best(
        [
            Evidence(dimension, key, min(1.0, (hits - before.get(key, 0)) / rise))
            for key, hits in now.items()
        ]
    )


def _risen_top(dimension: str, now: Top, before: Top) -> list[Evidence]:
    if len(now.counts) < 2 or not now.total:
        return []
    rise = now.total - before.total
    if rise <= 0:
        rise, before = now.total, Top()
    error = min(1.0, now.error / rise)
    return _best(
        [
            # A key the earlier table dropped may have had up to its error there.
            Evidence(
                dimension,
                key,
                min(1.0, (hits - before.counts.get(key, 0) - before.error) / rise),
                min(1.0, error + before.error / rise),
            )
            for key, hits in now.counts.items()
        ]
    )


def _best(found: list[Evidence]) -> list[Evidence]:
    risen = [evidence for evidence in found if evidence.share >= MIN_SHARE]
    risen.sort(key=lambda evidence: (-evidence.share, evidence.key))
    return risen[:_PER_DIMENSION]
