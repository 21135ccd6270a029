"""What the service does around the lifecycle: knowledge, severities, reload, subscribers."""

from __future__ import annotations

from conftest import LoggedErrors
from fake_stats import HIGH, LADDER, START, Daemon, FakeStatistics, stats_of, told

from logmond.alerts.event import Event
from logmond.alerts.rule import DEFAULT_RULES, Rule
from logmond.frame.selector import Selector


def test_the_default_rule_is_the_specified_one() -> None:
    """Average above 10 requests a second over 2 minutes, held for 30 s."""
    (rule,) = DEFAULT_RULES
    assert (rule.name, rule.metric, rule.window_s) == ("high-traffic", "hits_per_second", 120)
    assert (rule.above, rule.hold_s, rule.for_s) == ((("warning", 10.0),), 30, 0)


def test_a_value_at_the_limit_is_not_beyond_it() -> None:
    """Above means above; and dropped to the limit is not above any more."""
    events = Daemon(HIGH, stats=stats_of(100, 1, *[0] * 20)).run(30)
    assert told(events) == [(1, "alert"), (15, "recovered")]


def test_a_partial_window_fires_above_and_never_clears() -> None:
    """What was seen is enough to be too much, and never enough to be over."""
    daemon = Daemon(HIGH, stats=stats_of(200))
    daemon.stats.coverage.unobserved = {START - 5, START + 2}
    events = daemon.run(16)
    assert told(events) == [(0, "alert")]
    (incident,) = daemon.alerts.incidents()
    assert incident.state.value == "clearing"
    assert told(daemon.run(30)) == [(17, "recovered")]


def test_a_partial_window_never_fires_below() -> None:
    """A daemon that has just started does not report silence."""
    daemon = Daemon(Rule("silent", "hits", window_s=10, below=(("warning", 1.0),)))
    daemon.stats.coverage.unobserved = set(range(START - 20, START + 3))
    assert told(daemon.run(20)) == [(12, "alert")]


def test_one_broken_source_of_several_makes_the_window_partial() -> None:
    """The others' flood is told, by an alert that ends when all are read again."""
    daemon = Daemon(HIGH, Rule("low", "hits", below=(("warning", 1.0),)), stats=stats_of(200))
    daemon.stats.coverage.part = "source apache unreadable (permission denied) since 17:00:00Z"
    assert [(at, kind) for at, kind in told(daemon.run(40))] == [(0, "alert")]
    (status, _) = daemon.alerts.statuses()
    assert status.reason == daemon.stats.coverage.part
    daemon.stats.coverage.part = None
    assert told(daemon.run(60))[0] == (46, "recovered")


def test_a_folded_dimension_makes_the_window_partial() -> None:
    """Lines counted under (other) may be the rule's."""
    daemon = Daemon(HIGH, stats=stats_of(200))
    daemon.run(5)
    daemon.stats.series(Selector()).is_folded = True
    assert [e.kind for e in daemon.run(100)] == ["update"]
    (incident,) = daemon.alerts.incidents()
    assert incident.reason == "too many different keys, some are counted together"


def test_thin_ratios_are_unusable_and_say_so() -> None:
    """Three failures out of three at night wake nobody."""
    rule = Rule("errors", "ratio_5xx", window_s=10, above=(("warning", 0.05),), min_hits=20)
    daemon = Daemon(rule, stats=stats_of(3, status="500"))
    assert daemon.run(5) == []
    (status,) = daemon.alerts.statuses()
    assert (status.value, status.reason) == (None, "only 3 requests in 10s, min_hits is 20")


def test_an_incident_without_traffic_expires_as_without_data() -> None:
    """A ratio of nothing neither recovers nor stays for ever."""
    rule = Rule("errors", "ratio_5xx", window_s=10, above=(("warning", 0.05),))
    daemon = Daemon(rule, stats=stats_of(30, status="500"))
    events = [e for e in daemon.run(4000) if e.kind != "update"]
    assert told(events) == [(0, "alert"), (3610, "expired")]
    assert "ended without data - last 5xx = 100.0%" in events[1].message
    assert "No usable value for 1h0m: no requests in 10s." in events[1].message
    assert events[1].recovered_at is None
    assert events[1].state == "expired"


def test_a_graver_limit_raises_the_severity_of_the_same_incident() -> None:
    """One incident, told again, never lowered."""
    daemon = Daemon(LADDER, stats=stats_of(20, 60, 20, 60, 5, 5, 5))
    events = daemon.run(10)
    assert [(e.at - START, e.kind, e.severity, e.limit) for e in events] == [
        (0, "alert", "warning", 10.0),
        (1, "alert", "critical", 50.0),
        (6, "recovered", "critical", 50.0),
    ]
    assert len({event.id for event in events}) == 1
    assert events[1].triggered_at == START
    assert events[1].message.startswith("Ladder rose to critical - hits = 60, triggered at ")


def test_a_breach_of_both_limits_is_one_alert_of_the_graver() -> None:
    """No warning is told when it is critical from the start."""
    events = Daemon(LADDER, stats=stats_of(60)).run(1)
    assert [(e.kind, e.severity) for e in events] == [("alert", "critical")]


def test_below_rules_have_graver_limits_further_down() -> None:
    """The lower, the graver."""
    rule = Rule("few", "hits", window_s=1, hold_s=0, below=(("warning", 10.0), ("critical", 2.0)))
    events = Daemon(rule, stats=stats_of(20, 5, 1, 10)).run(3)
    assert [(e.at - START, e.kind, e.severity) for e in events] == [
        (1, "alert", "warning"),
        (2, "alert", "critical"),
        (3, "recovered", "critical"),
    ]


def test_a_percentile_fires_when_more_than_its_share_is_slower() -> None:
    """p99 over the limit means that more than 1 % of the hits took longer."""
    rule = Rule("slow", "duration_p99", window_s=1, above=(("warning", 0.5),), hold_s=0)
    stats = FakeStatistics()
    for second, slow in enumerate((10, 11, 10)):
        stats.put(second, 1000 - slow, duration_s=0.1)
        stats.put(second, slow, duration_s=0.9)
    stats.put(1, 5000)  # without a duration, they do not count
    assert told(Daemon(rule, stats=stats).run(2)) == [(1, "alert"), (2, "recovered")]


def test_distinct_clients_and_the_ledger_can_be_watched() -> None:
    """They are computed once a block; the peak is that of the window."""
    clients = Rule("crowd", "distinct_clients", above=(("warning", 100.0),), hold_s=0)
    unparsed = Rule("junk", "unparsed_ratio", above=(("warning", 0.5),), hold_s=0)
    drops = Rule("drops", "kernel_drops", above=(("warning", 0.0),), hold_s=0)
    daemon = Daemon(clients, unparsed, drops)
    daemon.stats.clients = 500
    daemon.stats.counters = {"received": 10, "unparsed": 6, "kernel_drops": 3}
    events = daemon.run(0)
    assert [(e.rule, e.value) for e in events] == [("crowd", 500), ("junk", 0.6), ("drops", 3)]
    assert events[0].peak_value is not None
    assert events[0].peak_value.value == 500
    daemon.stats.clients, daemon.stats.counters = 50, {"received": 10}
    assert {(e.rule, e.kind) for e in daemon.run(20)} == {
        ("crowd", "recovered"),
        ("junk", "recovered"),
        ("drops", "recovered"),
    }


def test_missing_data_fires_after_a_window_without_lines_and_ends_with_them() -> None:
    """`no_data: alert` counts what arrived, not what the rule selects."""
    rule = Rule(
        "quiet",
        "ratio_5xx",
        Selector.of({"section": "/api"}),
        window_s=10,
        above=(("warning", 0.5),),
        no_data="alert",
        hold_s=0,
    )
    stats = FakeStatistics()
    for second in [*range(30), *range(50, 80)]:
        stats.put(second, 5, section="/other" if second < 30 else "/api", status="200")
    events = Daemon(rule, stats=stats).run(70)
    assert told(events) == [(39, "alert"), (50, "recovered")]


def test_seconds_nobody_watched_are_not_silence() -> None:
    """Only an observed second without a line, or a broken source, counts as missing data."""
    rule = Rule("quiet", "ratio_5xx", window_s=10, above=(("warning", 0.5),), no_data="alert")
    daemon = Daemon(rule)
    daemon.stats.coverage.unobserved = set(range(START, START + 30))
    assert told(daemon.run(60)) == [(39, "alert")]


def test_a_long_window_is_judged_as_of_its_last_whole_block() -> None:
    """Windows over 5 minutes advance in blocks, and so does what is known of them."""
    rule = Rule("busy", "hits", window_s=310, above=(("warning", 10.0),), hold_s=0)
    daemon = Daemon(rule, stats=stats_of(50))
    daemon.stats.coverage.unobserved = {START + 315}
    assert told(daemon.run(0)) == [(0, "alert")]
    daemon.stats.lines.clear()
    assert daemon.alerts.step(START + 318)[-1].kind == "recovered"


def test_a_grouped_rule_reports_missing_data_for_itself() -> None:
    """No group can be missed by name, the rule as a whole can."""
    rule = Rule(
        "quiet",
        "ratio_5xx",
        group_by=("vhost",),
        window_s=10,
        above=(("warning", 0.5),),
        no_data="alert",
        hold_s=0,
    )
    stats = stats_of(*[5] * 20, *[0] * 20, *[5] * 20, vhost="a", status="200")
    alert, recovered = Daemon(rule, stats=stats).run(55)
    assert (alert.at - START, alert.group) == (29, {})
    assert (recovered.at - START, recovered.kind) == (40, "recovered")
    assert "Quiet recovered - data arrives again" in recovered.message


def test_a_group_falls_below_only_after_it_was_above() -> None:
    """A stranger's single request to an unknown host is no alert; a host gone silent is."""
    rule = Rule("few", "hits", group_by=("vhost",), window_s=5, below=(("warning", 10.0),))
    stats = FakeStatistics()
    for second in range(20):
        stats.put(second, 5, vhost="shop")
    stats.put(3, 1, vhost="scan")
    events = Daemon(rule, stats=stats).run(60)
    assert [(e.at - START, e.kind, e.group) for e in events] == [(23, "alert", {"vhost": "shop"})]


def test_a_group_named_by_the_rule_is_expected_from_the_start() -> None:
    """Listed in `where`, it is missed even if it never came."""
    rule = Rule(
        "few",
        "hits",
        Selector.of({"vhost": ["a", "b"]}),
        group_by=("vhost",),
        window_s=5,
        below=(("warning", 1.0),),
    )
    events = Daemon(rule, stats=stats_of(*[5] * 9, vhost="a")).run(3)
    assert [e.group for e in events] == [{"vhost": "b"}]


def test_groups_that_are_not_quiet_are_never_folded() -> None:
    """The statistics are told which keys an incident depends on."""
    rule = Rule("busy", "hits", group_by=("vhost",), window_s=5, above=(("warning", 10.0),))
    daemon = Daemon(rule, stats=stats_of(50, vhost="shop"))
    series = daemon.stats.series(Selector(), ("vhost",))
    daemon.run(0)
    assert series.kept == {("shop",)}
    daemon.run(60)
    assert series.kept == set()


def test_subscribers_hear_every_event_until_they_leave() -> None:
    """A subscription is ended by calling what it returned."""
    daemon = Daemon(LADDER, stats=stats_of(20, 0, 0, 0, 20))
    heard: list[Event] = []
    leave = daemon.alerts.subscribe(heard.append)
    events = daemon.run(3)
    leave()
    assert daemon.run(5) != []
    assert heard == events
    assert told(heard) == [(0, "alert"), (3, "recovered")]


def test_a_failing_subscriber_harms_nobody_else(logged_errors: LoggedErrors) -> None:
    """Its failure is logged, the others hear, the step returns its events."""
    daemon = Daemon(LADDER, stats=stats_of(20))
    heard: list[Event] = []

    def fail(event: Event) -> None:
        raise RuntimeError(event.rule)

    daemon.alerts.subscribe(fail)
    daemon.alerts.subscribe(heard.append)
    assert daemon.run(0) == heard != []
    assert len(logged_errors.flush(RuntimeError)) == 1


def test_a_clock_set_back_keeps_incidents_and_makes_no_negative_time() -> None:
    """A new epoch may begin before the trigger."""
    daemon = Daemon(LADDER, stats=stats_of(*[20] * 200))
    daemon.run(150)
    daemon.stats.now = START + 20
    events = daemon.run(90)
    assert [e.kind for e in events] == ["update"]
    assert all(incident.lasted_s >= 0 for incident in daemon.alerts.incidents())
