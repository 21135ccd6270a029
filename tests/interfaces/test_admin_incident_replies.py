"""Rules, incidents and silences on the admin port, as operators and as programs read them."""

from __future__ import annotations

from admin_wire import ask, data
from fake_surface import FakeAlerts, surface
from surface_values import ERRORS, NOW, ended, incident

from logmond.alerts.status import RuleStatus


def test_rules_show_state_and_value_of_each() -> None:
    """A value that cannot be told is a dash, with the reason behind."""
    alerts = FakeAlerts()
    alerts.rules = [
        RuleStatus("high-traffic", "hits_per_second", "firing", 12.1, 10.0, 120, None, 1),
        RuleStatus("errors", "ratio_5xx", "quiet", None, 0.05, 60, "thin: 3 of 120 hits", 0),
    ]
    assert ask("rules", surface(alerts=alerts)).splitlines() == [
        "rule          state   value  limit  window  firing",
        "high-traffic  firing   12.1     10      2m       1",
        "errors        quiet       -     5%      1m          thin: 3 of 120 hits",
    ]
    assert data("rules", surface(alerts=alerts))[0]["value"] == 12.1


def test_incidents_are_a_table_of_what_is_open() -> None:
    """Short id, severity, rule, group, since, value, peak."""
    opened = [incident(), incident(ERRORS, ("shop.example",))]
    first, second = (one.short_id for one in opened)
    assert ask("incidents", surface(alerts=FakeAlerts(opened))).splitlines() == [
        "id        severity  rule          group                   since  value   peak",
        f"{first}  warning   high-traffic  -                   17:02:10Z   12.1   31/s",
        f"{second}  warning   errors        vhost shop.example  17:02:10Z   7.1%  12.0%",
    ]


def test_a_value_of_half_an_hour_ago_is_not_shown_as_that_of_now() -> None:
    """While it cannot be told it is a dash, in this table as in that of all."""
    opened = incident(ERRORS)
    opened.usable, opened.reason = False, "no requests in 1m"
    shown = surface(alerts=FakeAlerts([opened]))
    for command in ("incidents", "incidents all"):
        assert ask(command, shown).splitlines()[1].split()[-2:] == ["-", "12.0%"]
    assert "cannot tell: no requests in 1m (last value 7.1%)" in ask("incident errors", shown)


def test_incidents_all_shows_the_ended_ones_too() -> None:
    """With their state, and the day they began."""
    shown = surface(alerts=FakeAlerts([], [ended(incident(at=NOW - 4000))]))
    assert ask("incidents", shown) == "no open incidents\n"
    assert "recovered  2026-11-23T15:55:30Z" in ask("incidents all", shown)
    [event] = data("incidents all", shown)
    assert (event["event"], event["state"]) == ("recovered", "recovered")


def test_a_storm_of_incidents_is_cut_in_text_and_whole_in_json() -> None:
    """People get what can be read, and are told where the rest is."""
    shown = surface(alerts=FakeAlerts([incident(at=NOW + i) for i in range(600)]))
    lines = ask("incidents", shown).splitlines()
    assert len(lines) == 502
    assert lines[-1] == '100 more; "json incidents" has all of them'
    assert len(data("incidents", shown)) == 600


def test_one_incident_is_shown_whole() -> None:
    """The line of its alert, then every field with the evidence."""
    opened = incident(ERRORS, ("shop.example",))
    reply = ask(f"incident {opened.short_id}", surface(alerts=FakeAlerts([opened]))).splitlines()
    assert reply[0].startswith(
        f"2026-11-23T17:02:10Z ALERT warning errors {opened.short_id} web1: "
        "Errors (vhost shop.example) generated an alert - 5xx = 7.1%"
    )
    assert reply[1:] == [
        f"id          {opened.id}",
        "rule        errors: ratio_5xx over 1m, limit 5%",
        "state       firing, warning, 1m0s",
        "group       vhost shop.example",
        "triggered   2026-11-23T17:02:10Z",
        "value       7.1% (falling)",
        "peak        12.0% at 17:02:04Z",
        "peak req/s  31 at 17:02:04Z",
        "evidence    section /api 83%",
        "evidence    client 203.0.113.7 71% (at most 73%)",
        "sample      GET /api/items 200",
        "runbook     https://wiki.example/errors",
    ]


def test_an_incident_is_found_by_its_rule_and_as_json_is_its_event() -> None:
    """The object is the one that events are."""
    shown = surface(alerts=FakeAlerts([incident()]))
    found = data("incident high-traffic", shown)
    assert (found["v"], found["rule"], found["state"]) == (1, "high-traffic", "firing")


def test_acknowledging_names_who_and_why() -> None:
    """The comment is the rest of the line."""
    opened = incident()
    shown = surface(alerts=FakeAlerts([opened]))
    assert ask(f"ack {opened.short_id} eva on my way", shown) == (
        f"{opened.short_id} high-traffic acknowledged by eva\n"
    )
    assert opened.acknowledged is not None
    assert opened.acknowledged.comment == "on my way"


def test_a_silence_is_added_listed_and_removed() -> None:
    """Its id is told, so that it can be ended."""
    shown = surface()
    added = ask("silence add high-traffic 2h deploy of 3.1", shown)
    [silence] = shown.alerts.silences()
    assert added == (
        "high-traffic is silent until 2026-11-23T19:02:10Z; "
        f"silence remove {silence.id} ends that\n"
    )
    assert ask("silence list", shown).splitlines() == [
        "id        rule          until                 by         comment",
        f"{silence.id}  high-traffic  2026-11-23T19:02:10Z  127.0.0.1  deploy of 3.1",
    ]
    assert data("silence list", shown)[0]["rule"] == "high-traffic"
    removed = ask(f"silence remove {silence.id[-4:]}", shown)
    assert removed == f"silence {silence.id} of high-traffic removed\n"
    assert ask("silence", shown) == "nothing is silenced\n"
