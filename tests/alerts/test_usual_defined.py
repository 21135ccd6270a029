"""The usual value is the one the definition names."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta, tzinfo
from statistics import median
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from minute_stats import BUSY, Days, minute_of_hits

from logmond.alerts.baseline import Baselines
from logmond.alerts.localtime import same_time
from logmond.frame.minutes import Minute

VIENNA = ZoneInfo("Europe/Vienna")


def naive_usual(days: Days, minute: int, zone: tzinfo) -> float | None:
    """The definition, written down plainly: every minute of two weeks is asked for its time."""
    by_day: dict[int, list[int]] = {}
    local = datetime.fromtimestamp(minute, zone).replace(tzinfo=None)
    for back in range(1, 15):
        wanted = (local - timedelta(days=back)).replace(tzinfo=zone)
        center = int(wanted.astimezone(UTC).timestamp())
        known = [days.at(center + 60 * k) for k in range(-5, 6)]
        whole = [m.exact.hits for m in known if m is not None and m.whole(None)]
        if len(whole) >= 6:
            by_day[back] = whole
    if len(by_day) >= 3:
        return median(hits for day in by_day.values() for hits in day)
    known = [days.at(minute - 60 * k) for k in range(2, 182)]
    whole = [m.exact.hits for m in known if m is not None and m.whole(None)]
    return median(whole) if len(whole) >= 150 else None


def random_days(seed: int, lost: float) -> Days:
    """Random traffic in which a share of the minutes is lost, or was only half observed."""

    def traffic(start: int) -> Minute | None:
        draw = random.Random(f"{seed} {start}")
        if draw.random() < lost:
            partial = minute_of_hits({"a": 7777}, ("web",))
            return draw.choice([None, partial])
        return minute_of_hits({"a": draw.randrange(1, 1000)})

    return Days(traffic)


@given(
    st.integers(0, 10**9),
    st.sampled_from([0.0, 0.2, 0.5, 0.8]),
    st.sampled_from(
        [
            (datetime(2026, 6, 1), VIENNA),
            (datetime(2026, 4, 5), VIENNA),  # clocks went forward a week before
            (datetime(2026, 10, 30), VIENNA),  # and back a few days before
            (datetime(2026, 11, 5), ZoneInfo("America/New_York")),
            (datetime(2026, 4, 8), ZoneInfo("Australia/Lord_Howe")),  # by half an hour
            (datetime(2026, 1, 5), UTC),
        ]
    ),
    st.integers(0, 2 * 1440),
)
@settings(max_examples=60)
def test_the_usual_is_the_median_the_definition_names(
    seed: int, lost: float, when: tuple[datetime, tzinfo], later: int
) -> None:
    """Over changes of the clock and lost minutes, it equals the naive computation."""
    begin, zone = when
    minute = int(begin.replace(tzinfo=zone).timestamp()) + 60 * later
    days = random_days(seed, lost)
    baselines = Baselines(lambda start: None, days, zone=zone)
    baselines.watch([BUSY])
    baselines.prepare(minute - 1)
    for at in (minute, minute + 60):
        for second in range(at, at + 60):
            baselines.advance(second)
        assert baselines.usual(BUSY, ()).value == naive_usual(days, at, zone)


def test_the_same_time_is_that_of_the_clock_on_the_wall() -> None:
    """Noon is noon, though there are 23 or 25 hours between two of them."""
    monday = int(datetime(2026, 3, 30, 12, tzinfo=VIENNA).timestamp())
    assert monday - same_time(monday, 1, VIENNA) == 24 * 3600
    assert monday - same_time(monday, 2, VIENNA) == 47 * 3600
    monday = int(datetime(2026, 10, 26, 12, tzinfo=VIENNA).timestamp())
    assert monday - same_time(monday, 2, VIENNA) == 49 * 3600
