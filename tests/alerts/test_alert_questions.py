"""Incidents are found, rules tell how they stand, people say who is on it."""

from __future__ import annotations

import pytest
from fake_stats import HIGH, LADDER, START, Daemon, stats_of

from logmond.alerts.rule import Rule
from logmond.errors import QueryError


def test_incidents_are_found_by_id_suffix_or_rule() -> None:
    """Whatever a person would type."""
    daemon = Daemon(HIGH, LADDER, stats=stats_of(*[200] * 5))
    daemon.run(2)
    for incident in daemon.alerts.incidents():
        for text in (incident.id, incident.short_id, incident.short_id.upper(), incident.rule):
            assert daemon.alerts.find(text) is incident
    with pytest.raises(QueryError, match="no incident 'nope'"):
        daemon.alerts.find("nope")
    with pytest.raises(QueryError):
        daemon.alerts.find("")


def test_an_ambiguous_name_lists_the_incidents() -> None:
    """A grouped rule may have several."""
    rule = Rule("busy", "hits", group_by=("vhost",), window_s=5, above=(("warning", 10.0),))
    stats = stats_of(50, vhost="a")
    stats.put(0, 50, vhost="b")
    daemon = Daemon(rule, stats=stats)
    daemon.run(0)
    with pytest.raises(QueryError, match="busy means 2 incidents: ") as caught:
        daemon.alerts.find("busy")
    assert caught.value.code == "ambiguous"
    assert all(i.short_id in str(caught.value) for i in daemon.alerts.incidents())


def test_an_ended_incident_is_found_by_its_rule_when_none_is_open() -> None:
    """The newest one is meant."""
    daemon = Daemon(LADDER, stats=stats_of(20, 0, 0, 0, 20, 0, 0, 0))
    daemon.run(10)
    assert daemon.alerts.find("ladder").triggered_at == START + 4


def test_rules_report_their_state_and_value() -> None:
    """Quiet, pending, firing, with what it would take."""
    patient = Rule("patient", "hits", window_s=10, above=(("warning", 10.0),), for_s=60)
    daemon = Daemon(HIGH, patient, LADDER, stats=stats_of(60))
    assert daemon.alerts.statuses()[0].reason == "nothing was evaluated yet"
    daemon.run(0)
    found = [(s.name, s.state, s.value, s.limit) for s in daemon.alerts.statuses()]
    assert found == [
        ("high", "quiet", 6.0, 10.0),
        ("patient", "pending", 60, 10.0),
        ("ladder", "firing", 60, 10.0),
    ]


@pytest.mark.parametrize(("hits", "told"), [(3, "only 3 requests"), (1, "only 1 request")])
def test_a_grouped_rule_whose_groups_are_thin_says_so(hits: int, told: str) -> None:
    """A value that is not there for no reason looks like a fault."""
    limit = (("warning", 0.05),)
    rule = Rule("r", "ratio_5xx", group_by=("vhost",), window_s=5, above=limit, min_hits=20)
    daemon = Daemon(rule, stats=stats_of(hits, vhost="a"))
    daemon.run(0)
    (status,) = daemon.alerts.statuses()
    assert (status.value, status.reason) == (None, f"{told} in 5s, min_hits is 20")
    daemon.run(5)
    (status,) = daemon.alerts.statuses()
    assert (status.value, status.reason) == (None, "no requests in 5s")


def test_a_grouped_rule_reports_its_most_extreme_group() -> None:
    """And how many are watched and firing."""
    rule = Rule("busy", "hits", group_by=("vhost",), window_s=5, above=(("warning", 10.0),))
    stats = stats_of(50, vhost="a")
    stats.put(0, 5, vhost="b")
    daemon = Daemon(rule, stats=stats)
    daemon.run(0)
    (status,) = daemon.alerts.statuses()
    assert (status.value, status.groups, status.groups_firing) == (50, 2, 1)


def test_an_acknowledgement_is_an_event() -> None:
    """Everybody who watches learns who took it on."""
    daemon = Daemon(HIGH, stats=stats_of(*[20] * 9))
    daemon.run(8)
    event = daemon.alerts.acknowledge("high", "anna", "looking into it")
    assert event.kind == "acknowledged"
    assert event.message == "acknowledged by anna: looking into it."
    taken = daemon.alerts.find("high").acknowledged
    assert taken is not None
    assert (taken.who, taken.at) == ("anna", START + 8)


def test_an_ended_incident_cannot_be_acknowledged() -> None:
    """Nobody has to take on what is over."""
    daemon = Daemon(LADDER, stats=stats_of(20))
    daemon.run(10)
    with pytest.raises(QueryError, match="has ended"):
        daemon.alerts.acknowledge("ladder", "anna")
