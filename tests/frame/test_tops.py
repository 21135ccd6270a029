"""Misra-Gries: for every merge tree, true counts lie within the stated error."""

from collections import Counter
from dataclasses import dataclass
from random import Random

import pytest
from frame_strategies import streams
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.frame.frame import Bounded
from logmond.frame.packing import pack_bounded, unpack_bounded
from logmond.frame.sketches import TOP_CAP, TOP_OPEN_CAP, TOP_REDUCED, Top


@dataclass
class Counted:
    """A top, the truth it stands for, and the smallest cap it was ever reduced to."""

    top: Top
    truth: Counter[str]
    cap: int

    def check(self) -> None:
        """Counts, totals and errors are as the docstring of `Top` promises."""
        top = self.top
        assert top.total == self.truth.total()
        assert sum(top.counts.values()) + top.other == top.total
        assert all(hits > 0 for hits in top.counts.values())
        assert set(top.counts) <= set(self.truth)
        for key, true in self.truth.items():
            count = top.counts.get(key, 0)
            assert count <= true <= count + top.error
        assert top.error * (self.cap + 1) <= top.other <= top.total


def counted(stream: dict[str, int]) -> Counted:
    """A leaf of the tree."""
    top = Top()
    top.update(stream)
    return Counted(top, Counter(stream), TOP_REDUCED)


def both(trees: tuple[Counted, Counted]) -> Counted:
    """A merge of two trees; the second stays as it was."""
    first, second = trees
    before = second.top.copy()
    top = first.top.copy()
    top.merge(second.top)
    assert second.top == before
    return Counted(top, first.truth + second.truth, min(first.cap, second.cap))


def reduced(pair: tuple[Counted, int]) -> Counted:
    """A tree cut to a cap, as blocks are at their close."""
    tree, cap = pair
    top = tree.top.copy()
    top.reduce(cap)
    assert len(top.counts) <= cap
    return Counted(top, tree.truth, min(cap, tree.cap))


def packed(tree: Counted) -> Counted:
    """A tree that was kept as bytes and read back."""
    bounded = Bounded(tops={("path", False): tree.top})
    top = unpack_bounded(pack_bounded(bounded)).tops["path", False]
    return Counted(top, tree.truth, tree.cap)


trees = st.recursive(
    streams.map(counted),
    lambda inner: (
        st.tuples(inner, inner).map(both)
        | st.tuples(inner, st.integers(1, 12)).map(reduced)
        | inner.map(packed)
    ),
    max_leaves=12,
)


@given(trees)
@settings(max_examples=200)
def test_every_merge_tree_is_within_its_error(tree: Counted) -> None:
    """Merging, cutting and packing in any shape keep count <= true <= count + error."""
    tree.check()


@given(trees, trees)
def test_merging_two_tops_commutes(first: Counted, second: Counted) -> None:
    """Either may be added to the other."""
    assert both((first, second)).top == both((second, first)).top


@pytest.mark.parametrize("seed", range(5))
def test_open_tops_that_overflow_stay_within_their_error(seed: int) -> None:
    """Thousands of keys through the open cap, merged in random order, keep the bound."""
    random = Random(seed)
    heap = []
    for _ in range(8):
        leaf = counted({})
        for _ in range(6):
            batch = Counter(f"/{int(random.paretovariate(0.6))}" for _ in range(600))
            leaf.top.update(batch)
            leaf.truth.update(batch)
            assert len(leaf.top.counts) <= TOP_OPEN_CAP
        leaf.check()
        heap.append(leaf)
    while len(heap) > 1:
        random.shuffle(heap)
        heap.append(reduced((packed(both((heap.pop(), heap.pop()))), TOP_CAP)))
    heap[0].check()
    assert heap[0].top.error > 0


def test_a_heavy_key_is_never_lost() -> None:
    """A key with more hits than the error is among the kept ones."""
    top = Top()
    for number in range(5000):
        top.update({f"/{number}": 1, "/hot": 1})
    assert top.ranked()[0][0] == "/hot"
    assert top.counts["/hot"] <= 5000 <= top.counts["/hot"] + top.error


def test_ranks_are_by_hits_then_key() -> None:
    """Equal counts come in the order of their keys."""
    top = Top({"/b": 2, "/c": 9, "/a": 2}, 13)
    assert top.ranked() == [("/c", 9), ("/a", 2), ("/b", 2)]


def test_a_reduction_to_what_fits_costs_nothing() -> None:
    """No error is stated where nothing was cut."""
    top = Top({"/a": 1, "/b": 2}, 3)
    top.reduce(2)
    assert top == Top({"/a": 1, "/b": 2}, 3, 0)
