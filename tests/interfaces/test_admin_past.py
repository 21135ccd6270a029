"""What is over is found on the admin port: by its time, its rule and its last digits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from admin_wire import ask, data
from fake_surface import FakeAlerts, surface
from surface_values import ERRORS, NOW, RULE, ended, incident

from logmond.alerts.event import Acknowledgement
from logmond.alerts.incident import Incident
from logmond.alerts.record import recorded, silence_record, went_on
from logmond.alerts.silences import Silence
from logmond.interfaces.surface import Surface
from logmond.stores.database import Database
from logmond.stores.history import open_history
from logmond.stores.rows import Changes, IncidentRow, SilenceRow

DAY = 86400


def row(one: Incident) -> IncidentRow:
    """An incident as the history keeps it: it fired, was taken on, and ended."""
    one.acknowledged = Acknowledgement("eva", "on it", one.triggered_at + 10)
    life = went_on((), one.as_event("alert", one.triggered_at, one.opening))
    event = one.as_event()
    body = recorded(event, went_on(life, event))
    return IncidentRow(one.id, one.rule, one.triggered_at, one.ended_at, body)


LONG_AGO = ended(incident(ERRORS, ("shop.example",), NOW - 10 * DAY))
LAST_WEEK = ended(incident(RULE, (), NOW - 3 * DAY))
SILENCE = Silence("5b", "errors", {}, NOW - DAY, NOW - DAY + 60, "deploy", "eva")


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Surface]:
    """A daemon with an open incident, one that ended of late, and a history."""
    database = Database(str(tmp_path / "state.db"), lambda kept, _: kept)
    recent = ended(incident(at=NOW - 4000))
    alerts = FakeAlerts([incident()], [recent])
    written = [row(LONG_AGO), row(LAST_WEEK), row(ended(incident(at=NOW - 4000)))]
    unreadable = IncidentRow("unreadable-ffffffff", "errors", NOW - DAY, NOW, b"\xff")
    silence = SilenceRow("5b", "errors", SILENCE.since, SILENCE.until, silence_record(SILENCE))
    database.write(Changes(incidents=[*written, unreadable], silences=[silence]))
    with closing(open_history(str(tmp_path / "state.db"))) as history:
        yield surface(alerts=alerts, history=history)
    database.close()


def test_incidents_since_some_days_come_from_memory_and_history(shown: Surface) -> None:
    """Each once, the oldest first; one that cannot be read is left out."""
    lines = ask("incidents since 7d", shown).splitlines()
    assert lines[0].split() == [
        *("id", "severity", "rule", "group", "state", "since", "lasted", "value", "peak")
    ]
    assert [line.split()[0] for line in lines[1:]] == [
        one.short_id for one in (LAST_WEEK, incident(at=NOW - 4000), incident())
    ]
    assert lines[1].split() == [
        *(LAST_WEEK.short_id, "warning", "high-traffic", "-", "recovered"),
        *("2026-11-20T17:02:10Z", "1m0s", "12.1", "31/s"),
    ]
    assert [one["state"] for one in data("incidents since 2d", shown)[-2:]] == [
        "recovered",
        "firing",
    ]


def test_incidents_of_one_rule_are_asked_for_by_its_name(shown: Surface) -> None:
    """Those of others are not given."""
    assert [one["id"] for one in data("incidents since 30d errors", shown)] == [LONG_AGO.id]
    assert ask("incidents since 1h errors", shown) == "no incidents in that time\n"
    assert ask("incidents since 30d none", shown) == "no incidents in that time\n"


def test_all_incidents_are_those_that_are_kept(shown: Surface) -> None:
    """Also such as memory has long lost."""
    assert ask("incidents all", shown).splitlines()[1].split()[0] == LONG_AGO.short_id
    assert ask("incidents all", surface(alerts=FakeAlerts([]))) == "no incidents in that time\n"


def test_more_incidents_than_one_answer_holds_are_told_to_be_there(tmp_path: Path) -> None:
    """The newest are given."""
    database = Database(str(tmp_path / "state.db"), lambda kept, _: kept)
    many = [row(ended(incident(at=NOW - 5000 - n))) for n in range(600)]
    database.write(Changes(incidents=many))
    with closing(open_history(str(tmp_path / "state.db"))) as history:
        shown = surface(alerts=FakeAlerts([incident()]), history=history)
        lines = ask("incidents all", shown).splitlines()
    database.close()
    assert len(lines) == 502
    assert lines[-2].split()[0] == incident().short_id
    assert lines[-1] == "older ones are not shown; the newest 500 are, ask for less than that"


def test_an_incident_of_long_ago_is_shown_whole(shown: Surface) -> None:
    """With everything that happened to it, in order."""
    lines = ask(f"incident {LONG_AGO.short_id}", shown).splitlines()
    assert lines[0].startswith(f"2026-11-13T17:03:10Z RECOVERED warning errors {LONG_AGO.short_id}")
    names = [line.split("  ")[0] for line in lines[1:]]
    assert names == [
        *("id", "rule", "state", "group", "triggered", "ended", "value", "peak", "peak req/s"),
        *("evidence", "evidence", "taken by", "sample", "runbook", "alert", "recovered"),
    ]
    assert "taken by    eva at 2026-11-13T17:02:20Z on it" in lines
    assert lines[-2].startswith("alert       2026-11-13T17:02:10Z Errors (vhost shop.example) gen")
    assert data(f"incident {LONG_AGO.short_id}", shown)["life"][1]["event"] == "recovered"


def test_the_name_of_a_rule_means_its_newest_incident(shown: Surface) -> None:
    """Where memory has none of it."""
    assert data("incident errors", shown)["error"]["code"] == "unknown_incident"  # unreadable
    assert data("incident none", shown)["error"]["code"] == "unknown_incident"


def test_an_incident_in_memory_has_the_life_that_was_written(shown: Surface) -> None:
    """Its values are those of now, its life that of the history."""
    recent = incident(at=NOW - 4000)
    assert [one["event"] for one in data(f"incident {recent.short_id}", shown)["life"]] == [
        "alert",
        "recovered",
    ]
    assert data(f"incident {incident().short_id}", shown)["life"] == []


def test_digits_that_mean_several_incidents_are_told_apart(tmp_path: Path) -> None:
    """As many are named as help to choose."""
    database = Database(str(tmp_path / "state.db"), lambda kept, _: kept)
    rows = [IncidentRow(f"00000{n}-77777777", "errors", n, n, b"{}") for n in range(3)]
    database.write(Changes(incidents=rows))
    with closing(open_history(str(tmp_path / "state.db"))) as history:
        shown = surface(alerts=FakeAlerts([]), history=history)
        assert ask("incident 7777", shown).startswith("ERR 7777 means several incidents: 77777777")
    database.close()


def test_silences_that_are_over_can_be_listed(shown: Surface) -> None:
    """With who was asked for them and why."""
    assert ask("silence list all", shown).splitlines() == [
        "id  rule    since                 until                 by   comment",
        "5b  errors  2026-11-22T17:02:10Z  2026-11-22T17:03:10Z  eva  deploy",
    ]
    assert data("silence list all", shown)[0]["until"] == "2026-11-22T17:03:10Z"
    assert ask("silence list all", surface()) == "nothing was ever silenced\n"


def test_silences_in_memory_are_listed_with_those_of_the_history(shown: Surface) -> None:
    """So nothing is missed that was not written yet, or is not written at all."""
    group = {"vhost": "shop"}
    shown.alerts.silence("errors", 60, "", "eva", group=group, since=NOW)
    rows = [line.split() for line in ask("silence list all", shown).splitlines()]
    assert [row[1] for row in rows] == ["rule", "errors{vhost=shop}", "errors"]
    assert data("silence list all", shown)[0]["group"] == group
