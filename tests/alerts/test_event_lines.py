"""The lines people read: each as the specification words it."""

from __future__ import annotations

from fake_stats import START, Daemon, FakeStatistics

from logmond.alerts.event import Event, Evidence
from logmond.alerts.render import line
from logmond.alerts.rule import Rule
from logmond.frame.selector import Selector

HIGH = Rule("high-traffic", "hits_per_second", above=(("warning", 10.0),))
ERRORS = Rule("errors", "ratio_5xx", window_s=60, above=(("warning", 0.05),), hold_s=5, min_hits=20)


def spike(seconds: int = 150) -> FakeStatistics:
    """8 requests a second, then 14 with one second of 31, then 5."""
    stats = FakeStatistics()
    for second in range(-200, seconds):
        stats.put(second, 8 if second < 0 else 14, section="/api")
    stats.put(4, 17, section="/api")
    for second in range(seconds, seconds + 300):
        stats.put(second, 5, section="/api")
    stats.evidence = [Evidence("section", "/api", 0.83), Evidence("client", "203.0.113.7", 0.71)]
    return stats


def lines_of(events: list[Event], kind: str) -> list[str]:
    """The lines of one kind without their id."""
    return [line(e).replace(e.short_id, "ID") for e in events if e.kind == kind]


def test_an_alert_says_value_time_limit_peak_and_what_rose() -> None:
    """The line of the trigger."""
    events = Daemon(HIGH, stats=spike()).run(300)
    assert lines_of(events, "alert") == [
        "2026-11-23T17:00:37Z ALERT warning high-traffic ID web1: High traffic generated an alert"
        " - hits = 10.0, triggered at 2026-11-23T17:00:37Z. Average requests/s over 2m, limit 10."
        " Peak 31 requests/s. Most of the rise: section /api 83%, client 203.0.113.7 71%."
    ]


def test_an_update_comes_every_minute_with_the_trend() -> None:
    """Value, trend and peak with its time."""
    events = Daemon(HIGH, stats=spike()).run(300)
    assert lines_of(events, "update")[0] == (
        "2026-11-23T17:01:37Z UPDATE warning high-traffic ID web1: "
        "still above 10 for 1m0s: now 13.0 (steady), peak 31 requests/s at 17:00:04Z."
    )
    assert [e.at - START for e in events if e.kind == "update"] == [97, 157, 217]


def test_a_recovery_says_how_long_it_lasted_and_the_peak() -> None:
    """The line of the end."""
    events = Daemon(HIGH, stats=spike()).run(400)
    assert lines_of(events, "recovered") == [
        "2026-11-23T17:03:53Z RECOVERED warning high-traffic ID web1: High traffic recovered"
        " - hits = 7.7, recovered at 2026-11-23T17:03:53Z. Lasted 3m16s."
        " Peak 31 requests/s at 17:00:04Z."
    ]


def test_a_recovery_by_silence_says_so() -> None:
    """Idle is not broken, but it is worth a word."""
    stats = FakeStatistics()
    for second in range(5):
        stats.put(second, 100)
    events = Daemon(Rule("high", "hits_per_second", window_s=10, above=HIGH.above), stats=stats)
    assert lines_of(events.run(60), "recovered") == [
        "2026-11-23T17:00:43Z RECOVERED warning high ID web1: High recovered - hits = 0.0,"
        " recovered at 2026-11-23T17:00:43Z. No requests for 10s: traffic stopped, or its"
        " sender did. Lasted 42s. Peak 100 requests/s at 17:00:00Z."
    ]


def failing() -> FakeStatistics:
    """7 % of all responses fail."""
    stats = FakeStatistics()
    for second in range(-60, 600):
        stats.put(second, 93, status="200")
        stats.put(second, 7, status="502")
    return stats


def test_a_broken_source_is_told_once_and_its_return_too() -> None:
    """NODATA and DATABACK, once per transition, the incident stays."""
    daemon = Daemon(ERRORS, stats=failing())
    events = daemon.run(20)
    daemon.stats.coverage.reason = "source apache unreadable (permission denied) since 17:00:15Z"
    events += daemon.run(50)
    daemon.stats.coverage.reason = None
    events += daemon.run(55)
    assert lines_of(events, "nodata") == [
        "2026-11-23T17:00:21Z NODATA warning errors ID web1: cannot tell: source apache"
        " unreadable (permission denied) since 17:00:15Z. Last value 7.0%. Still open."
    ]
    assert lines_of(events, "databack") == [
        "2026-11-23T17:00:51Z DATABACK warning errors ID web1: source apache readable again"
        " after 36s; value 7.0%, still above 5%."
    ]
    assert [e.kind for e in events] == ["alert", "nodata", "databack"]


def test_a_break_seen_before_its_second_is_evaluated_is_no_day_long() -> None:
    """Evaluation lags some seconds behind the wall, whose time a reason tells."""
    daemon = Daemon(ERRORS, stats=failing())
    daemon.run(20)
    daemon.stats.coverage.reason = "source apache unreadable (permission denied) since 17:00:24Z"
    daemon.run(60)
    daemon.stats.coverage.reason = None
    (event,) = daemon.run(61)
    assert event.message.startswith("source apache readable again after 40s;")


def test_a_break_that_began_before_midnight_is_measured_over_it() -> None:
    """The reason names a time of day without its date."""
    daemon = Daemon(ERRORS, stats=failing())
    daemon.run(20)
    daemon.stats.coverage.reason = "source apache unreadable since 23:00:21Z"
    daemon.run(60)
    daemon.stats.coverage.reason = None
    (event,) = daemon.run(61)
    assert event.message.startswith("source apache readable again after 18h0m;")


def test_silence_over_a_broken_source_says_what_still_misses() -> None:
    """The source is back, and nothing came of it yet."""
    stats = FakeStatistics()
    silent = Rule("silent", "hits", window_s=10, below=(("warning", 1.0),), no_data="alert")
    daemon = Daemon(silent, stats=stats)
    daemon.run(20)
    stats.coverage.reason = "source apache missing"
    daemon.run(30)
    stats.coverage.reason = None
    stats.coverage.unobserved.update(range(START + 21, START + 31))
    (event,) = daemon.run(31)
    assert event.kind == "databack"
    assert event.message.endswith("no value yet: nothing parsed arrived for 10s.")


def test_a_reason_without_a_time_gets_the_time_it_was_noticed() -> None:
    """Every NODATA says since when."""
    daemon = Daemon(ERRORS, stats=failing())
    daemon.run(20)
    daemon.stats.coverage.reason = "source apache not listening"
    (event,) = daemon.run(21)
    assert "cannot tell: source apache not listening since 17:00:21Z." in line(event)


def test_an_alert_of_a_group_names_the_group() -> None:
    """Nobody should have to look up which host it is."""
    stats = FakeStatistics()
    stats.put(0, 600, vhost="shop.example", section="/cart")
    rule = Rule(
        "busy", "hits", group_by=("vhost", "section"), window_s=60, above=(("critical", 500.0),)
    )
    (event,) = Daemon(rule, stats=stats).run(0)
    assert event.message.startswith(
        "Busy (vhost shop.example, section /cart) generated an alert - hits = 600, triggered at"
    )
    assert "Requests over 1m, limit 500. Peak 600 requests/s." in event.message
    assert event.severity == "critical"


def test_a_rule_may_word_its_own_summary() -> None:
    """The template replaces the head of the message."""
    stats = FakeStatistics()
    stats.put(0, 600, vhost="shop")
    rule = Rule(
        "busy",
        "hits",
        group_by=("vhost",),
        window_s=60,
        hold_s=0,
        above=(("warning", 500.0),),
        summary="{rule} on {vhost}: {value} of {limit} in {window}",
    )
    alert, recovered = [e for e in Daemon(rule, stats=stats).run(80) if e.kind != "update"]
    assert alert.message.startswith(
        "busy on shop: 600 of 500 in 1m, triggered at 2026-11-23T17:00:00Z. Requests over 1m"
    )
    assert recovered.message.startswith("Recovered: busy on shop: 0 of 500 in 1m, recovered at ")


def test_a_slow_rule_speaks_in_milliseconds() -> None:
    """Durations are told in the unit people think in."""
    stats = FakeStatistics()
    stats.put(0, 100, duration_s=0.21)
    rule = Rule("slow", "duration_p95", window_s=60, above=(("warning", 0.15),))
    (event,) = Daemon(rule, stats=stats).run(0)
    assert "Slow generated an alert - p95 = 209ms, triggered at" in event.message
    assert "95th percentile of durations over 1m, limit 150ms." in event.message


def test_an_incident_between_limit_and_recover_says_what_it_waits_for() -> None:
    """Not above the limit any more, and yet not over."""
    stats = FakeStatistics()
    for second in range(400):
        stats.put(second, 20 if second < 60 else 9)
    rule = Rule("high", "hits_per_second", window_s=10, above=(("warning", 10.0),), recover=8.0)
    events = Daemon(rule, stats=stats).run(260)
    assert "not yet below 8 for 3m0s: now 9.0 (steady)" in lines_of(events, "update")[2]


def test_an_incident_about_to_recover_says_how_long_it_has_been_clear() -> None:
    """An update within the hold does not claim a breach."""
    stats = FakeStatistics()
    for second in range(400):
        stats.put(second, 20 if second < 50 else 5)
    rule = Rule("high", "hits_per_second", window_s=5, above=(("warning", 10.0),), hold_s=90)
    update = lines_of(Daemon(rule, stats=stats).run(80), "update")[0]
    assert "no longer above 10 for 9s of 1m30s: now 5.0 (falling), peak 20 requests/s" in update


def test_the_removal_of_a_rule_is_told() -> None:
    """An incident never vanishes without a word."""
    daemon = Daemon(HIGH, stats=spike())
    daemon.run(100)
    (event,) = daemon.alerts.reload([], START + 100)
    assert line(event).endswith(
        "web1: High traffic removed - its rule is gone, ended at 2026-11-23T17:01:40Z."
        " Lasted 1m3s. Peak 31 requests/s at 17:00:04Z."
    )


def test_hostile_keys_stay_visible_on_one_line() -> None:
    """What a client sent can neither end the line nor move a cursor."""
    stats = FakeStatistics()
    host = "evil\x1b[2J\n\u202e.example"
    stats.put(0, 600, vhost=host)
    stats.evidence = [Evidence("client", "\r\x9b31m", 0.9)]
    rule = Rule("busy", "hits", group_by=("vhost",), window_s=60, above=(("warning", 5.0),))
    (event,) = Daemon(rule, stats=stats).run(0)
    text = line(event)
    assert text.isprintable()
    assert r"vhost evil\x1b[2J\x0a\u202e.example" in text
    assert event.group == {"vhost": host}


def test_a_silent_source_is_told_as_missing_data() -> None:
    """`no_data: alert` says that nothing arrived, and why when it is known."""
    daemon = Daemon(Rule("errors", "ratio_5xx", window_s=30, above=ERRORS.above, no_data="alert"))
    daemon.stats.coverage.reason = "source apache unreadable"
    (event,) = daemon.run(40)
    assert event.at == START + 29
    assert event.message == (
        "Errors generated an alert - no data, triggered at 2026-11-23T17:00:29Z."
        " Nothing parsed arrived for 30s: source apache unreadable."
    )
    assert event.value is None


def test_a_below_rule_tells_silence_by_its_value() -> None:
    """Both hold, and the number says more."""
    rule = Rule("silent", "hits", Selector(), window_s=30, below=(("warning", 1.0),))
    (event,) = Daemon(rule).run(0)
    assert event.message == (
        "Silent generated an alert - hits = 0, triggered at 2026-11-23T17:00:00Z."
        " Requests over 30s, limit 1. No requests for 30s: traffic stopped, or its sender did."
    )
