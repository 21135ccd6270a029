"""Row 41: a value flapping at the threshold tells one fire and one recovery a hold time at most."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.alerts.event import Event
from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService
from logmond.frame.frame import Delta, Exact
from logmond.stats.service import StatisticsService

START = 1_795_453_200
LIMIT = 10


def told(rule: Rule, values: list[int]) -> list[Event]:
    """What a rule over one second tells, on the real statistics; updates are not counted."""
    stats = StatisticsService()
    stats.coverage.observe("web", START - 10)
    stats.start(START - 1)
    alerts = AlertService([rule], stats, "web1")
    events: list[Event] = []
    for second, hits in enumerate(values, START):
        exact = Exact({("web", "-", "GET", "200", "/"): [hits, 0]} if hits else {})
        stats.add(Delta({second: exact}))
        stats.advance(second)
        events += alerts.step(second)
    return [event for event in events if event.kind != "update"]


def rule(side: str, for_s: int, hold_s: int) -> Rule:
    """Fires at 10 hits a second, and recovers there."""
    limit = (("warning", float(LIMIT)),)
    return Rule(
        "flaps", "hits", window_s=1, for_s=for_s, hold_s=hold_s,
        above=limit if side == "above" else None, below=limit if side == "below" else None,
    )  # fmt: skip


def gaps(events: list[Event], kind: str) -> list[int]:
    """Seconds between two of a kind."""
    return [
        later.at - earlier.at for earlier, later in pairwise(e for e in events if e.kind == kind)
    ]


@pytest.mark.parametrize("side", ["above", "below"])
@pytest.mark.parametrize("period", [1, 2, 5, 29, 30])
def test_a_value_that_flaps_faster_than_the_hold_is_one_incident(side: str, period: int) -> None:
    """Ten minutes of it: one fire, no recovery before it ends."""
    values = [LIMIT + (1 if second // period % 2 else -1) for second in range(600)]
    values += [LIMIT - 5 if side == "above" else LIMIT + 5] * 31
    events = told(rule(side, 0, 30), values)
    assert [event.kind for event in events] == ["alert", "recovered"]
    assert events[1].at >= START + 600


@pytest.mark.parametrize("side", ["above", "below"])
def test_a_value_that_flaps_slower_than_the_hold_tells_each_time_once(side: str) -> None:
    """A minute each way: five of each in ten minutes."""
    values = [LIMIT + (1 if second // 60 % 2 else -1) for second in range(640)]
    events = told(rule(side, 0, 30), values)
    kinds = [event.kind for event in events]
    assert kinds[: 2 * 5] == ["alert", "recovered"] * 5
    assert set(gaps(events, "alert")) == {120}


def test_a_value_at_the_threshold_is_not_beyond_it() -> None:
    """Neither side fires."""
    for side in ("above", "below"):
        assert told(rule(side, 0, 0), [LIMIT] * 60) == []


@settings(max_examples=150)
@given(
    values=st.lists(st.integers(LIMIT - 1, LIMIT + 1), min_size=1, max_size=120),
    side=st.sampled_from(["above", "below"]),
    for_s=st.integers(0, 5),
    hold_s=st.integers(0, 20),
)
def test_any_flapping_fires_and_recovers_at_most_once_a_hold(
    values: list[int], side: str, for_s: int, hold_s: int
) -> None:
    """Between two fires lie a whole hold and a whole wait, between two recoveries too."""
    events = told(rule(side, for_s, hold_s), values)
    kinds = [event.kind for event in events]
    assert kinds == (["alert", "recovered"] * len(kinds))[: len(kinds)]
    for kind in ("alert", "recovered"):
        assert all(gap > for_s + hold_s for gap in gaps(events, kind))
