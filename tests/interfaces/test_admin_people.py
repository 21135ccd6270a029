"""What people decide on the admin port: who is on it, and what is to be silent and when."""

from __future__ import annotations

import pytest
from admin_wire import ask, data
from fake_surface import FakeAlerts, surface
from surface_values import ERRORS, NOW, incident

from logmond.alerts.status import GroupStatus, RuleStatus
from logmond.errors import QueryError
from logmond.interfaces.admin.moments import beginning, moment_of
from logmond.interfaces.admin.verbs.people import target_of

DAY = 86400


def test_an_acknowledgement_is_shown_replaced_and_taken_back() -> None:
    """In the table only while somebody is named; in JSON always."""
    opened = incident()
    shown = surface(alerts=FakeAlerts([opened]))
    short = opened.short_id
    assert data(f"incident {short}", shown)["acknowledged"] is None
    assert ask(f"ack {short} eva on my way", shown) == f"{short} high-traffic acknowledged by eva\n"
    assert ask("incidents", shown).splitlines() == [
        "id        severity  rule          group      since  value  peak  taken by",
        f"{short}  warning   high-traffic  -      17:02:10Z   12.1  31/s  eva",
    ]
    assert data(f"incident {short}", shown)["acknowledged"] == {
        "by": "eva", "at": "2026-11-23T17:02:10Z", "comment": "on my way",
    }  # fmt: skip
    assert ask(f"ack {short} ben", shown) == (
        f"{short} high-traffic acknowledged by ben after eva\n"
    )
    assert ask(f"unack {short}", shown) == f"{short} high-traffic is nobody's now\n"
    assert "taken by" not in ask("incidents", shown)
    assert ask(f"unack {short}", shown) == f"ERR nobody acknowledged {short}\n"


def test_one_rule_is_shown_with_its_groups() -> None:
    """The worst first, and how many are watched together only."""
    alerts = FakeAlerts()
    alerts.rules = [
        RuleStatus("errors", "ratio_5xx", "firing", 0.071, 0.05, 60, None, 1, 2, 3),
    ]
    alerts.grouped = [
        GroupStatus({"vhost": "shop.example"}, "firing", 0.071, 0.05, None),
        GroupStatus({"vhost": "blog"}, "quiet", None, 0.05, "only 3 requests in 1m"),
    ]
    shown = surface(alerts=alerts)
    assert ask("rules errors", shown).splitlines() == [
        "rule    state   value  limit  window  firing",
        "errors  firing   7.1%     5%      1m       1",
        "vhost         state   value  limit",
        "shop.example  firing   7.1%     5%",
        "blog          quiet       -     5%  only 3 requests in 1m",
        "3 groups more are watched together, as (other)",
    ]
    told = data("rules errors", shown)
    assert (told["groups_folded"], told["groups"][1]["group"]) == (3, {"vhost": "blog"})
    assert ask("rules erors", shown) == 'ERR no rule "erors"; did you mean "errors"?\n'


def test_a_silence_may_mean_one_group_and_begin_later() -> None:
    """Both are repeated, so that a slip is seen."""
    shown = surface(alerts=FakeAlerts([incident(ERRORS, ("shop",))]))
    added = ask("silence add errors{vhost=shop} 30m from 22:00 moving the shop", shown)
    [silence] = shown.alerts.silences()
    assert added == (
        "errors{vhost=shop} is silent from 2026-11-23T22:00:00Z until 2026-11-23T22:30:00Z; "
        f"silence remove {silence.id} ends that\n"
    )
    ask("silence add * 1h", shown)
    now, later = ask("silence list", shown).splitlines()[1:]
    assert now.split()[1:3] == ["*", "2026-11-23T18:02:10Z"]
    assert later.split()[1:4] == [
        "errors{vhost=shop}",
        "2026-11-23T22:00:00Z",
        "2026-11-23T22:30:00Z",
    ]
    assert later.endswith("127.0.0.1  moving the shop")
    assert data("silence list", shown)[1] == {
        "id": silence.id,
        "rule": "errors",
        "group": {"vhost": "shop"},
        "since": "2026-11-23T22:00:00Z",
        "until": "2026-11-23T22:30:00Z",
        "created_at": "2026-11-23T17:02:10Z",
        "who": "127.0.0.1",
        "comment": "moving the shop",
    }
    assert ask(f"silence remove {silence.id}", shown) == (
        f"silence {silence.id} of errors{{vhost=shop}} removed\n"
    )


@pytest.mark.parametrize(
    ("typed", "since", "comment"),
    [
        ("", None, ""),
        ("deploying 3.1", None, "deploying 3.1"),
        ("in 3h the move", 3 * 3600, "the move"),
        ("IN 90s", 90, ""),
        ("in the evening", None, "in the evening"),
        ("from home", None, "from home"),
        ("from 22:00 x", 17870, "x"),
        ("from 17:02:10 x", DAY, "x"),
        ("from 9:00z", DAY - 28930, ""),
        ("from 2026-11-24T17:02:10Z", DAY, ""),
        ("from 2026-11-24t17:03", DAY + 50, ""),
    ],
)
def test_a_beginning_is_told_from_a_comment(typed: str, since: int | None, comment: str) -> None:
    """Only a time behind from, and a length behind in, are one."""
    at, rest = beginning(typed.split(), NOW)
    assert (None if at is None else at - NOW, " ".join(rest)) == (since, comment)


@pytest.mark.parametrize("word", ["25:00", "22", "2026-13-01T00:00Z", "9" * 5000, "22:00+01:00"])
def test_what_is_no_time_is_refused(word: str) -> None:
    """With what would work."""
    with pytest.raises(QueryError, match="such as 22:00"):
        moment_of(word, NOW)


@pytest.mark.parametrize(
    "word", ["errors{", "errors{}", "{a=b}", "errors{vhost}", "errors{=a}", "e{a=}"]
)
def test_braces_that_hold_no_group_are_refused(word: str) -> None:
    """A silence that means more than was typed would be worse."""
    with pytest.raises(QueryError, match="is not like"):
        target_of(word)


def test_a_target_names_a_rule_and_values() -> None:
    """Values may hold what paths hold."""
    assert target_of("errors") == ("errors", {})
    assert target_of("e*{vhost=a,section=/x=y}") == ("e*", {"vhost": "a", "section": "/x=y"})
