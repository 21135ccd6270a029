"""Minutes as bytes: what is kept of them, and how two records of one add up."""

from __future__ import annotations

from contextlib import suppress

import pytest
from frame_strategies import exacts
from hypothesis import given
from hypothesis import strategies as st

from logmond.errors import StateError
from logmond.frame.caps import Caps
from logmond.frame.frame import OTHER, Exact
from logmond.frame.minutes import (
    Minute,
    cut_minute,
    merge_minutes,
    pack_minute,
    unpack_minute,
)
from logmond.frame.sketches import bucket_middle, bucket_of

minutes = st.builds(
    Minute,
    exacts,
    st.none() | st.sets(st.sampled_from("abc")).map(lambda names: tuple(sorted(names))),
)


def hits_by_source(exact: Exact) -> dict[str, int]:
    """What no cut may change."""
    found: dict[str, int] = {}
    for key, (hits, _) in exact.cells.items():
        found[key[0]] = found.get(key[0], 0) + hits
    return found


@given(minutes)
def test_a_minute_comes_back_as_it_was_packed(minute: Minute) -> None:
    """Cells, durations, ledger and what was not observed."""
    assert unpack_minute(pack_minute(minute)) == minute


@given(minutes, minutes)
def test_two_records_of_a_minute_add_up_in_any_order(one: Minute, other: Minute) -> None:
    """A late line is added to what is kept, whichever the writer names first."""
    cut_minute(one.exact, Caps())
    cut_minute(other.exact, Caps())
    a, b = pack_minute(one), pack_minute(other)
    joint = unpack_minute(merge_minutes(a, b))
    assert joint == unpack_minute(merge_minutes(b, a))
    one.exact.merge(other.exact)
    assert joint.exact == one.exact
    known = [found for found in (one.unobserved, other.unobserved) if found is not None]
    assert joint.unobserved == (tuple(sorted({n for f in known for n in f})) if known else None)


def test_lines_that_came_late_only_make_no_whole_minute() -> None:
    """One line of last year does not say that there was only one."""
    assert not Minute(unobserved=None).whole(None)
    assert not Minute(unobserved=("a",)).whole(None)
    assert not Minute(unobserved=("a",)).whole({"a", "b"})
    assert Minute(unobserved=("a",)).whole({"b"})
    assert Minute().whole(None)


def test_a_minute_keeps_its_largest_cells_and_all_totals() -> None:
    """Ten thousand made-up sections become as many cells as the cap has, and one more."""
    exact = Exact({("s", "v", "GET", "200", f"/{n}"): [n, 1] for n in range(1, 10_001)})
    before = hits_by_source(exact)
    cut_minute(exact, Caps())
    assert len(exact.cells) == Caps().minute_cells + 1
    assert ("s", "v", "GET", "200", "/10000") in exact.cells
    assert hits_by_source(exact) == before
    packed = pack_minute(Minute(exact))
    for _ in range(3):
        packed = merge_minutes(packed, packed)
    assert len(unpack_minute(packed).exact.cells) == Caps().minute_cells + 1


def test_what_a_rule_names_is_not_folded_by_what_comes_late() -> None:
    """Protected cells may be more than the cap; a merge leaves them room."""
    named = Exact({("s", "v", "GET", "200", f"/rule{n}"): [1, 1] for n in range(200)})
    cut_minute(named, Caps(), lambda key: True)
    late = Exact({("s", "v", "GET", "200", "/rule7"): [5, 5]})
    merged = merge_minutes(pack_minute(Minute(named)), pack_minute(Minute(late, None)))
    cells = unpack_minute(merged).exact.cells
    assert cells["s", "v", "GET", "200", "/rule7"] == [6, 6]
    assert not any(OTHER in key for key in cells)


@given(st.floats(1e-6, 1e4))
def test_a_duration_of_a_minute_is_within_six_percent(seconds: float) -> None:
    """Wider buckets for a fraction of the bytes."""
    exact = Exact(durations={("s", "v", "/"): {bucket_of(seconds): 1}})
    cut_minute(exact, Caps())
    (bucket,) = exact.durations["s", "v", "/"]
    assert bucket_middle(bucket) == pytest.approx(seconds, rel=0.06)
    cut_minute(exact, Caps())
    assert exact.durations == {("s", "v", "/"): {bucket: 1}}


@pytest.mark.parametrize("packed", [b"", b"\x01", b"\x41", b"\x42" + pack_minute(Minute())[1:]])
def test_other_bytes_are_refused(packed: bytes) -> None:
    """A newer version, or damage, is an error that says so."""
    with pytest.raises(StateError):
        unpack_minute(packed)


@given(st.data())
def test_damage_is_an_error_and_nothing_else(data: st.DataObject) -> None:
    """A flipped byte gives a minute or a `StateError`, never another exception."""
    packed = bytearray(pack_minute(Minute(Exact({("s", "v", "GET", "200", "/"): [1, 2]}))))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(StateError):
        unpack_minute(bytes(packed))
