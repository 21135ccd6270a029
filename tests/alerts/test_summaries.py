"""A rule's own summary: every name it may hold, and values that come from strangers."""

from __future__ import annotations

import pytest
from fake_stats import Daemon, FakeStatistics

from logmond.alerts.event import Event, Evidence
from logmond.alerts.render import line
from logmond.alerts.rule import Rule
from logmond.alerts.summary import SUMMARY_NAMES, summary_problem
from logmond.config.loading import loads
from logmond.errors import ConfigError
from logmond.frame.selector import Selector


def alert(template: str, vhost: str = "shop", **changes: object) -> Event:
    """What a rule by host with this summary tells."""
    stats = FakeStatistics(evidence=[Evidence("client", "203.0.113.7", 0.71)])
    stats.put(0, 600, vhost=vhost, section="/api")
    rule = Rule(
        "busy", "hits", group_by=("vhost",), window_s=60, above=(("critical", 500.0),),
        selector=Selector.of({"section": ["/api", "/login"]}), summary=template,
        **changes,  # type: ignore[arg-type]
    )  # fmt: skip
    assert summary_problem(rule) is None
    (event,) = Daemon(rule, stats=stats).run(0)
    return event


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{rule}", "busy"),
        ("{metric}", "hits"),
        ("{value}", "600"),
        ("{limit}", "500"),
        ("{window}", "1m"),
        ("{severity}", "critical"),
        ("{node}", "web1"),
        ("{group}", "vhost shop"),
        ("{peak}", "600"),
        ("{peak_requests}", "600 requests/s"),
        ("{offender}", "client 203.0.113.7 71%"),
        ("{started}", "2026-11-23T17:00:00Z"),
        ("{duration}", "0s"),
        ("{runbook}", "https://wiki.example/busy"),
        ("{vhost}", "shop"),
        ("{section}", "/api, /login"),
        ("{method}", "any"),
        ("{{{vhost}}}", "{shop}"),
    ],
)
def test_every_name_is_filled_in(template: str, told: str) -> None:
    """In the words of all other events."""
    event = alert(template, runbook="https://wiki.example/busy")
    assert event.message.startswith(f"{told}, triggered at 2026-11-23T17:00:00Z.")


def test_the_names_told_here_are_all() -> None:
    """A name that is added is tried out above."""
    assert len(SUMMARY_NAMES) == 14


def test_what_is_not_known_is_said_so() -> None:
    """Rather than left out: a sentence stays one."""
    stats = FakeStatistics()
    rule = Rule(
        "quiet", "ratio_5xx", window_s=2, above=(("warning", 0.5),), no_data="alert",
        summary="{value} {peak} {offender} {runbook} {group}",
    )  # fmt: skip
    event = Daemon(rule, stats=stats).run(1)[0]
    assert event.message.startswith("unknown unknown unknown none all, triggered at")


@pytest.mark.parametrize(
    "hostile",
    [
        "{node}",
        "{0.__class__}",
        "%s%n",
        "\x1b[31mred\x1b[0m",
        "a\nALERT critical x",
        "\u202eevil",
        "x" * 9999,
    ],
)
def test_a_value_from_a_log_line_stays_a_value(hostile: str) -> None:
    """Neither a template, nor a command to a terminal, nor a line of its own."""
    shown = line(alert("{vhost} is busy", vhost=hostile))
    assert "web1.__class__" not in shown
    assert not any(ord(char) < 32 or char in "\x7f\u202e" for char in shown)
    assert len(shown) < 1000
    if hostile.startswith(("{", "%")):
        assert f"{hostile} is busy" in shown


def test_an_unknown_name_is_an_error_at_its_place() -> None:
    """With the name that was likely meant."""
    text = "rules:\n  - name: busy\n    metric: hits\n    above: 5\n    summary: '{vlaue} hits'\n"
    with pytest.raises(ConfigError) as caught:
        loads(text, "x.yaml", {}, [])
    assert [str(problem) for problem in caught.value.problems] == [
        'x.yaml:5:14: rules[0].summary: unknown name {vlaue}; did you mean "value"?'
    ]


def test_a_summary_is_told_when_it_gets_graver_too() -> None:
    """With the severity it rose to in front."""
    rule = Rule(
        "busy", "hits", window_s=1, above=(("warning", 10.0), ("critical", 50.0)),
        summary="{value} requests",
    )  # fmt: skip
    stats = FakeStatistics()
    stats.put(0, 20)
    stats.put(1, 60)
    first, second = Daemon(rule, stats=stats).run(1)
    assert first.message.startswith("20 requests, triggered at ")
    assert second.message.startswith("Rose to critical: 60 requests, triggered at ")
    assert first.id == second.id
