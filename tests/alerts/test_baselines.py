"""What is usual at this time of day, and which incidents follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC

import pytest
from minute_stats import BUSY, DAY_S, NOON, Days, Watcher, minute_of_hits

from logmond.alerts.baseline import READING, Baselines
from logmond.alerts.rule import Rule
from logmond.frame.caps import Caps
from logmond.frame.frame import Exact
from logmond.frame.minutes import Minute, cut_minute
from logmond.frame.sketches import bucket_of


def daily(peak: float, on: int | None = None) -> Days:
    """A hundred requests a minute, but `peak` times that from 12:10 to 12:20 (of one day)."""

    def traffic(start: int) -> Mapping[str, int]:
        inside = 600 <= (start - NOON) % DAY_S < 1200
        if inside and (on is None or on <= start < on + DAY_S):
            return {"a": round(100 * peak)}
        return {"a": 100}

    return Days(traffic)


@pytest.mark.parametrize(("peak", "fired"), [(2.9, []), (3.0, []), (3.1, ["alert", "recovered"])])
def test_it_fires_beyond_the_multiple_and_not_below_it(peak: float, fired: list[str]) -> None:
    """After twenty days of a hundred requests a minute, 310 are more than three times as many."""
    watcher = Watcher(daily(peak, on=NOON), BUSY)
    events = [e for e in watcher.run(NOON, 30) if e.kind != "update"]
    assert [event.kind for event in events] == fired
    if fired:
        assert (events[0].value, events[0].limit) == (310, 300)
        assert "hits = 310, triggered at" in events[0].message
        assert "Requests over 1m, limit 300 (3x the usual 100)." in events[0].message


def test_a_daily_incident_does_not_become_usual() -> None:
    """The same minutes of every day are left out for having been incidents of this rule."""
    days = daily(10)
    watcher = Watcher(days, BUSY)
    fired = []
    first = NOON - 20 * DAY_S
    calm = Days(lambda start: days.at(start) if start >= first else {"a": 100})
    watcher = Watcher(calm, BUSY)
    for day in range(20):
        events = watcher.run(first + day * DAY_S, 30)
        fired.append([event.kind for event in events if event.kind != "update"])
    assert fired == [["alert", "recovered"]] * 20
    forgetful = Watcher(days, BUSY)
    assert forgetful.run(NOON, 30) == []  # without those incidents, ten times is the usual


def test_with_fewer_than_three_days_the_last_three_hours_stand_in() -> None:
    """A daemon of yesterday knows no Mondays, but it knows the morning."""
    peak = daily(3.1, on=NOON)
    young = Days(lambda start: peak.at(start) if start >= NOON - 4 * 3600 else None)
    alert, *_ = Watcher(young, BUSY).run(NOON, 15)
    assert (alert.kind, alert.limit) == ("alert", 300)


@pytest.mark.parametrize(("age_s", "known"), [(2520, "41 minutes"), (120, "1 minute")])
def test_with_less_nothing_fires_and_the_reason_is_told(age_s: int, known: str) -> None:
    """41 minutes are not a usual value."""
    newborn = Days(
        lambda start: {"a": 100 if start < NOON else 9000} if start >= NOON - age_s else None
    )
    watcher = Watcher(newborn, BUSY)
    assert watcher.run(NOON, 1) == []
    (status,) = watcher.alerts.statuses()
    assert (status.limit, status.reason) == (None, f"baseline not known yet: {known} of 3h")


def test_an_incident_of_hours_does_not_become_usual_either() -> None:
    """While it is open, the three hours are those before it fired."""
    traffic = Days(
        lambda start: {"a": 1000 if start >= NOON else 100} if start > NOON - DAY_S else None
    )
    watcher = Watcher(traffic, BUSY)
    events = watcher.run(NOON, 8 * 60)
    assert {event.kind for event in events} == {"alert", "update"}
    assert "still above 300 (3x the usual 100) for 7h59m: now 1,000" in events[-1].message


def test_partial_minutes_are_left_out() -> None:
    """Half of what happened says nothing of what is usual."""
    calm = daily(2.9, on=NOON)

    def traffic(start: int) -> Minute | None:
        partial = start < NOON and start % 120
        return minute_of_hits({"a": 5}, ("web",)) if partial else calm.at(start)

    # Of the eleven minutes of a day five or six are whole: some hours they count, some they do not.
    assert Watcher(Days(traffic), BUSY).run(NOON, 30) == []


@pytest.mark.parametrize("stop", [3, 9, 10, 11, 12, 15, 19, 20, 21, 25])
@pytest.mark.parametrize("known_s", [20 * DAY_S, 4 * 3600])
def test_a_daemon_killed_in_the_middle_finds_the_same_incidents(stop: int, known_s: int) -> None:
    """Before, during and after an incident; by days, and by the last hours."""
    peak = daily(3.1, on=NOON)
    days = Days(lambda start: peak.at(start) if start >= NOON - known_s else None)
    at_once = Watcher(days, BUSY)
    expected = at_once.run(NOON, 30)
    first = Watcher(days, BUSY)
    events = first.run(NOON, stop)
    events += first.killed().run(NOON + 60 * stop, 30 - stop)
    assert events == expected
    assert [event.kind for event in events if event.kind != "update"] == ["alert", "recovered"]


def test_an_ended_incident_is_left_out_after_a_restart_too() -> None:
    """What was seeded at the start counts like what was seen."""
    days = daily(10)
    baselines = Baselines(lambda start: None, days, zone=UTC)
    baselines.watch([BUSY])
    spans = [
        ("busy", (), NOON + 600 - day * DAY_S, NOON + 1199 - day * DAY_S) for day in range(1, 12)
    ]
    baselines.seed(reversed(spans))
    baselines.prepare(NOON + 899)
    usual = baselines.usual(BUSY, ())
    assert (usual.value, usual.days) == (1000, 3)  # three days without an incident are left
    baselines.seed([("busy", (), NOON + 600 - 12 * DAY_S, NOON + 1199 - 12 * DAY_S)])
    baselines.watch([BUSY])
    assert baselines.usual(BUSY, ()).days == 0


def test_less_than_usual_can_be_watched() -> None:
    """A third of the usual traffic; at night, when little is usual, nothing is missing."""
    rule = Rule(
        "few", "hits", group_by=("vhost",), window_s=60, below=(("warning", 0.3),),
        baseline=True, min_hits=60, hold_s=0,
    )  # fmt: skip
    days = Days(lambda s: {"big": 299 if s >= NOON else 1000, "small": 1 if s >= NOON else 50})
    watcher = Watcher(days, rule)
    watcher.run(NOON - 120, 2)
    (event,) = watcher.run(NOON, 1)
    assert (event.group, event.limit, event.value) == ({"vhost": "big"}, 300, 299)


def test_ratios_and_two_severities_have_baselines() -> None:
    """Ten per cent are usual; thirty and sixty are not."""
    rule = Rule(
        "errors", "ratio_5xx", window_s=60, above=(("warning", 2.0), ("critical", 5.0)),
        baseline=True, recover=1.5, min_hits=60, hold_s=0,
    )  # fmt: skip
    shares = {0: 10, 1: 25, 2: 60, 3: 40, 4: 18, 5: 14}

    def traffic(start: int) -> Minute:
        failed = shares.get((start - NOON) // 60, 10)
        cells = {
            ("web", "a", "GET", status, "/"): [n, 0]
            for status, n in (("200", 100 - failed), ("500", failed))
        }
        return Minute(Exact(cells))

    events = Watcher(Days(traffic), rule).run(NOON, 6)
    assert [(e.kind, e.severity, e.limit) for e in events] == [
        ("alert", "warning", 0.2),
        ("alert", "critical", 0.5),
        *[("update", "critical", 0.5)] * 3,
        ("recovered", "critical", 0.5),
    ]
    assert "Share of 5xx responses over 1m, limit 50% (5x the usual 10.0%)" in events[1].message
    assert "still above 20% (2x the usual 10.0%)" in events[3].message
    assert "not yet below 15% (1.5x the usual 10.0%)" in events[4].message


def test_at_five_requests_a_minute_nothing_fires() -> None:
    """Fifteen instead of five is nobody's night."""
    rule = Rule("busy", "hits", window_s=60, above=(("warning", 3.0),), baseline=True, min_hits=60)
    days = Days(lambda start: {"a": 59 if start >= NOON else 5})
    assert Watcher(days, rule).run(NOON, 30) == []


def test_a_usual_of_nothing_has_no_multiples() -> None:
    """Three times 0 is 0, and everything is more."""
    watcher = Watcher(Days(lambda start: {"a": 900} if start >= NOON else {}), BUSY)
    assert watcher.run(NOON, 5) == []
    (status,) = watcher.alerts.statuses()
    assert status.reason == "the usual is 0, and so is every multiple of it"


def test_after_a_leap_it_is_unknown_until_everything_was_read() -> None:
    """A few minutes are read each second, not hundreds at once."""
    days = daily(1)
    baselines = Baselines(lambda start: None, days, zone=UTC)
    baselines.watch([BUSY])
    baselines.prepare(NOON - 1)
    baselines.advance(NOON)
    assert baselines.usual(BUSY, ()).value == 100
    most, second = 0, NOON + 40_000
    for second in range(NOON + 40_000, NOON + 40_300):
        days.asked.clear()
        baselines.advance(second)
        most = max(most, len(days.asked))
        if baselines.usual(BUSY, ()) != READING:
            break
    assert second - NOON - 40_000 > 60
    assert most <= 3
    assert baselines.usual(BUSY, ()).value == 100


def test_a_minute_to_come_is_read_ahead_a_little_each_second() -> None:
    """Fourteen days and one minute, spread over the minute before."""
    days = daily(1)
    baselines = Baselines(lambda start: None, days, zone=UTC)
    baselines.watch([BUSY])
    baselines.prepare(NOON - 1)
    for second in range(NOON, NOON + 60):
        baselines.advance(second)
    days.asked.clear()
    per_second = []
    for second in range(NOON + 60, NOON + 120):
        before = len(days.asked)
        baselines.advance(second)
        per_second.append(len(days.asked) - before)
    assert sum(per_second) == 15
    assert max(per_second) == 1


def test_percentiles_have_a_usual_value() -> None:
    """Within the width of the buckets that minutes keep durations in."""
    rule = Rule("slow", "duration_p95", window_s=60, above=(("warning", 3.0),), baseline=True)
    histogram = {bucket_of(0.1): 80, bucket_of(0.2): 19, bucket_of(5.0): 1}

    def traffic(start: int) -> Minute:
        minute = minute_of_hits({"a": 100})
        minute.exact.durations["web", "a", "/"] = dict(histogram)
        cut_minute(minute.exact, Caps())
        return minute

    baselines = Baselines(lambda start: None, Days(traffic), zone=UTC)
    baselines.watch([rule])
    baselines.prepare(NOON)
    usual = baselines.usual(rule, ()).value
    assert usual == pytest.approx(0.2, rel=0.06)
    bounds, _ = baselines.bounds(rule, ())
    assert bounds is not None
    assert bounds.limits == (pytest.approx(3 * usual, rel=0.005),)


def test_a_reload_goes_on_within_the_same_incident() -> None:
    """Another multiple counts at once; another metric is read first, and waits for it."""
    watcher = Watcher(daily(5, on=NOON), BUSY, eager=False)
    watcher.stats.now = NOON - 1
    watcher.baselines.prepare(NOON - 1)
    (alert,) = watcher.run(NOON, 11)
    higher = replace(BUSY, above=(("warning", 4.0),))
    rates = replace(BUSY, name="rates", metric="bytes_per_second")
    assert watcher.alerts.reload([higher, rates], watcher.stats.now) == []
    by_name = {status.name: status for status in watcher.alerts.statuses()}
    assert (by_name["busy"].state, by_name["busy"].limit) == ("firing", 400)
    assert (by_name["rates"].limit, by_name["rates"].reason) == (None, "baseline is being read")
    (update,) = watcher.run(NOON + 660, 1)
    assert (update.id, update.limit) == (alert.id, 300)
    assert "still above 400 (4x the usual 100)" in update.message
