"""The cells of a span of seconds, those a selector takes, and what they amount to by dimension.

In hostile traffic no two frames have the same cells, so a span has tens of
thousands: whatever looks at all of them is done in pieces. No clock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator
from itertools import islice
from typing import TypeAlias

from logmond.frame.frame import CellKey
from logmond.frame.selector import Selector, match
from logmond.stats.explained import Table
from logmond.stats.tiers import Tiers

SLICE = 2000
"""Cells looked at in one piece."""

FRAME = 50
"""Entries that opening a frame costs as much as."""

Chosen: TypeAlias = Generator[int, None, dict[CellKey, list[int]]]
"""Some cells, in pieces: every `next` says how many entries it read."""


def part_of(some: dict[CellKey, list[int]], of: dict[CellKey, list[int]]) -> float:
    """The share of hits that some cells have."""
    total = sum(tally[0] for tally in of.values())
    return sum(tally[0] for tally in some.values()) / total if total else 0.0


def cells_of(tiers: Tiers, first: int, last: int) -> Generator[int, None, dict[CellKey, list[int]]]:
    """Hits and bytes of every cell of a span."""
    total: dict[CellKey, list[int]] = {}
    for exact in tiers.exacts(first, last):
        for key, (hits, size) in exact.cells.items():
            tally = total.get(key)
            if tally is None:
                total[key] = [hits, size]
            else:
                tally[0] += hits
                tally[1] += size
        yield FRAME + 2 * len(exact.cells)  # longer keys than those of tops
    return total


def chosen(
    cells: dict[CellKey, list[int]], fits: Callable[[CellKey], bool], cost: int = 1
) -> Chosen:
    """Only the cells that fit; looking at one costs as much as so many entries."""
    chosen: dict[CellKey, list[int]] = {}
    rest = iter(cells.items())
    while some := list(islice(rest, SLICE)):
        chosen.update(item for item in some if fits(item[0]))
        yield cost * len(some)
    return chosen


def taken(cells: dict[CellKey, list[int]], dimensions: tuple[str, ...], where: Selector) -> Chosen:
    """Only the cells that `where` takes (see `Selector.matches`)."""
    if not where.where:
        return cells
    conditions: list[tuple[int, str, tuple[str, ...], dict[str, bool]]] = [
        (dimensions.index(name) if name in dimensions else len(dimensions), name, patterns, {})
        for name, patterns in where.where
    ]

    def fits(key: CellKey) -> bool:
        for column, name, patterns, known in conditions:
            value = key[column] if column < len(key) else "-"
            fit = known.get(value)
            if fit is None:
                fit = known[value] = any(match(name, pattern, value) for pattern in patterns)
            if not fit:
                return False
        return True

    return (yield from chosen(cells, fits, 1 + len(conditions)))


def column_of(
    cells: dict[CellKey, list[int]], column: int, place: int
) -> Generator[int, None, Table]:
    """The hits (or bytes) of cells by the keys of one dimension."""
    counts: dict[str, float] = {}
    rest = iter(cells.items())
    while some := list(islice(rest, SLICE)):
        for key, tally in some:
            if column < len(key):
                counts[key[column]] = counts.get(key[column], 0) + tally[place]
        yield len(some)
    return Table(counts, float(sum(counts.values())))


def varied_of(cells: Collection[CellKey], dimensions: int) -> set[int]:
    """The columns that hold more than one key."""
    first = next(iter(cells), ())
    return {
        column
        for column in range(dimensions)
        if column >= len(first)
        or any(column >= len(key) or key[column] != first[column] for key in cells)
    }
