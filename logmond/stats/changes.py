"""What changed: which keys make up the rise of a window against the span before it.

For every dimension the frames carry, each key's hits in the window less its
hits in the preceding equal span, as a share of the whole rise. Shares of tops
come with the error of both tables. Where the window is not above the span
before it (a slow breach, or nothing known before), shares are of the window
itself.
"""

from __future__ import annotations

from logmond.frame.frame import BLOCK_S, TOP_DIMENSIONS, CellKey
from logmond.frame.selector import Selector
from logmond.frame.sketches import Top
from logmond.stats.queries import is_error, joined
from logmond.stats.results import Evidence
from logmond.stats.tiers import Tiers, block_of

MIN_SHARE = 0.1
"""A key that makes up less of the rise is not evidence."""

MIN_LIFT = 1.2
"""How much more of the rise a key must have than it had of the traffic before."""

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
    start = end - window_s + 1
    traffic = _cells(tiers, start, end)
    now_cells = _errors(traffic) if errors else traffic
    now = _columns(now_cells, dimensions, where)
    earlier = _cells(tiers, start - window_s, start - 1)
    before = _columns(_errors(earlier) if errors else earlier, dimensions, where)
    varied = _varied(traffic, len(dimensions))
    found: list[Evidence] = []
    for column, dimension in enumerate(dimensions):
        # Where all traffic has one key, that key explains nothing.
        if dimension not in where.dimensions and column in varied:
            found += _risen(dimension, now[column], before[column])
    all_hits = sum(now_cells.values())
    if all_hits and sum(now[0].values()) >= TOPS_TRUSTED * all_hits:
        found += _top_changes(tiers, start, end, errors=errors)
    return sorted(found, key=lambda evidence: (-evidence.share, evidence.dimension, evidence.key))


def _top_changes(tiers: Tiers, start: int, end: int, *, errors: bool) -> list[Evidence]:
    """The same of the tops, over the blocks the two spans touch."""
    first = block_of(start)
    span = block_of(end) + BLOCK_S - first
    late = list(tiers.boundeds(first, end))
    early = list(tiers.boundeds(first - span, first - 1))
    found: list[Evidence] = []
    for dimension in TOP_DIMENSIONS:
        all_lines, name = (dimension, False), (dimension, errors)
        varied = {key for b in late if all_lines in b.tops for key in b.tops[all_lines].counts}
        if len(varied) > 1:
            now, before = (
                joined(b.tops[name] for b in part if name in b.tops) for part in (late, early)
            )
            found += _risen_top(dimension, now, before)
    return found


def _cells(tiers: Tiers, first: int, last: int) -> dict[CellKey, int]:
    """Hits of every cell of a span."""
    total: dict[CellKey, int] = {}
    for exact in tiers.exacts(first, last):
        for key, (hits, _) in exact.cells.items():
            total[key] = total.get(key, 0) + hits
    return total


def _errors(cells: dict[CellKey, int]) -> dict[CellKey, int]:
    """Only the cells with status 400 and above."""
    return {key: hits for key, hits in cells.items() if is_error(key)}


def _varied(cells: dict[CellKey, int], dimensions: int) -> set[int]:
    """The columns that hold more than one key."""
    first = next(iter(cells), ())
    same = set(range(min(dimensions, len(first))))
    for key in cells:
        same = {column for column in same if column < len(key) and key[column] == first[column]}
        if not same:
            break
    return set(range(dimensions)) - same


def _columns(
    cells: dict[CellKey, int], dimensions: tuple[str, ...], where: Selector
) -> list[dict[str, int]]:
    """Hits by key, for each dimension, of the cells that `where` takes."""
    columns: list[dict[str, int]] = [{} for _ in dimensions]
    for key, hits in cells.items():
        if not where.where or where.matches(dict(zip(dimensions, key, strict=False))):
            for column, value in zip(columns, key, strict=False):
                column[value] = column.get(value, 0) + hits
    return columns


def _risen(dimension: str, now: dict[str, int], before: dict[str, int]) -> list[Evidence]:
    rise = sum(now.values()) - sum(before.values())
    usual = sum(before.values())
    if rise <= 0:
        rise, before = sum(now.values()), {}
    return _best(
        [
            Evidence(dimension, key, min(1.0, (hits - before.get(key, 0)) / rise))
            for key, hits in now.items()
            if not (dimension == "status" and key < "400")  # success explains nothing
            and _stands_out((hits - before.get(key, 0)) / rise, before.get(key, 0), usual)
        ]
    )


def _risen_top(dimension: str, now: Top, before: Top) -> list[Evidence]:
    if not now.total:
        return []
    rise, usual = now.total - before.total, before.total
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
            if _stands_out(
                (hits - before.counts.get(key, 0)) / rise, before.counts.get(key, 0), usual
            )
        ]
    )


def _stands_out(share: float, hits_before: int, before: int) -> bool:
    """Whether a key has more of the rise than it had of the traffic before.

    Where everything grew alike, the large keys have large shares and are not
    to blame.
    """
    return not before or share >= MIN_LIFT * hits_before / before


def _best(found: list[Evidence]) -> list[Evidence]:
    risen = [evidence for evidence in found if evidence.share >= MIN_SHARE]
    risen.sort(key=lambda evidence: (-evidence.share, evidence.key))
    return risen[:_PER_DIMENSION]
