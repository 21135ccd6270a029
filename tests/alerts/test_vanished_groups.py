"""Groups that vanish while they fire are closed, and what closed them is said."""

from __future__ import annotations

import pytest
from fake_stats import START, Daemon, FakeStatistics, told

from logmond.alerts.admission import RULE_CAP
from logmond.alerts.event import Event
from logmond.alerts.rule import Rule


def notable(events: list[Event]) -> list[Event]:
    """All but updates."""
    return [event for event in events if event.kind != "update"]


@pytest.mark.parametrize(
    ("metric", "limit"), [("hits", 50.0), ("hits_per_second", 5.0), ("bytes_per_second", 500.0)]
)
def test_a_count_whose_lines_stop_falls_to_nothing_and_recovers(metric: str, limit: float) -> None:
    """The recovery says that nobody asks, which may be a fault of the sender."""
    stats = FakeStatistics()
    for second in range(20):
        stats.put(second, 30, bytes=3000, vhost="gone")
        stats.put(second, 1, bytes=1, vhost="there")
    for second in range(20, 90):
        stats.put(second, 1, bytes=1, vhost="there")
    rule = Rule(
        "busy", metric, group_by=("vhost",), window_s=10, hold_s=5, above=(("warning", limit),)
    )
    daemon = Daemon(rule, stats=stats)
    events = notable(daemon.run(90))
    assert [(event.kind, event.group["vhost"]) for event in events] == [
        ("alert", "gone"),
        ("recovered", "gone"),
    ]
    assert events[1].value == 0
    assert "No requests for 10s: traffic stopped, or its sender did." in events[1].message
    assert daemon.alerts.incidents() == []


@pytest.mark.parametrize(("metric", "limit"), [("ratio_5xx", 0.5), ("duration_p95", 0.1)])
def test_a_ratio_whose_lines_stop_cannot_tell_and_expires(metric: str, limit: float) -> None:
    """Silence is no recovery: after an hour of it the incident ends, without a claim."""
    stats = FakeStatistics()
    for second in range(20):
        stats.put(second, 30, duration_s=1.0, vhost="gone", status="502")
    rule = Rule(
        "bad", metric, group_by=("vhost",), window_s=10, hold_s=5, min_hits=20,
        above=(("warning", limit),),
    )  # fmt: skip
    daemon = Daemon(rule, stats=stats)
    (alert,) = notable(daemon.run(3000))
    (incident,) = daemon.alerts.incidents()
    assert (incident.usable, incident.reason) == (False, "no requests in 10s")
    assert "cannot tell: no requests in 10s" in daemon.run(3060)[-1].message
    (expired,) = notable(daemon.run(4000))
    # The window holds twenty requests until second 28; the next hour says nothing.
    assert told([expired]) == [(29 + 3600, "expired")]
    assert (expired.id, expired.value, expired.recovered_at) == (alert.id, None, None)
    assert "ended without data" in expired.message
    assert daemon.alerts.incidents() == []
    assert daemon.alerts.statuses()[0].state == "quiet"


def test_a_ratio_group_that_comes_back_goes_on_in_its_incident() -> None:
    """Half an hour of silence lies between, and it recovers by what it shows then."""
    stats = FakeStatistics()
    for second in [*range(10), *range(1800, 1830)]:
        failing = second < 10
        stats.put(second, 30, vhost="gone", status="502" if failing else "200")
    rule = Rule(
        "bad", "ratio_5xx", group_by=("vhost",), window_s=10, hold_s=5, above=(("warning", 0.5),)
    )
    events = notable(Daemon(rule, stats=stats).run(1830))
    assert told(events) == [(0, "alert"), (1805, "recovered")]
    assert len({event.id for event in events}) == 1


def test_the_rest_is_one_group_that_fires_is_shown_and_vanishes() -> None:
    """More hosts than are watched one by one, each harmless, together above the limit."""
    stats = FakeStatistics()
    hosts = RULE_CAP + 40
    for second in range(3):
        for number in range(hosts):
            stats.put(second, 3 if number < RULE_CAP else 2, vhost=f"h{number:03}")
    rule = Rule(
        "busy", "hits", group_by=("vhost",), window_s=1, hold_s=2, above=(("warning", 60.0),)
    )
    daemon = Daemon(rule, stats=stats)
    (alert,) = daemon.run(2)
    assert (alert.group, alert.value) == ({"vhost": "(other)"}, 80)
    status = daemon.alerts.statuses()[0]
    assert (status.groups, status.groups_folded, status.groups_firing) == (RULE_CAP, 40, 1)
    shown = daemon.alerts.groups("busy")
    assert (shown[0].group, shown[0].state, shown[0].value) == (
        {"vhost": "(other)"}, "firing", 80,
    )  # fmt: skip
    assert len(shown) == RULE_CAP + 1
    (recovered,) = daemon.run(10)
    assert (recovered.at - START, recovered.kind, recovered.id) == (5, "recovered", alert.id)
    assert daemon.alerts.statuses()[0].groups == 0


def test_a_host_that_stops_is_missed_and_its_return_is_a_recovery() -> None:
    """A `below` rule by host closes what it opened, once."""
    stats = FakeStatistics()
    for second in [*range(30), *range(60, 90)]:
        stats.put(second, 10, vhost="shop")
    rule = Rule(
        "few", "hits", group_by=("vhost",), window_s=5, hold_s=5, below=(("warning", 10.0),)
    )
    events = notable(Daemon(rule, stats=stats).run(90))
    assert told(events) == [(34, "alert"), (65, "recovered")]
