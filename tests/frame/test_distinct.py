"""HyperLogLog: merging is a maximum, the estimate is within its error."""

from random import Random

import pytest
from frame_strategies import sketches
from hypothesis import given
from hypothesis import strategies as st

from logmond.frame.sketches import REGISTERS, HyperLogLog, place_of

STANDARD_ERROR = 1.04 / REGISTERS**0.5


def merged(*parts: HyperLogLog) -> HyperLogLog:
    """The union of parts that stay as they are."""
    total = HyperLogLog()
    for part in parts:
        total.merge(part)
    return total


def of(numbers: range | set[int]) -> HyperLogLog:
    """A sketch of numbers."""
    sketch = HyperLogLog()
    for number in numbers:
        sketch.add(place_of(b"client %d" % number))
    return sketch


@given(st.binary(max_size=40))
def test_every_value_has_a_place(value: bytes) -> None:
    """Registers and ranks are in range, and the same value has always the same place."""
    index, rank = place_of(value)
    assert 0 <= index < REGISTERS
    assert 1 <= rank <= 54
    assert place_of(value) == (index, rank)


@given(sketches)
def test_merging_twice_is_merging_once(sketch: HyperLogLog) -> None:
    """A frame replayed does not count its clients again."""
    assert merged(sketch, sketch) == sketch


@given(sketches, sketches, sketches)
def test_merging_commutes_and_associates(
    first: HyperLogLog, second: HyperLogLog, third: HyperLogLog
) -> None:
    """Order and grouping do not matter."""
    assert merged(first, second) == merged(second, first)
    assert merged(merged(first, second), third) == merged(first, merged(second, third))


@given(sketches, sketches)
def test_merging_is_the_maximum_of_each_register(first: HyperLogLog, second: HyperLogLog) -> None:
    """The fast merge is the plain one."""
    plain = bytearray(map(max, first.registers, second.registers))
    assert merged(first, second).registers == plain


@pytest.mark.parametrize("seed", range(5))
def test_full_registers_merge_like_sparse_ones(seed: int) -> None:
    """Neighbouring registers never leak into each other, up to the highest rank."""
    random = Random(seed)
    first, second = (bytearray(random.choices(range(55), k=REGISTERS)) for _ in "12")
    total = merged(HyperLogLog(first), HyperLogLog(second))
    assert total.registers == bytearray(map(max, first, second))


@given(st.sets(st.integers(0, 500)), st.sets(st.integers(0, 500)))
def test_a_merge_is_the_sketch_of_the_union(first: set[int], second: set[int]) -> None:
    """Clients seen by both are counted once."""
    assert merged(of(first), of(second)) == of(first | second)


@pytest.mark.parametrize("clients", [0, 1, 10, 300, 2000, 5000, 12_000, 50_000])
def test_estimates_are_within_four_standard_errors(clients: int) -> None:
    """From none to far beyond the registers."""
    estimate = of(range(clients)).estimate()
    assert abs(estimate - clients) <= max(1, 4 * STANDARD_ERROR * clients)
