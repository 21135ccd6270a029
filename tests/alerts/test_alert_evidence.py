"""Evidence: who offends comes first, what the rule fixes anyway is left out."""

from __future__ import annotations

from dataclasses import replace

from fake_stats import Daemon, FakeStatistics

from logmond.alerts.attest import MAX_WAITING, PIECE, PIECES, Attestor
from logmond.alerts.event import Evidence
from logmond.alerts.evidence import SAMPLED, Gathering, gather, ordered, statements, within
from logmond.alerts.rule import Rule
from logmond.frame.selector import Selector

HIGH = Rule("high", "hits", window_s=10, above=(("warning", 10.0),))
ERRORS = Rule("errors", "ratio_5xx", window_s=10, above=(("warning", 0.1),))


def finished(gathering: Gathering) -> tuple[tuple[Evidence, ...], tuple[str, ...]]:
    """What a gathering comes to when nobody interrupts it."""
    while True:
        try:
            next(gathering)
        except StopIteration as done:
            gathered: tuple[tuple[Evidence, ...], tuple[str, ...]] = done.value
            return gathered


def test_what_offends_stands_before_what_is_true_of_all_traffic() -> None:
    """That 99 % were GET says little."""
    changes = [
        Evidence("method", "GET", 0.99),
        Evidence("status", "200", 0.97),
        Evidence("section", "/api", 0.83),
        Evidence("client", "203.0.113.7", 0.71),
    ]
    found = ordered(changes, Selector())
    assert [e.dimension for e in found] == ["section", "client", "method", "status"]


def test_what_the_rule_fixes_and_what_names_nothing_is_left_out() -> None:
    """A rule about one host need not be told that the host is to blame."""
    changes = [
        Evidence("vhost", "shop", 1.0),
        Evidence("referrer", "-", 0.9),
        Evidence("path", "(other)", 0.8),
        Evidence("client", "203.0.113.7", 0.71),
    ]
    found = ordered(changes, Selector.of({"vhost": "shop"}))
    assert [e.dimension for e in found] == ["client"]


def test_the_line_tells_the_best_of_each_dimension_and_the_error_it_may_have() -> None:
    """Three at most."""
    told = statements(
        [
            Evidence("section", "/api", 0.83),
            Evidence("section", "/login", 0.4),
            Evidence("client", "203.0.113.7", 0.71, 0.06),
            Evidence("path", "/api/x", 0.6, 0.001),
            Evidence("vhost", "shop", 0.5),
        ]
    )
    assert told == "section /api 83%, client 203.0.113.7 71% (at most 77%), path /api/x 60%"


def test_error_rules_look_among_the_failed_lines_of_their_class() -> None:
    """A client causing all errors in 1 % of the traffic is found."""
    stats = FakeStatistics()
    finished(gather(stats, ERRORS, (), 0))
    finished(gather(stats, HIGH, (), 0))
    asked = [(question.of, question.where) for question in stats.asked]
    assert asked == [("errors", Selector.of({"status": "5xx"})), ("hits", Selector())]


def test_the_evidence_of_a_group_is_about_the_group() -> None:
    """The group's values narrow what the rule selects."""
    rule = Rule("r", "hits", Selector.of({"section": ["/a", "/b"]}), ("vhost", "section"))
    assert within(rule, ("shop", "/a")) == Selector.of({"section": "/a", "vhost": "shop"})
    assert within(rule, ("(other)", "(other)")) == rule.selector


def test_up_to_three_sample_lines_of_the_kind_are_kept() -> None:
    """Lines of other sections or statuses prove nothing."""
    stats = FakeStatistics(
        lines_shown=[
            ("404", "/api", "not of the class"),
            ("502", "/other", "not of the section"),
            ("502", "/api", "one"),
            ("502", "/api", "one"),
            ("500", "/api", "two"),
            ("500", "/api", "three"),
            ("500", "/api", "four"),
        ]
    )
    rule = Rule("errors", "ratio_5xx", Selector.of({"section": "/api"}), above=(("warning", 0.1),))
    assert finished(gather(stats, rule, (), 0))[1] == ("one", "two", "three")


def test_sample_lines_show_what_the_evidence_tells() -> None:
    """Of a flood the few failed lines stand first in a block; they are not what floods."""
    stats = FakeStatistics(
        evidence=[
            Evidence("section", "/shop", 0.9),
            Evidence("client", "203.0.113.7", 0.8),
            Evidence("user_agent", "curl/8", 0.7),
        ],
        lines_shown=[
            ("404", "/lost", '198.51.100.1 "GET /lost" 404 "x"'),
            ("404", "/lost", '198.51.100.2 "GET /lost" 404 "x"'),
            ("200", "/shop", '198.51.100.3 "GET /shop/1" 200 "x"'),
            ("200", "/shop", '203.0.113.77 "GET /shop/2" 200 "x"'),
            ("200", "/shop", '203.0.113.7 "GET /shop/3" 200 "x"'),
            ("200", "/shop", '203.0.113.7 "GET /shop/4" 200 "curl/8"'),
        ],
    )
    assert [line.split()[2] for line in finished(gather(stats, HIGH, (), 0))[1]] == [
        '/shop/4"',
        '/shop/3"',
        '/shop/1"',
    ]


def test_a_fall_has_no_evidence() -> None:
    """It is made of keys that are absent."""
    stats = FakeStatistics(evidence=[Evidence("section", "/api", 0.8)])
    below = Rule("few", "hits", below=(("warning", 1.0),))
    assert finished(gather(stats, below, (), 0)) == ((), ())


def test_many_groups_firing_at_once_get_their_evidence_one_after_the_other() -> None:
    """The tick is not held up; the incidents have it a little later."""
    stats = FakeStatistics(evidence=[Evidence("section", "/api", 0.8)], entries=PIECE - SAMPLED)
    for number in range(7):
        stats.put(0, 50, vhost=f"h{number}")
    rule = Rule("busy", "hits", group_by=("vhost",), window_s=60, above=(("warning", 10.0),))
    daemon = Daemon(rule, stats=stats)
    events = daemon.run(0)
    assert [bool(event.evidence) for event in events] == [True] * PIECES + [False] * (7 - PIECES)
    assert ["Most of the rise" in e.message for e in events] == [bool(e.evidence) for e in events]
    daemon.run(1)
    assert all(incident.evidence for incident in daemon.alerts.incidents())


def test_evidence_that_took_long_is_told_by_the_next_update() -> None:
    """The line of the alert does not wait for it, and no second reads all of it."""
    stats = FakeStatistics(evidence=[Evidence("section", "/api", 0.8)])
    stats.pieces, stats.entries = 3 * PIECES, PIECE
    for second in range(100):
        stats.put(second, 50)
    daemon = Daemon(HIGH, stats=stats)
    [alert] = daemon.run(0)
    assert "Most of the rise" not in alert.message
    daemon.run(1)
    assert not daemon.alerts.incidents()[0].evidence
    daemon.run(3)
    assert daemon.alerts.incidents()[0].evidence
    [update] = [event for event in daemon.run(60) if event.kind == "update"]
    assert update.message.endswith(" Most of the rise: section /api 80%.")


def test_an_update_does_not_repeat_what_the_alert_said() -> None:
    """Evidence that was there in time is told once."""
    stats = FakeStatistics(evidence=[Evidence("section", "/api", 0.8)])
    for second in range(100):
        stats.put(second, 50)
    alert, *updates = Daemon(HIGH, stats=stats).run(60)
    assert "Most of the rise: section /api 80%." in alert.message
    assert [update.kind for update in updates] == ["update"]
    assert "Most of" not in updates[0].message


def test_a_named_agent_is_called_by_its_name_and_others_stand_in_quotes() -> None:
    """One sees where a user agent ends, and what a bot is."""
    told = statements(
        [
            Evidence("user_agent", "GPTBot/1.1 (+https://openai.com)", 0.71, 0.0, "AI bot GPTBot"),
            Evidence("client", "203.0.113.7", 0.5),
        ]
    )
    assert told == "AI bot GPTBot 71%, client 203.0.113.7 50%"
    browser = Evidence("user_agent", 'Mozilla/5.0 (X11, "like" Gecko)', 0.4)
    assert statements([browser]) == 'user_agent "Mozilla/5.0 (X11, \\"like\\" Gecko)" 40%'


def test_a_section_that_is_one_path_is_not_told_beside_it() -> None:
    """Of three statements none is wasted."""
    found = [
        Evidence("path", "/login", 0.9),
        Evidence("section", "/login", 0.9),
        Evidence("client", "a", 0.4),
    ]
    assert statements(found) == "path /login 90%, client a 40%"


def test_a_section_that_is_hardly_more_than_a_path_leaves_its_place_to_who_asked() -> None:
    """Three statements stand on the line; that /reset/x lies in /reset need not be one."""
    path = Evidence("path", "/reset/***", 0.9, 0.0)
    client = Evidence("client", "a", 0.97, 0.0)
    for share, told in ((0.94, "client a 97%"), (0.9, "client a 97%"), (0.96, "section /reset")):
        found = [path, Evidence("section", "/reset", share, 0.0), client]
        assert statements(found).split(", ")[1].startswith(told)
    elsewhere = [path, Evidence("section", "/res", 0.9, 0.0)]
    assert statements(elsewhere) == "path /reset/*** 90%, section /res 90%"


def test_rules_ask_about_what_they_measure() -> None:
    """Slow requests of a slow rule, bytes of a rule about bytes, from before it was pending."""
    stats = FakeStatistics()
    slow = Rule("slow", "duration_p95", window_s=60, above=(("warning", 0.5),), for_s=90)
    sized = Rule("sized", "bytes_per_second", window_s=60, above=(("warning", 5.0),))
    finished(gather(stats, slow, (), 1000, 0.5))
    finished(gather(stats, sized, (), 1000, 5.0))
    first, second = stats.asked
    assert (first.of, first.slower_s, first.start, first.usual_end) == ("slow", 0.5, 941, 850)
    assert (second.of, second.usual_end) == ("bytes", 940)


def test_more_incidents_than_can_wait_leave_the_oldest_without() -> None:
    """A storm costs no memory; those that come last are served."""
    stats = FakeStatistics(evidence=[Evidence("section", "/api", 0.8)])
    for number in range(150):
        stats.put(0, 50, vhost=f"h{number}")
    rules = [
        Rule(name, "hits", group_by=("vhost",), window_s=600, above=(("warning", 10.0),))
        for name in ("one", "two")
    ]
    daemon = Daemon(*rules, stats=stats)
    daemon.run(0)
    incidents = [replace(i, evidence=()) for i in daemon.alerts.incidents()]
    stats.entries = PIECE + 1
    attestor = Attestor(stats)
    for incident in incidents:
        attestor.attest(incident)
    for _ in range(MAX_WAITING):
        list(attestor.rest())
    assert len(incidents) == 300
    assert [bool(i.evidence) for i in incidents] == [False] * 100 + [True] * MAX_WAITING
