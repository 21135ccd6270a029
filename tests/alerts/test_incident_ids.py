"""Ids of incidents: made of what fired when, so that a crash cannot change them."""

from __future__ import annotations

from uuid import UUID

from fake_stats import START
from hypothesis import given
from hypothesis import strategies as st

from logmond.alerts.incident import incident_id

names = st.text(max_size=8)


def test_an_id_is_a_uuid_of_version_7_with_the_firing_second() -> None:
    """Sorted by id means sorted by time."""
    made = UUID(incident_id("web1", "high", ("shop",), START))
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert made.int >> 80 == START * 1000


def test_the_same_firing_has_the_same_id() -> None:
    """Decided again after a crash, it is the same incident."""
    assert incident_id("web1", "high", (), START) == incident_id("web1", "high", (), START)


@given(
    st.tuples(names, names, st.lists(names, max_size=3).map(tuple), st.integers(0, 2**33)),
    st.tuples(names, names, st.lists(names, max_size=3).map(tuple), st.integers(0, 2**33)),
)
def test_different_firings_have_different_ids(
    first: tuple[str, str, tuple[str, ...], int], second: tuple[str, str, tuple[str, ...], int]
) -> None:
    """Node, rule, group and second each count, and cannot run into one another."""
    assert (incident_id(*first) == incident_id(*second)) is (first == second)
