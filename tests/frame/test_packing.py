"""Packing keeps frames whole, and refuses bytes it did not make."""

from contextlib import suppress

import pytest
from frame_strategies import boundeds, exacts
from hypothesis import given
from hypothesis import strategies as st

from logmond.errors import StateError
from logmond.frame.frame import TOP_DIMENSIONS, Bounded, Exact
from logmond.frame.packing import (
    pack_bounded,
    pack_exact,
    unpack_bounded,
    unpack_clients,
    unpack_exact,
)
from logmond.frame.sketches import Top, place_of


@given(exacts)
def test_an_exact_part_survives_packing(exact: Exact) -> None:
    """Unpacking gives back equal cells, histograms and ledger."""
    assert unpack_exact(pack_exact(exact)) == exact


@given(boundeds)
def test_a_bounded_part_survives_packing(bounded: Bounded) -> None:
    """Unpacking gives back equal tops with their errors, registers and samples."""
    assert unpack_bounded(pack_bounded(bounded)) == bounded


@given(boundeds)
def test_distinct_clients_can_be_read_alone(bounded: Bounded) -> None:
    """Reading the clients alone gives the same registers."""
    assert unpack_clients(pack_bounded(bounded)) == bounded.clients


@given(exacts, exacts)
def test_merging_unpacked_parts_equals_merging_the_parts(first: Exact, second: Exact) -> None:
    """Packing commutes with merging, so closed spans add up like open ones."""
    merged = unpack_exact(pack_exact(first))
    merged.merge(unpack_exact(pack_exact(second)))
    first.merge(second)
    assert merged == first


def test_byte_counts_beyond_64_bits_stay_exact() -> None:
    """Two hostile lines of 19 digits each neither fail nor leave a remainder."""
    key = ("nginx", "-", "GET", "200", "/")
    exact = Exact(cells={key: [2, 2 * (10**19 - 1)]})
    assert unpack_exact(pack_exact(exact)).cells[key] == [2, 2 * (10**19 - 1)]


def test_an_unpacked_frame_is_its_callers_own() -> None:
    """Changing what was unpacked changes neither the bytes nor another unpacking."""
    packed = pack_exact(Exact(cells={("nginx", "-", "GET", "200", "/"): [1, 10]}))
    unpacked = unpack_exact(packed)
    unpacked.merge(unpack_exact(packed))
    assert unpack_exact(packed).hits == 1
    assert unpacked.hits == 2


def test_keys_of_one_frame_are_not_in_another() -> None:
    """Every frame carries its own strings, so hostile keys leave with their frame."""
    hostile = pack_exact(Exact(cells={("nginx", "evil.example", "GET", "200", "/"): [1, 1]}))
    plain = pack_exact(Exact(cells={("nginx", "-", "GET", "200", "/"): [1, 1]}))
    assert b"evil.example" in hostile
    assert b"evil.example" not in plain


def test_a_string_is_stored_once_a_frame() -> None:
    """A cell costs its section and a few small numbers, not five strings."""
    cells = {("nginx", "www.example.com", "GET", "200", f"/s{n}"): [5, 9000] for n in range(256)}
    packed = pack_exact(Exact(cells=cells))
    assert packed.count(b"www.example.com") == 1
    assert len(packed) < 20 * len(cells)


def test_few_clients_pack_small_and_many_under_two_kibibytes() -> None:
    """The registers cost what is in them."""
    bounded = Bounded()
    assert len(pack_bounded(bounded)) < 64
    for number in range(20_000):
        bounded.clients.add(place_of(b"%d" % number))
    assert len(pack_bounded(bounded)) < 1400


def test_every_top_keeps_its_dimension_and_class() -> None:
    """All eight tables come back under their own name."""
    bounded = Bounded(
        tops={
            (dimension, errors): Top({dimension: 3}, 5, int(errors))
            for dimension in TOP_DIMENSIONS
            for errors in (False, True)
        }
    )
    assert unpack_bounded(pack_bounded(bounded)).tops == bounded.tops


@given(st.binary(max_size=60))
def test_foreign_bytes_are_refused(junk: bytes) -> None:
    """Bytes of another version or of none raise StateError and nothing else."""
    with pytest.raises(StateError):
        unpack_exact(b"\x00" + junk)
    with pytest.raises(StateError):
        unpack_bounded(pack_exact(Exact()) + junk)
    with pytest.raises(StateError):
        unpack_clients(junk[:1] + b"\x00")
    with pytest.raises(StateError):
        unpack_exact(b"")


@given(exacts, st.data())
def test_damaged_bytes_raise_or_give_a_frame(exact: Exact, data: st.DataObject) -> None:
    """One changed byte is a StateError or an Exact, never another exception."""
    packed = bytearray(pack_exact(exact))
    packed[data.draw(st.integers(1, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(StateError):
        assert isinstance(unpack_exact(bytes(packed)), Exact)


@given(boundeds, st.data())
def test_damaged_bounded_bytes_raise_or_give_a_frame(bounded: Bounded, data: st.DataObject) -> None:
    """One changed byte is a StateError or a Bounded, never another exception."""
    packed = bytearray(pack_bounded(bounded))
    packed[data.draw(st.integers(1, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(StateError):
        assert isinstance(unpack_bounded(bytes(packed)), Bounded)


def test_truncated_bytes_are_refused() -> None:
    """Every proper prefix of a packed frame is a StateError."""
    packed = pack_exact(
        Exact(
            cells={("nginx", "-", "GET", "200", "/"): [1, 300]},
            durations={("nginx", "-", "/"): {7: 1}},
        )
    )
    for length in range(len(packed)):
        with pytest.raises(StateError):
            unpack_exact(packed[:length])
