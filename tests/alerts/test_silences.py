"""Silences: incidents go on, and say that nobody needs to be told."""

from __future__ import annotations

import pytest
from fake_stats import START, Daemon, FakeStatistics

from logmond.alerts.rule import Rule
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
