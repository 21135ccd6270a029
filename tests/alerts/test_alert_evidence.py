"""Evidence: who offends comes first, what the rule fixes anyway is left out."""

from __future__ import annotations

from fake_stats import Daemon, FakeStatistics

from logmond.alerts.attest import PIECE
from logmond.alerts.event import Evidence
from logmond.alerts.evidence import Gathering, gather, ordered, statements, within
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


def test_a_fall_has_no_evidence() -> None:
    """It is made of keys that are absent."""
    stats = FakeStatistics(evidence=[Evidence("section", "/api", 0.8)])
    below = Rule("few", "hits", below=(("warning", 1.0),))
    assert finished(gather(stats, below, (), 0)) == ((), ())


def test_many_groups_firing_at_once_get_their_evidence_one_after_the_other() -> None:
    """The tick is not held up; the incidents have it a little later."""
    stats = FakeStatistics(evidence=[Evidence("section", "/api", 0.8)], entries=PIECE)
    for number in range(7):
        stats.put(0, 50, vhost=f"h{number}")
    rule = Rule("busy", "hits", group_by=("vhost",), window_s=60, above=(("warning", 10.0),))
    daemon = Daemon(rule, stats=stats)
    told = [bool(event.evidence) for event in daemon.run(0)]
    assert told == [True] + [False] * 6
    daemon.run(1)
    assert sum(bool(i.evidence) for i in daemon.alerts.incidents()) == 2
    daemon.run(7)
    assert all(incident.evidence for incident in daemon.alerts.incidents())
