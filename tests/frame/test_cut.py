"""The cut at close keeps the largest, folds the rest, and loses no hit."""

from collections import Counter

from frame_strategies import boundeds, exacts
from hypothesis import given
from hypothesis import strategies as st

from logmond.frame.cut import SPARED, cut_bounded, cut_exact, folded_cell, folded_duration
from logmond.frame.frame import OTHER, Bounded, CellKey, Exact
from logmond.frame.packing import pack_exact, unpack_exact

caps = st.integers(0, 8)


def by_source_and_status(exact: Exact) -> dict[tuple[str, str], tuple[int, int]]:
    """What a cut may never change."""
    totals: dict[tuple[str, str], tuple[int, int]] = {}
    for key, (hits, size) in exact.cells.items():
        seen = totals.get((key[0], key[3]), (0, 0))
        totals[key[0], key[3]] = (seen[0] + hits, seen[1] + size)
    return totals


def durations_by_source(exact: Exact) -> dict[str, Counter[int]]:
    """All durations of a source."""
    totals: dict[str, Counter[int]] = {}
    for key, histogram in exact.durations.items():
        totals.setdefault(key[0], Counter()).update(histogram)
    return totals


def copied(exact: Exact) -> Exact:
    """An equal frame of its own."""
    return unpack_exact(pack_exact(exact))


@given(exacts, caps, caps)
def test_a_cut_keeps_every_total_of_source_and_status(exact: Exact, cells: int, hists: int) -> None:
    """Hits, bytes, status ratios, durations and the ledger of a source stay exact."""
    before = copied(exact)
    cut_exact(exact, cells, hists)
    assert by_source_and_status(exact) == by_source_and_status(before)
    assert durations_by_source(exact) == durations_by_source(before)
    assert exact.ledger == before.ledger


@given(exacts, caps, caps)
def test_a_cut_frame_is_within_its_caps(exact: Exact, cells: int, hists: int) -> None:
    """Beside the caps only the folded keys remain."""
    cut_exact(exact, cells, hists)
    assert sum(key != folded_cell(key) for key in exact.cells) <= cells
    assert sum(key != folded_duration(key) for key in exact.durations) <= hists


@given(exacts, caps, caps)
def test_cutting_twice_is_cutting_once(exact: Exact, cells: int, hists: int) -> None:
    """Folded keys do not compete for the cap."""
    cut_exact(exact, cells, hists)
    once = copied(exact)
    cut_exact(exact, cells, hists)
    assert exact == once


@given(exacts, st.randoms(use_true_random=False), caps, caps)
def test_a_cut_does_not_depend_on_the_order_of_keys(
    exact: Exact, random: object, cells: int, hists: int
) -> None:
    """Two kernels that meet the keys in different order cut alike."""
    shuffled = copied(exact)
    items = list(shuffled.cells.items())
    random.shuffle(items)
    shuffled.cells = dict(items)
    shuffled.durations = dict(reversed(shuffled.durations.items()))
    cut_exact(exact, cells, hists)
    cut_exact(shuffled, cells, hists)
    assert exact == shuffled


@given(exacts, caps, caps)
def test_protected_cells_outlive_all_others(exact: Exact, cells: int, hists: int) -> None:
    """Cells a rule names keep their tally, however small, up to twice the cap."""
    before = copied(exact)

    def protected(key: CellKey) -> bool:
        return key[4] == "/login"

    cut_exact(exact, cells, hists, protected)
    named = {key for key in before.cells if protected(key)}
    kept = {key for key in named if exact.cells.get(key) == before.cells[key]}
    assert len(kept) == min(len(named), max(cells, SPARED * cells))
    timed = {(key[0], key[1], key[4]) for key in named} & before.durations.keys()
    same = {where for where in timed if exact.durations.get(where) == before.durations[where]}
    assert len(same) == min(len(timed), max(hists, SPARED * hists))


def test_the_largest_stay_and_equal_ones_by_key() -> None:
    """Order is hits first, then the key."""
    cells = {
        ("nginx", "-", "GET", "200", "/c"): [5, 50],
        ("nginx", "-", "GET", "200", "/b"): [5, 51],
        ("nginx", "-", "GET", "200", "/a"): [9, 90],
        ("nginx", "-", "GET", "500", "/d"): [1, 10],
    }
    exact = Exact(cells=cells)
    cut_exact(exact, 2, 0)
    assert exact.cells == {
        ("nginx", "-", "GET", "200", "/a"): [9, 90],
        ("nginx", "-", "GET", "200", "/b"): [5, 51],
        ("nginx", OTHER, OTHER, "200", OTHER): [5, 50],
        ("nginx", OTHER, OTHER, "500", OTHER): [1, 10],
    }


def test_labels_of_a_folded_cell_are_folded() -> None:
    """A folded cell keeps its length, so that labels stay in place."""
    assert folded_cell(("nginx", "-", "GET", "404", "/", "ai", "eu")) == (
        *("nginx", OTHER, OTHER, "404", OTHER, OTHER, OTHER),
    )


def test_histograms_are_ranked_by_their_hits() -> None:
    """Many slow hits weigh more than many buckets."""
    exact = Exact(
        durations={("n", "-", "/a"): {1: 1, 2: 1, 3: 1}, ("n", "-", "/b"): {9: 50}},
    )
    cut_exact(exact, 0, 1)
    assert exact.durations == {
        ("n", "-", "/b"): {9: 50},
        ("n", OTHER, OTHER): {1: 1, 2: 1, 3: 1},
    }


@given(boundeds, st.integers(1, 10))
def test_cut_tops_hold_their_cap_and_their_bound(bounded: Bounded, cap: int) -> None:
    """A cut key is at most the error away from its count before."""
    before = {name: top.copy() for name, top in bounded.tops.items()}
    cut_bounded(bounded, cap)
    for name, top in bounded.tops.items():
        assert len(top.counts) <= cap
        assert top.total == before[name].total
        for key, hits in before[name].counts.items():
            kept = top.counts.get(key, 0)
            assert kept <= hits <= kept + top.error
