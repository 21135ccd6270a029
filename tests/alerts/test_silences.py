"""Silences: incidents go on, and say that nobody needs to be told."""

from __future__ import annotations

import pytest
from fake_stats import START, Daemon, FakeStatistics

from logmond.alerts.event import Acknowledgement
from logmond.alerts.rule import Rule
from logmond.alerts.silences import MAX_SILENCES, Silence
from logmond.errors import QueryError

BUSY = Rule("busy", "hits", group_by=("vhost",), window_s=1, hold_s=0, above=(("warning", 10.0),))


def daemon() -> Daemon:
    """Two hosts that are busy every other second."""
    stats = FakeStatistics()
    for second in range(1, 40, 2):
        for vhost in ("a", "b"):
            stats.put(second, 50, vhost=vhost)
    return Daemon(BUSY, stats=stats)


def test_events_of_a_silenced_rule_carry_the_reason_until_it_is_over() -> None:
    """The incident exists like any other."""
    busy = daemon()
    busy.run(0)
    silence = busy.alerts.silence("busy", 4, "deploying", "anna")
    assert (silence.until - START, silence.comment, silence.who) == (5, "deploying", "anna")
    events = busy.run(8)
    assert {(e.at - START) for e in events if e.reason == "silenced"} == {1, 2, 3, 4}
    assert {(e.at - START) for e in events if busy.alerts.silenced(e)} == set()
    assert busy.alerts.silences() == []
    assert len(busy.alerts.incidents(all=True)) == 8


def test_a_silence_may_hold_for_one_group_only() -> None:
    """The others are told as ever."""
    busy = daemon()
    busy.run(0)
    busy.alerts.silence("busy", 60, group={"vhost": "a"})
    events = busy.run(1)
    assert [(e.group["vhost"], e.reason, busy.alerts.silenced(e)) for e in events] == [
        ("a", "silenced", True),
        ("b", None, False),
    ]


def test_a_silence_may_mean_groups_by_a_pattern() -> None:
    """As it may mean rules; a dimension the rule is not grouped by matches nothing."""
    silence = Silence("ab12", "busy", {"vhost": "*.example"}, 0, 1, "", "")
    assert silence.concerns("busy", {"vhost": "shop.example", "section": "/"})
    assert not silence.concerns("busy", {"vhost": "shop.test", "section": "/"})
    assert not silence.concerns("busy", {"section": "/"})


def test_a_silence_can_be_ended_by_its_id() -> None:
    """Any unique suffix will do."""
    busy = daemon()
    busy.run(0)
    silence = busy.alerts.silence("busy", 60)
    assert busy.alerts.unsilence(silence.id[-6:]) == silence
    assert busy.alerts.silences() == []
    with pytest.raises(QueryError, match="no silence"):
        busy.alerts.unsilence(silence.id)


def test_a_silence_outlives_a_restart() -> None:
    """It is part of the snapshot."""
    busy = daemon()
    busy.run(0)
    silence = busy.alerts.silence("busy", 60)
    assert busy.restarted(BUSY).alerts.silences() == [silence]


@pytest.mark.parametrize(
    ("rule", "seconds", "group", "code"),
    [
        ("bussy", 60, None, "unknown_rule"),
        ("busy", 0, None, "bad_duration"),
        ("busy", 60, {"section": "/"}, "unknown_dimension"),
    ],
)
def test_a_silence_that_cannot_work_is_refused(
    rule: str, seconds: int, group: dict[str, str] | None, code: str
) -> None:
    """With a code for programs and a hint for people."""
    busy = daemon()
    busy.run(0)
    with pytest.raises(QueryError) as caught:
        busy.alerts.silence(rule, seconds, group=group)
    assert caught.value.code == code


def test_a_misspelt_rule_gets_a_suggestion() -> None:
    """The nearest name."""
    with pytest.raises(QueryError, match='did you mean "busy"'):
        daemon().alerts.silence("bussy", 60)


def test_a_silence_begun_later_takes_effect_at_its_second() -> None:
    """And is listed from now on."""
    busy = daemon()
    busy.run(0)
    silence = busy.alerts.silence("busy", 4, since=START + 5)
    assert busy.alerts.silences() == [silence]
    events = busy.run(12)
    assert {e.at - START for e in events if e.reason == "silenced"} == {5, 6, 7, 8}
    assert busy.alerts.silences() == []


@pytest.mark.parametrize(("pattern", "held"), [("b*", True), ("*", True), ("?usy", True)])
def test_a_silence_may_mean_rules_by_a_pattern(pattern: str, held: bool) -> None:
    """Also rules that a reload adds."""
    busy = daemon()
    busy.run(0)
    busy.alerts.silence(pattern, 60)
    assert {event.reason == "silenced" for event in busy.run(1)} == {held}


def test_a_pattern_without_a_rule_is_refused() -> None:
    """It would silence nobody."""
    busy = daemon()
    busy.run(0)
    with pytest.raises(QueryError, match="no rule 'x\\*'"):
        busy.alerts.silence("x*", 60)


def test_notifiers_ask_whether_an_incident_is_silenced() -> None:
    """Of a moment, whatever happened then."""
    busy = daemon()
    busy.run(0)
    busy.alerts.silence("busy", 3, group={"vhost": "a"}, since=START + 2)
    busy.run(1)
    first, second = busy.alerts.incidents()
    answers = [busy.alerts.is_silenced(first, START + at) for at in (1, 2, 4, 5)]
    assert (first.group["vhost"], answers) == ("a", [False, True, True, False])
    assert not busy.alerts.is_silenced(second, START + 2)


def test_a_silence_of_the_past_is_refused() -> None:
    """It changes nothing any more."""
    busy = daemon()
    busy.run(5)
    with pytest.raises(QueryError, match="over already"):
        busy.alerts.silence("busy", 3, since=START)


def test_there_are_not_more_silences_than_people_can_have_meant() -> None:
    """A script in a loop fills no memory."""
    busy = daemon()
    busy.run(0)
    for _ in range(MAX_SILENCES):
        busy.alerts.silence("busy", 60)
    with pytest.raises(QueryError) as caught:
        busy.alerts.silence("busy", 60)
    assert caught.value.code == "too_many"
    assert len({silence.id for silence in busy.alerts.silences()}) == MAX_SILENCES


def test_an_acknowledgement_is_replaced_and_taken_back() -> None:
    """Events say who is on it; the incident after a recovery is another one."""
    busy = daemon()
    busy.run(1)
    wanted = busy.alerts.incidents()[0]
    told = busy.alerts.acknowledge(wanted.id, "anna", "looking")
    assert (told.kind, told.message) == ("acknowledged", "acknowledged by anna: looking.")
    assert told.acknowledged == Acknowledgement("anna", "looking", START + 1)
    assert busy.alerts.acknowledge(wanted.id, "ben").acknowledged == Acknowledgement(
        "ben", "", START + 1
    )
    told = busy.alerts.release(wanted.id, "anna")
    assert (told.kind, told.acknowledged) == ("released", None)
    assert told.message == "no longer acknowledged by ben, said anna."
    with pytest.raises(QueryError, match="nobody acknowledged"):
        busy.alerts.release(wanted.id)
    busy.alerts.acknowledge(wanted.id, "anna")
    (ended, fired) = [e for e in busy.run(3) if e.group == wanted.group]
    assert ended.acknowledged is not None
    assert (ended.kind, fired.kind, fired.acknowledged) == ("recovered", "alert", None)
