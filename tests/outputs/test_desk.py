"""A desk tells the difference between what is and what was told, once, and in few messages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messages import event

from logmond.alerts.event import Event
from logmond.alerts.incident import Incident
from logmond.alerts.rule import Rule
from logmond.outputs.audience import Audience
from logmond.outputs.desk import Desk, Silenced
from logmond.outputs.notifier import Message


def never(event: Event, second: int) -> bool:
    """Nothing is silenced."""
    return False


def always(event: Event, second: int) -> bool:
    """Everything is."""
    return True


def happened(at: int, kind: str, name: str = "one", **changes: Any) -> Event:
    """Something of the incident `name`, whose group is `name`, too."""
    group = {"vhost": name} if changes.pop("grouped", False) else {}
    return event(
        kind=kind, at=at, id=f"id-{name}", group=group, message=f"{name} {kind}", **changes
    )


def desk(**audience: Any) -> Desk:
    """A desk with an audience that hears everything at once, but for what is given."""
    return Desk("hook", Audience(**{"wait_s": 5, **audience}))


def told(one: Desk, second: int, *events: Event, silenced: Silenced = never) -> list[str]:
    """What is told of a second, as ``kind id id``."""
    for each in events:
        one.event(each)
    return [_short(message) for message in one.step(second, silenced)]


def _short(message: Message) -> str:
    return " ".join([message.kind, *(e.id.removeprefix("id-") for e in message.events)])


def test_an_incident_is_told_when_it_fires_and_when_it_ends() -> None:
    """A rule without groups has nothing to wait for."""
    one = desk()
    assert told(one, 10, happened(10, "alert")) == ["alert one"]
    assert told(one, 11) == []
    assert told(one, 70, happened(70, "update")) == []
    assert told(one, 80, happened(80, "recovered")) == ["recovered one"]
    assert told(one, 81, happened(81, "recovered")) == []


@pytest.mark.parametrize("kind", ["recovered", "expired", "removed"])
def test_only_what_was_told_is_ended(kind: str) -> None:
    """Neither what was too mild to be told, nor what nobody wants to hear the end of."""
    one = desk(min_severity="critical")
    assert told(one, 10, happened(10, "alert")) == []
    assert told(one, 11, happened(11, kind)) == []
    two = desk(recovered=False)
    assert told(two, 10, happened(10, "alert")) == ["alert one"]
    assert told(two, 11, happened(11, kind)) == []


def test_an_escalation_is_told_again() -> None:
    """To those who heard of the milder one, and to those who only want the graver."""
    both, grave = desk(), desk(min_severity="critical")
    mild, worse = happened(10, "alert"), happened(20, "alert", severity="critical")
    assert (told(both, 10, mild), told(grave, 10, mild)) == (["alert one"], [])
    assert (told(both, 20, worse), told(grave, 20, worse)) == (["alert one"], ["alert one"])
    assert told(both, 21, happened(21, "alert", severity="warning")) == []
    assert told(grave, 30, happened(30, "recovered")) == ["recovered one"]


def test_rules_are_chosen_by_name_or_glob() -> None:
    """Everything else is not for this audience."""
    one = desk(rules=("err*", "slow"))
    events = [happened(1, "alert", rule, rule=rule) for rule in ("errors", "slow", "slower")]
    assert sorted(told(one, 1, *events)) == ["alert errors", "alert slow"]


def test_a_silence_is_waited_for() -> None:
    """What still fires when it ends is told then; what ended meanwhile is not told at all."""
    one = desk()
    events = [happened(10, "alert", name, rule=name, reason="silenced") for name in ("a", "b")]
    assert told(one, 10, *events, silenced=always) == []
    assert told(one, 20, happened(20, "recovered", "b", rule="b"), silenced=always) == []
    [message] = one.step(30, never)
    assert _short(message) == "alert a"
    assert message.events[0].reason is None


def test_the_end_of_what_was_told_is_told_in_a_silence_too() -> None:
    """Otherwise somebody believes that it still fires."""
    one = desk()
    assert told(one, 10, happened(10, "alert")) == ["alert one"]
    assert told(one, 20, happened(20, "recovered"), silenced=always) == ["recovered one"]


def test_nodata_and_databack_are_told_once_each() -> None:
    """One that was not told yet is undone by the other."""
    one = desk()
    assert told(one, 10, happened(10, "alert")) == ["alert one"]
    assert told(one, 20, happened(20, "nodata")) == ["nodata one"]
    assert told(one, 21, happened(21, "nodata")) == []
    assert told(one, 30, happened(30, "databack")) == ["databack one"]
    assert told(one, 40, happened(40, "nodata"), silenced=always) == []
    assert told(one, 41, happened(41, "databack")) == []


def test_reminders_come_until_somebody_has_acknowledged() -> None:
    """With the update they are due at, which says how it stands."""
    one = desk(repeat_s=100)
    assert told(one, 10, happened(10, "alert")) == ["alert one"]
    assert told(one, 70, happened(70, "update")) == []
    assert told(one, 130, happened(130, "update")) == ["reminder one"]
    assert told(one, 190, happened(190, "update")) == []
    assert told(one, 250, happened(250, "update"), silenced=always) == []
    assert told(one, 251) == []
    assert told(one, 310, happened(310, "update")) == ["reminder one"]
    assert told(one, 350, happened(350, "acknowledged")) == []
    assert told(one, 999, happened(999, "update")) == []


def test_reminders_can_be_had_never_or_whoever_acknowledged() -> None:
    """A receiver that forgets must be told for ever."""
    quiet, insisting = desk(repeat_s=None), desk(repeat_s=60, remind_acknowledged=True)
    for one in (quiet, insisting):
        assert told(one, 10, happened(10, "alert")) == ["alert one"]
        told(one, 20, happened(20, "acknowledged"))
    assert told(quiet, 10**6, happened(10**6, "update")) == []
    assert told(insisting, 80, happened(80, "update")) == ["reminder one"]


def test_groups_that_fire_within_the_wait_are_one_message() -> None:
    """So are their recoveries; the first one begins the wait."""
    one = desk(wait_s=5)
    assert told(one, 10, happened(10, "alert", "a", grouped=True)) == []
    assert told(one, 14, happened(14, "alert", "b", grouped=True)) == []
    assert told(one, 15) == ["alert a b"]
    assert told(one, 16, happened(16, "alert", "c", grouped=True)) == []
    assert told(one, 17, happened(17, "recovered", "c", grouped=True)) == []
    assert told(one, 25) == []
    ends = [happened(30, "recovered", name, grouped=True) for name in "ab"]
    assert told(one, 30, *ends) == []
    assert told(one, 35) == ["recovered a b"]


def test_many_groups_are_told_in_one_sentence_and_a_short_list() -> None:
    """The gravest first; two are named, twenty have a line."""
    one = desk(wait_s=0)
    for number in range(30):
        severity = "critical" if number == 7 else "warning"
        name = f"shop{number:02}"
        one.event(happened(10, "alert", name, grouped=True, severity=severity))
    [message] = one.step(10, never)
    assert message.title == "ALERT critical on web1: 30 groups of errors are firing"
    first, *lines = message.text.splitlines()
    assert first == ("30 groups of errors are firing: vhost shop07, vhost shop00 and 28 more.")
    assert len(lines) == 21
    assert lines[-1] == "- and 10 more"
    assert len(message.events) == 30
    assert message.severity == "critical"


def test_one_event_is_told_in_its_own_words() -> None:
    """With its runbook and the id people type; hostile bytes are visible."""
    one = desk()
    one.event(happened(10, "alert", runbook="https://wiki.example/\x1b[2J"))
    [message] = one.step(10, never)
    assert message.title == "ALERT warning on web1: errors is firing [id-one]"
    assert message.text.splitlines() == [
        "one alert",
        "Runbook: https://wiki.example/\\x1b[2J",
        "Incident id-one on web1",
    ]


def test_the_gravest_is_told_first() -> None:
    """Before ends and reminders of others."""
    one = desk()
    told(one, 1, happened(1, "alert", "old", rule="old"))
    assert told(
        one,
        10,
        happened(10, "recovered", "old", rule="old"),
        happened(10, "alert", "mild", rule="mild"),
        happened(10, "alert", "bad", rule="bad", severity="critical"),
    ) == ["alert bad", "alert mild", "recovered old"]


def test_a_clock_that_is_set_back_delays_nobody() -> None:
    """Neither what is being gathered nor the next reminder."""
    one = desk(repeat_s=100)
    assert told(one, 1000, happened(1000, "alert", grouped=True)) == []
    assert told(one, 10) == ["alert one"]
    assert told(one, 20, happened(20, "update")) == []
    two = desk(repeat_s=100)
    assert told(two, 1000, happened(1000, "alert")) == ["alert one"]
    assert told(two, 10, happened(10, "update")) == []
    assert told(two, 130, happened(130, "update")) == ["reminder one"]


def _incident(name: str, severity: str = "warning") -> Incident:
    rule = Rule(name, "hits", above=((severity, 1.0),))
    return Incident(f"id-{name}", "web1", rule, (), severity, 1.0, 5, 5)


def test_a_new_desk_tells_what_is_open_and_forgets_what_is_not() -> None:
    """An output added by a reload, or a state that does not know of the end."""
    one = desk()
    assert told(one, 5, happened(5, "alert", "gone")) == ["alert gone"]
    one.begin([_incident("here")])
    assert told(one, 6) == ["alert here"]
    assert told(one, 7, happened(7, "recovered", "gone")) == []
    one.begin([_incident("here")])
    assert told(one, 8) == []
    one.begin([_incident("here", "critical")])
    assert told(one, 9) == ["alert here"]


def test_bytes_that_are_no_memory_are_refused() -> None:
    """Whoever restores decides what to do without it."""
    with pytest.raises(ValueError, match="cannot be read"):
        desk().restore(b"nonsense")


_KINDS = ("alert", "update", "recovered", "nodata", "databack", "acknowledged", "critical")
_STEP = st.tuples(
    st.lists(st.tuples(st.sampled_from(_KINDS), st.sampled_from("abc")), max_size=3),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=150)
@given(st.lists(_STEP, max_size=25))
def test_a_restart_at_any_second_changes_nothing(
    steps: list[tuple[list[tuple[str, str]], bool, bool]],
) -> None:
    """Told by one desk, or by one after another with what was kept: the same messages and ids."""
    whole, lives = desk(wait_s=3, repeat_s=7), desk(wait_s=3, repeat_s=7)
    kept = b""
    for second, (happenings, silent, restart) in enumerate(steps, 100):
        silenced = always if silent else never
        for kind, name in happenings:
            severity = "critical" if kind == "critical" else "warning"
            word = "alert" if kind == "critical" else kind
            one = happened(second, word, name, grouped=True, severity=severity)
            whole.event(one)
            lives.event(one)
        assert whole.step(second, silenced) == lives.step(second, silenced)
        kept = lives.changed() or kept
        if restart and kept:
            lives = desk(wait_s=3, repeat_s=7)
            lives.restore(kept)


@settings(max_examples=150)
@given(st.lists(_STEP, max_size=25))
def test_ends_follow_beginnings(steps: list[tuple[list[tuple[str, str]], bool, bool]]) -> None:
    """Of each incident nothing is told before its alert, and nothing after its end."""
    one, begun = desk(wait_s=2, repeat_s=5), set()
    for second, (happenings, silent, _) in enumerate(steps, 100):
        for kind, name in happenings:
            one.event(happened(second, "alert" if kind == "critical" else kind, name, grouped=True))
        for message in one.step(second, always if silent else never):
            ids = {each.id for each in message.events}
            if message.kind == "alert":
                begun |= ids
            else:
                assert ids <= begun
            if message.kind == "recovered":
                begun -= ids
