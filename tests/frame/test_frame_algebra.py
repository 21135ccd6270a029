"""The laws of merging: exact parts are a commutative monoid, deltas file by span."""

from copy import deepcopy
from functools import reduce

from frame_strategies import boundeds, exacts, samples
from hypothesis import given
from hypothesis import strategies as st

from logmond.frame.frame import MAX_SAMPLES, Bounded, Delta, Exact, merge_samples


def merged(*parts: Exact) -> Exact:
    """The sum of parts that stay as they are."""

    def add(total: Exact, part: Exact) -> Exact:
        total.merge(part)
        return total

    return reduce(add, parts, Exact())


@given(exacts, exacts)
def test_exact_parts_commute(first: Exact, second: Exact) -> None:
    """The order of two parts does not matter."""
    assert merged(first, second) == merged(second, first)


@given(exacts, exacts, exacts)
def test_exact_parts_associate(first: Exact, second: Exact, third: Exact) -> None:
    """The grouping of three parts does not matter."""
    assert merged(merged(first, second), third) == merged(first, merged(second, third))


@given(exacts)
def test_the_empty_part_changes_nothing(part: Exact) -> None:
    """The empty exact part is the identity."""
    assert merged(part, Exact()) == part == merged(Exact(), part)


@given(exacts, exacts)
def test_merging_leaves_the_other_part_alone(first: Exact, second: Exact) -> None:
    """Nothing of the added part is shared: later changes do not reach it."""
    before = deepcopy(second)
    first.merge(second)
    first.merge(second)
    assert second == before


@given(exacts, exacts)
def test_hits_add_up(first: Exact, second: Exact) -> None:
    """The hits of a sum are the sum of the hits."""
    assert merged(first, second).hits == first.hits + second.hits


@given(st.lists(st.tuples(st.integers(0, 3), exacts, boundeds), max_size=4))
def test_a_delta_files_every_part_under_its_span(parts: list[tuple[int, Exact, Bounded]]) -> None:
    """Deltas merged one by one hold per second what the parts of that second sum to."""
    total = Delta()
    for second, exact, bounded in parts:
        total.merge(Delta({second: exact}, {second: bounded}))
    for second, exact in total.exact.items():
        assert exact == merged(*(part for at, part, _ in parts if at == second))
        registers = [part.clients.registers for at, _, part in parts if at == second]
        assert total.bounded[second].clients.registers == bytearray(
            max(column) for column in zip(*registers, strict=True)
        )
    assert bool(total) == bool(parts)


@given(boundeds, boundeds)
def test_bounded_parts_commute_but_for_samples(first: Bounded, second: Bounded) -> None:
    """Tops and distinct clients do not depend on the order of two parts."""

    def both(one: Bounded, two: Bounded) -> Bounded:
        total = deepcopy(one)
        total.merge(two)
        return total

    there, back = both(first, second), both(second, first)
    assert there.tops == back.tops
    assert there.clients == back.clients


@given(boundeds)
def test_a_merged_top_is_not_shared(part: Bounded) -> None:
    """Adding to an empty part copies: counting on does not reach the original."""
    before = deepcopy(part)
    total = Bounded()
    total.merge(part)
    for top in total.tops.values():
        top.update({"/new": 1})
    assert part == before


@given(samples, samples)
def test_samples_are_distinct_and_leave_room_for_errors(
    first: list[tuple[str, str, str]], second: list[tuple[str, str, str]]
) -> None:
    """At most half of the samples are errors, at most half are not, none is there twice."""
    kept = merge_samples(first, second)
    errors = [sample for sample in kept if sample[0] >= "400"]
    assert len(errors) <= MAX_SAMPLES // 2
    assert len(kept) - len(errors) <= MAX_SAMPLES // 2
    assert len(set(kept)) == len(kept)
    assert set(kept) <= {*first, *second}
    assert {status for status, _, _ in kept} == {status for status, _, _ in [*first, *second]}
