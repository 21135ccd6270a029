"""Standard output: the view on a terminal, the lines of the journal, the words of both."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from logmond.alerts import render, wording
from logmond.alerts.event import Peak
from logmond.alerts.incident import Incident, incident_id
from logmond.alerts.rule import Rule
from logmond.frame.selector import Selector
from logmond.outputs.console import JOURNAL, PLAIN, TERMINAL, Console, style_of
from logmond.stats.results import Group, Summary

AT = 1795453330
"""2026-11-23T17:02:10Z."""

SUMMARY = Summary(
    window_s=10,
    from_second=AT - 9,
    to_second=AT,
    coverage="whole",
    hits=142,
    hits_per_second=14.2,
    bytes=1_572_864,
    status={"1xx": 0, "2xx": 131, "3xx": 6, "4xx": 4, "5xx": 1},
    ratio_4xx=4 / 142,
    ratio_5xx=1 / 142,
    duration={"p50": 0.03, "p95": 0.21, "p99": 0.4},
    distinct_clients=40,
    sections=(),
)

GROUPS = (
    Group("/api", 118, 11.8, 118 / 142, 1_000_000, 0.0, 1 / 118),
    Group("/", 20, 2.0, 20 / 142, 500_000, 0.2, 0.0),
    Group("/a", 3, 0.3, 3 / 142, 70_000, 0.0, 0.0),
    Group("/b", 1, 0.1, 1 / 142, 2_864, 0.0, 0.0),
)

RULE = Rule("high-traffic", "hits_per_second", above=(("warning", 10.0),))


def incident(rule: Rule = RULE, key: tuple[str, ...] = ()) -> Incident:
    """An incident that has stood for a minute."""
    made = Incident(
        id=incident_id("web1", rule.name, key, AT - 60),
        node="web1",
        definition=rule,
        key=key,
        severity="warning",
        limit=rule.limits[0][1],
        triggered_at=AT - 60,
        updated_at=AT,
        value=12.1,
        trend_values=(14.2, 14.2),
        peak_requests=Peak(31, AT - 66),
    )
    made.opening = wording.alert(made)
    return made


class Recorded:
    """Lines as they were put."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.dropped = 0
        self.trouble = ""
        self.closed = False

    def put(self, line: str) -> None:
        """Keep it."""
        self.lines.append(line)

    def close(self) -> None:
        """Note that."""
        self.closed = True

    def take(self) -> list[str]:
        """What was put since the last call."""
        lines, self.lines = self.lines, []
        return lines


class Statistics:
    """One summary for every question."""

    def __init__(self, summary: Summary = SUMMARY) -> None:
        self.answer = summary

    def summary(
        self, window_s: int, where: Selector | None = None, by: str | None = None
    ) -> Summary:
        """The summary, over the window that was asked for."""
        groups = GROUPS if by == "section" else ()
        return replace(self.answer, window_s=window_s, groups=groups)


class Stage:
    """A console and everything around it."""

    def __init__(
        self,
        style: str,
        summary: Summary = SUMMARY,
        incidents: Sequence[Incident] = (),
        every_s: int = 10,
    ) -> None:
        self.lines = Recorded()
        self.lost = 5
        self.console = Console(
            "console",
            self.lines,
            Statistics(summary),
            lambda: incidents,
            lambda: self.lost,
            style=style,
            every_s=every_s,
        )

    def told(self, first: int = AT - 9, last: int = AT) -> list[str]:
        """The lines of some seconds."""
        for second in range(first, last + 1):
            self.console.tick(second)
        return self.lines.take()


def test_a_terminal_gets_a_summary_with_sections_and_alerts_below() -> None:
    """The lines of the design, once every ten seconds."""
    open_one = incident()
    assert Stage(TERMINAL, incidents=[open_one]).told() == [
        "17:02:10  last 10s: 142 hits 14.2/s | 2xx 131 3xx 6 4xx 4 5xx 1 | 1.5 MiB | p95 210ms"
        " | lost 0",
        "  /api    118  83%   5xx 1",
        "  /        20  14%",
        "  /a        3   2%",
        f"  ! {open_one.short_id} high-traffic 1m0s: now 12.1, limit 10, peak 31/s, falling",
    ]


def test_what_was_lost_since_the_last_summary_is_told() -> None:
    """Not since the beginning of time."""
    stage = Stage(TERMINAL)
    stage.told()
    stage.lost += 3
    assert stage.told(AT + 1, AT + 10)[0].endswith("lost 3")
    assert stage.told(AT + 11, AT + 20)[0].endswith("lost 0")


def test_the_interval_is_configurable_on_a_terminal_only() -> None:
    """Elsewhere one line a minute is enough."""
    told = Stage(TERMINAL, every_s=5).told()
    assert [line[:18] for line in told if "last" in line] == [
        "17:02:05  last 5s:",
        "17:02:10  last 5s:",
    ]
    assert Stage(PLAIN, every_s=5).told(AT - 9, AT) == []


@pytest.mark.parametrize(("style", "prefix"), [(PLAIN, ""), (JOURNAL, "<6>")])
def test_elsewhere_one_summary_line_a_minute(style: str, prefix: str) -> None:
    """Without sections and alerts; the journal reads its priority."""
    minute = AT + 50
    assert Stage(style).told(minute - 59, minute) == [
        f"{prefix}17:03:00  last 1m: 142 hits 14.2/s | 2xx 131 3xx 6 4xx 4 5xx 1 | 1.5 MiB"
        " | p95 210ms | lost 0"
    ]


@pytest.mark.parametrize(
    ("kind", "severity", "priority"),
    [
        ("alert", "critical", "<2>"),
        ("alert", "warning", "<4>"),
        ("recovered", "critical", "<5>"),
        ("update", "warning", "<6>"),
    ],
)
def test_the_journal_gets_priorities(kind: str, severity: str, priority: str) -> None:
    """So that `journalctl -p warning` shows what matters."""
    event = replace(incident().as_event(kind), severity=severity)
    stage = Stage(JOURNAL)
    stage.console.event(event)
    assert stage.lines.take() == [priority + render.line(event)]


@pytest.mark.parametrize("style", [TERMINAL, PLAIN])
def test_without_a_journal_event_lines_are_plain(style: str) -> None:
    """The same line as everywhere."""
    stage = Stage(style)
    stage.console.event(incident().as_event())
    assert stage.lines.take() == [render.line(incident().as_event())]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"hits": 0, "hits_per_second": 0.0, "coverage": "empty"},
            'last 10s: no lines yet: see "sources" | lost 0',
        ),
        (
            {"coverage": "partial", "duration": None},
            "last 10s: 142 hits 14.2/s | 2xx 131 3xx 6 4xx 4 5xx 1 | 1.5 MiB | lost 0 | partial",
        ),
        (
            {"status": {**SUMMARY.status, "1xx": 2}},
            "last 10s: 142 hits 14.2/s | 1xx 2 2xx 131 3xx 6 4xx 4 5xx 1 | 1.5 MiB | p95 210ms"
            " | lost 0",
        ),
    ],
)
def test_the_summary_says_what_its_numbers_are_worth(changed: dict[str, Any], told: str) -> None:
    """Not observed is not quiet."""
    stage = Stage(TERMINAL, replace(SUMMARY, **changed))
    assert stage.told()[0] == f"17:02:10  {told}"


def test_an_alert_that_cannot_be_told_says_why() -> None:
    """And its last value."""
    rule = Rule("slow", "duration_p95", group_by=("vhost",), above=(("warning", 0.5),))
    blind = incident(rule, ("shop",))
    blind.value, blind.usable, blind.reason = 0.7, False, "source apache unreadable"
    assert Stage(TERMINAL, incidents=[blind]).told()[-1] == (
        f"  ! {blind.short_id} slow (vhost shop) 1m0s: "
        "cannot tell: source apache unreadable, last value 700ms, limit 500ms"
    )


def test_a_storm_of_alerts_does_not_flood_the_screen() -> None:
    """Ten are repeated, the rest is counted."""
    told = Stage(TERMINAL, incidents=[incident()] * 1010).told()
    assert sum(line.startswith("  ! ") for line in told) == 11
    assert told[-1] == '  ! 1,000 more are open: see "incidents"'


def test_a_clock_that_steps_back_starts_a_new_span() -> None:
    """A new epoch does not wait for the hour to come round again."""
    stage = Stage(TERMINAL)
    stage.told()
    told = stage.told(AT - 3600, AT - 3590)
    assert [line[:8] for line in told if "last" in line] == ["16:02:10", "16:02:20"]


def test_dropped_lines_and_trouble_are_those_of_the_writer() -> None:
    """The daemon's status shows them."""
    stage = Stage(PLAIN)
    assert stage.console.problem is None
    stage.lines.dropped, stage.lines.trouble = 3, "Broken pipe"
    assert stage.console.dropped == 3
    assert stage.console.problem == "output console: cannot write: Broken pipe"
    stage.console.reopen()
    stage.console.close()
    assert stage.lines.closed


def test_the_style_follows_the_descriptor() -> None:
    """A terminal, the journal's own socket, or anything else."""
    reader, writer = os.pipe()
    terminal, other = os.openpty()
    try:
        at = os.fstat(writer)
        journal = {"JOURNAL_STREAM": f"{at.st_dev}:{at.st_ino}"}
        assert style_of(terminal, journal) == TERMINAL
        assert style_of(writer, journal) == JOURNAL
        assert style_of(reader, {"JOURNAL_STREAM": "1:2"}) == PLAIN
        assert style_of(writer, {}) == PLAIN
    finally:
        for descriptor in (reader, writer, terminal, other):
            os.close(descriptor)
    assert style_of(writer, journal) == PLAIN
