"""The cut of a span at its close: the largest entries stay, the rest is folded, nothing is lost.

Ordered by hits (most first), then by key, so that every kernel cuts alike. A
folded cell keeps its source and status: totals, ratios and the ledger of a
source stay exact however hostile the traffic; only "which section" is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from logmond.frame.frame import OTHER, Bounded, CellKey, DurationKey, Exact
from logmond.frame.sketches import TOP_CAP

_STATUS = 3

SPARED = 2
"""Times a cap that protected entries may take up."""
_SECTION = 4


def folded_cell(key: CellKey) -> CellKey:
    """The key that a cell is folded under: its source and status, all else `OTHER`."""
    labels = len(key) - (_SECTION + 1)
    return (key[0], OTHER, OTHER, key[_STATUS], OTHER, *(OTHER,) * labels)


def folded_duration(key: DurationKey) -> DurationKey:
    """The key that a histogram is folded under: its source, all else `OTHER`."""
    return (key[0], OTHER, OTHER)


def cut_exact(
    exact: Exact,
    cells_cap: int,
    durations_cap: int,
    protected: Callable[[CellKey], bool] = lambda _: False,
) -> None:
    """Fold all but the `cells_cap` largest cells and the `durations_cap` largest histograms.

    Keys already folded stay beside the cap: at most one a source and status,
    one histogram a source. Cutting twice is cutting once.

    Args:
        exact: changed in place.
        cells_cap: cells kept under their own key.
        durations_cap: histograms kept under their own key.
        protected: cells that are not folded while others can be, nor is the
            histogram of their source, vhost and section. They take up the cap
            first, and may exceed it `SPARED` times: beyond that they are what
            a client makes up, not what a rule names.
    """
    if len(exact.durations) > durations_cap:
        _cut_durations(exact, durations_cap, protected)
    if len(exact.cells) > cells_cap:
        _cut_cells(exact, cells_cap, protected)


def cut_bounded(bounded: Bounded, cap: int = TOP_CAP) -> None:
    """Reduce every top to at most `cap` keys; what that may hide is in its error."""
    for top in bounded.tops.values():
        top.reduce(cap)


def _cut_cells(exact: Exact, cap: int, protected: Callable[[CellKey], bool]) -> None:
    folded: dict[CellKey, list[int]] = {}
    spared: list[tuple[int, CellKey]] = []
    ordinary: list[tuple[int, CellKey]] = []
    for key, tally in exact.cells.items():
        if key[_SECTION] == OTHER and key == folded_cell(key):
            folded[key] = tally
        else:
            (spared if protected(key) else ordinary).append((-tally[0], key))
    keys = _ranked(spared, ordinary)
    room = max(cap, min(len(spared), SPARED * cap))
    kept = {key: exact.cells[key] for key in keys[:room]}
    for key in keys[room:]:
        hits, size = exact.cells[key]
        tally = folded.setdefault(folded_cell(key), [0, 0])
        tally[0] += hits
        tally[1] += size
    exact.cells = kept | folded


def _cut_durations(exact: Exact, cap: int, protected: Callable[[CellKey], bool]) -> None:
    named = {(key[0], key[1], key[_SECTION]) for key in exact.cells if protected(key)}
    folded: dict[DurationKey, dict[int, int]] = {}
    spared: list[tuple[int, DurationKey]] = []
    ordinary: list[tuple[int, DurationKey]] = []
    for key, histogram in exact.durations.items():
        if key == folded_duration(key):
            folded[key] = histogram
        else:
            (spared if key in named else ordinary).append((-sum(histogram.values()), key))
    keys = _ranked(spared, ordinary)
    room = max(cap, min(len(spared), SPARED * cap))
    kept = {key: exact.durations[key] for key in keys[:room]}
    for key in keys[room:]:
        mine = folded.setdefault(folded_duration(key), {})
        for bucket, hits in exact.durations[key].items():
            mine[bucket] = mine.get(bucket, 0) + hits
    exact.durations = kept | folded


K = TypeVar("K", bound=tuple[str, ...])


def _ranked(spared: list[tuple[int, K]], ordinary: list[tuple[int, K]]) -> list[K]:
    """Protected keys first, then the others, each most hits first, equal ones by key."""
    spared.sort()
    ordinary.sort()
    return [key for _, key in spared] + [key for _, key in ordinary]
