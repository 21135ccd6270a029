"""The table of states and readings, cell by cell, and what its counts mean."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logmond.alerts.lifecycle import NOT_COUNTING, TABLE, Reading, State, Track, Waits

WAITS = Waits.of(for_s=2, hold_s=3, window_s=10)
BREACH, BETWEEN, CLEAR, UNUSABLE = Reading
QUIET, PENDING, FIRING, CLEARING = list(State)[:4]


def walk(track: Track, *readings: Reading, waits: Waits = WAITS) -> list[State]:
    """The states after each reading."""
    return [track.step(r, 0 if r is BREACH else -1, waits) for r in readings]


def in_state(state: State) -> Track:
    """A track that came to a state the usual way."""
    track = Track()
    if state is not QUIET:
        walk(track, BREACH)
    if state in (FIRING, CLEARING):
        walk(track, BREACH, BREACH)
    if state is CLEARING:
        walk(track, CLEAR)
    assert track.state is state
    return track


@pytest.mark.parametrize(
    ("state", "reading", "wanted"),
    [
        (QUIET, BREACH, PENDING),
        (QUIET, BETWEEN, QUIET),
        (QUIET, CLEAR, QUIET),
        (QUIET, UNUSABLE, QUIET),
        (PENDING, BREACH, PENDING),
        (PENDING, BETWEEN, QUIET),
        (PENDING, CLEAR, QUIET),
        (PENDING, UNUSABLE, PENDING),
        (FIRING, BREACH, FIRING),
        (FIRING, BETWEEN, FIRING),
        (FIRING, CLEAR, CLEARING),
        (FIRING, UNUSABLE, FIRING),
        (CLEARING, BREACH, FIRING),
        (CLEARING, BETWEEN, FIRING),
        (CLEARING, CLEAR, CLEARING),
        (CLEARING, UNUSABLE, CLEARING),
    ],
)
def test_one_second_leads_where_the_table_says(
    state: State, reading: Reading, wanted: State
) -> None:
    """Every cell, before any wait is over."""
    assert walk(in_state(state), reading) == [wanted]


def test_the_table_has_every_cell() -> None:
    """No state and reading meet without a known outcome."""
    states = (QUIET, PENDING, FIRING, CLEARING)
    assert set(TABLE) == {(state, reading) for state in states for reading in Reading}


def test_a_breach_fires_at_once_without_a_wait() -> None:
    """`for: 0s` skips pending."""
    assert walk(Track(), BREACH, waits=WAITS._replace(for_s=0)) == [FIRING]


def test_a_breach_fires_when_it_has_lasted() -> None:
    """`for` counts the seconds after the first."""
    assert walk(Track(), BREACH, BREACH, BREACH) == [PENDING, PENDING, FIRING]


def test_unusable_seconds_hold_the_wait_of_a_breach() -> None:
    """They neither count towards `for` nor break it."""
    states = walk(Track(), BREACH, UNUSABLE, UNUSABLE, BREACH, UNUSABLE, BREACH)
    assert states == [PENDING] * 5 + [FIRING]


def test_a_pending_breach_is_dropped_after_window_and_for_without_a_value() -> None:
    """Blindness of window + for seconds ends it."""
    track = in_state(PENDING)
    assert walk(track, *[UNUSABLE] * WAITS.blindness_s) == [PENDING] * WAITS.blindness_s
    assert walk(track, UNUSABLE) == [QUIET]


def test_recovery_comes_after_the_hold() -> None:
    """`hold` counts the clear seconds after the first."""
    states = walk(in_state(FIRING), CLEAR, CLEAR, CLEAR, CLEAR)
    assert states == [CLEARING] * 3 + [State.RECOVERED]


def test_recovery_without_a_hold_comes_at_once() -> None:
    """`hold: 0s` skips clearing."""
    assert walk(in_state(FIRING), CLEAR, waits=WAITS._replace(hold_s=0)) == [State.RECOVERED]


@pytest.mark.parametrize("reading", [BREACH, BETWEEN])
def test_the_hold_begins_anew_when_it_is_broken(reading: Reading) -> None:
    """Clear seconds count in a row only."""
    states = walk(in_state(FIRING), CLEAR, CLEAR, reading, CLEAR, CLEAR, CLEAR, CLEAR)
    assert states[-2:] == [CLEARING, State.RECOVERED]


def test_unusable_seconds_hold_the_count_of_clear_ones() -> None:
    """A gap in knowledge neither clears nor breaks the row."""
    states = walk(in_state(CLEARING), CLEAR, UNUSABLE, UNUSABLE, CLEAR, CLEAR)
    assert states == [CLEARING] * 4 + [State.RECOVERED]


@pytest.mark.parametrize("state", [FIRING, CLEARING])
def test_an_incident_expires_after_an_hour_without_a_value(state: State) -> None:
    """An hour, or two windows where they are longer."""
    track = in_state(state)
    assert set(walk(track, *[UNUSABLE] * 3600)) == {state}
    assert walk(track, UNUSABLE) == [State.EXPIRED]


def test_the_expiry_of_a_long_window_is_two_windows() -> None:
    """A rule over an hour may be blind for two."""
    assert Waits.of(0, 0, 3600).expiry_s == 7200


def test_a_usable_second_begins_the_expiry_anew() -> None:
    """Only seconds in a row count."""
    track = in_state(FIRING)
    walk(track, *[UNUSABLE] * 3600, BREACH)
    assert walk(track, *[UNUSABLE] * 3600)[-1] is FIRING


def test_gravity_is_the_limit_that_was_exceeded_for_long_enough() -> None:
    """A short excursion beyond the graver limit does not count as one."""
    track = Track(beyond=[NOT_COUNTING, NOT_COUNTING])
    gravities = []
    for level in (0, 1, 0, 1, 1, 1):
        track.step(BREACH, level, WAITS)
        gravities.append(track.gravity(WAITS))
    assert gravities == [-1, -1, 0, 0, 0, 1]


@given(st.lists(st.sampled_from(list(Reading)), max_size=60))
def test_flapping_never_notifies_twice_within_the_hold(readings: list[Reading]) -> None:
    """Between a firing and the next there are a whole `for` and a whole `hold`."""
    track, fired, ended = Track(), [], []
    for second, reading in enumerate(readings):
        before = track.state
        if before in (State.RECOVERED, State.EXPIRED):
            track, before = Track(), QUIET
        state = track.step(reading, 0 if reading is BREACH else -1, WAITS)
        if state is FIRING and before in (QUIET, PENDING):
            fired.append(second)
        if state is State.RECOVERED:
            ended.append(second)
    assert all(b - a > WAITS.for_s + WAITS.hold_s for a, b in pairwise(fired))
    assert len(ended) in (len(fired), len(fired) - 1)
