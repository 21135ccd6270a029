"""Other rules are watched from now on; what goes on is the same incident."""

from __future__ import annotations

from dataclasses import replace

from fake_stats import HIGH, LADDER, START, Daemon, FakeStatistics, stats_of, told

from logmond.alerts.rule import Rule
from logmond.frame.selector import Selector


def test_a_reload_goes_on_within_the_same_incident() -> None:
    """Another limit is judged anew, under the old id."""
    daemon = Daemon(HIGH, stats=stats_of(*[20] * 30))
    (alert,) = daemon.run(10)
    raised = Rule("high", "hits_per_second", window_s=10, above=(("warning", 25.0),), hold_s=5)
    assert daemon.alerts.reload([raised], START + 10) == []
    (recovered,) = daemon.run(20)
    assert (recovered.kind, recovered.at - START, recovered.id) == ("recovered", 16, alert.id)
    assert recovered.limit == 25.0


def test_a_reload_with_graver_limits_may_raise_the_severity() -> None:
    """The new limits hold for the open incident."""
    daemon = Daemon(HIGH, stats=stats_of(*[20] * 30))
    (alert,) = daemon.run(10)
    graver = Rule(
        "high", "hits_per_second", window_s=10, above=(("warning", 5.0), ("critical", 15.0))
    )
    daemon.alerts.reload([graver], START + 10)
    (raised,) = daemon.run(12)
    assert (raised.kind, raised.severity, raised.id) == ("alert", "critical", alert.id)


def test_a_reload_that_makes_the_only_limit_graver_is_told_when_it_is_exceeded() -> None:
    """Who asked to be woken from critical on hears of it; a limit beyond the value wakes nobody."""
    for limit, kind, severity in ((15.0, "alert", "critical"), (50.0, "recovered", "warning")):
        daemon = Daemon(HIGH, stats=stats_of(*[20] * 60))
        (alert,) = daemon.run(10)
        daemon.alerts.reload([replace(HIGH, above=(("critical", limit),))], START + 10)
        (event,) = daemon.run(40)
        assert (event.id, event.kind, event.severity) == (alert.id, kind, severity)


def test_a_reload_removes_incidents_of_rules_that_are_gone_or_grouped_otherwise() -> None:
    """They end, told, as removed."""
    daemon = Daemon(HIGH, LADDER, stats=stats_of(*[200] * 30, vhost="a"))
    assert len(daemon.run(5)) == 2
    grouped = Rule("high", "hits", group_by=("vhost",), window_s=10, above=(("warning", 1e9),))
    events = daemon.alerts.reload([grouped], START + 5)
    assert [(e.rule, e.kind, e.state) for e in events] == [
        ("high", "removed", "removed"),
        ("ladder", "removed", "removed"),
    ]
    assert events[0].message.startswith("High removed - its rule watches other groups, ended at")
    assert events[1].message.startswith("Ladder removed - its rule is gone, ended at")
    assert daemon.alerts.incidents() == []
    assert len(daemon.alerts.incidents(all=True)) == 2
    assert daemon.stats.series_kept == {(Selector(), ("vhost",))}


def test_a_reload_lets_go_of_groups_that_the_rule_leaves_out() -> None:
    """A host that was switched off for good is gone with a `where` that names the others."""
    stats = FakeStatistics()
    for second in range(-30, 200):
        stats.put(second, 5, vhost="a")
        if second < 20:
            stats.put(second, 5, vhost="b")
    few = Rule("few", "hits", group_by=("vhost",), window_s=10, below=(("warning", 3.0),))
    daemon = Daemon(few, stats=stats)
    assert told(daemon.run(60)) == [(29, "alert")]
    left = replace(few, selector=Selector.of({"vhost": "a*"}))
    [removed] = daemon.alerts.reload([left], stats.now)
    assert (removed.group, removed.kind) == ({"vhost": "b"}, "removed")
    assert removed.message.startswith("Few (vhost b) removed - its rule watches other groups")
    assert told(daemon.run(200)) == []


def test_a_reload_lets_go_of_silence_that_is_no_alert_any_more() -> None:
    """What the rule as a whole waited for is not its business then."""
    stats = FakeStatistics()
    stats.put(0, 5, vhost="a")
    hosts = Rule("hosts", "hits", group_by=("vhost",), window_s=10, above=(("warning", 9.0),))
    daemon = Daemon(replace(hosts, no_data="alert"), stats=stats)
    assert told(daemon.run(30)) == [(10, "alert")]
    [removed] = daemon.alerts.reload([hosts], stats.now)
    assert (removed.group, removed.kind) == ({}, "removed")
    assert told(daemon.run(60)) == []
