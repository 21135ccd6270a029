"""The forms of a backtest's outcome: text within 100 columns, Markdown, and JSON as documented.

`GOLDENS=1 pytest tests/interfaces/test_backtest_forms.py` writes the goldens anew.
"""

from __future__ import annotations

import os
import re
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest

from logmond.alerts.event import Event, Evidence, Peak
from logmond.interfaces.backtest import COLUMNS, FORMS, as_markdown, as_text
from logmond.interfaces.backtestjson import document
from logmond.interfaces.outcome import (
    Count,
    Expectation,
    LogRead,
    Outcome,
    Ran,
    Reject,
    RuleOutcome,
    SweepOutcome,
)
from logmond.interfaces.progress import Progress

T0 = 1_795_453_200
GOLDENS = Path(__file__).with_name("backtest_goldens")
DOCUMENT = Path(__file__).parents[2] / "docs" / "backtest.md"


def event(kind: str = "alert", at: int = T0, **more: Any) -> Event:
    """An event of a rule about errors."""
    values: dict[str, Any] = {
        "kind": kind,
        "at": at,
        "id": f"019ab1c2-0000-7000-8000-{more.get('triggered_at', T0):012x}",
        "node": "web1",
        "rule": "errors",
        "group": {"vhost": "shop.example"},
        "severity": "warning",
        "state": "firing" if kind == "alert" else kind,
        "metric": "ratio_5xx",
        "window_s": 60,
        "value": 0.071,
        "limit": 0.05,
        "triggered_at": T0,
        "recovered_at": at if kind == "recovered" else None,
        "reason": None,
        "peak_value": Peak(0.5, T0 + 7),
        "peak_requests_per_second": Peak(31, T0 + 4),
        "evidence": (
            Evidence("section", "/api", 0.97, 0.0),
            Evidence("client", "x\x1b[2J", 0.5, 0),
        ),
        "runbook": None,
        "message": "Errors (vhost shop.example) generated an alert - 5xx = 7.1%.",
    }
    return Event(**{**values, **more})


def count(**more: int | None) -> Count:
    """A count with these figures."""
    made = Count()
    for name, value in more.items():
        setattr(made, name, value)
    return made


def outcome(**more: Any) -> Outcome:
    """One of everything."""
    late = event(
        triggered_at=T0 + 90_000, severity="critical", rule="a-rule-with-a-rather-long-name"
    )
    once = count(fired=1, total_s=270, longest_s=270)
    values: dict[str, Any] = {
        "config": "logmond.yaml",
        "first": T0,
        "last": T0 + 2 * 86400 - 1,
        "took_s": 2.5,
        "logs": [
            LogRead("access.log", "web", "the only one; format combined", 400_000, 3),
            LogRead("odd.log.gz", "web", "the only one; format combined", 9, 0, "it is damaged"),
        ],
        "totals": {"received": 400_009, "counted": 400_006, "unparsed": 3, "late": 2, "skewed": 0},
        "rejects": [Reject("web", "unparsed", 3, 'x | <b> "y" ' * 12, "combined expected a quote")],
        "rules": [
            RuleOutcome("errors", "ratio_5xx", count(
                fired=3, open=1, total_s=4000, longest_s=3600, shortest_gap_s=42)),
            RuleOutcome("high-traffic", "hits_per_second", Count()),
            RuleOutcome("slow", "duration_p95", Count(), "no log carries durations"),
        ],
        "incidents": [
            Ran(event(), event("recovered", T0 + 270), T0 + 270),
            Ran(event(), event("expired", T0 + 99_000, peak_value=None, evidence=()), T0 + 99_000),
            Ran(late, late),
        ],
        "unlisted": 12,
        "sweeps": [
            SweepOutcome("errors.above", [("2%", once), ("10%", Count())], ["no alert from 10% on"])
        ],
        "expectations": [
            Expectation(None, "none", 3, False),
            Expectation("errors", "1..3", 3, True),
            Expectation("slow", "none", 0, False, "no log carries durations"),
        ],
    }  # fmt: skip
    return Outcome(**{**values, **more})


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_as_its_golden(form: str) -> None:
    """To the letter; a change of it is read as a diff."""
    golden = GOLDENS / f"outcome.{form}"
    written = "".join(f"{line}\n" for line in FORMS[form](outcome()))
    if os.environ.get("GOLDENS"):
        golden.write_text(written)
    assert written == golden.read_text()


def test_text_fits_a_hundred_columns() -> None:
    """Whatever samples, evidence and names are like."""
    long = event(rule="r" * 64, triggered_at=T0 + 90_000, severity="critical")
    told = as_text(
        outcome(
            config="/etc/" + "c" * 90,
            incidents=[Ran(long, long)],
            rules=[
                RuleOutcome("r" * 64, "hits", Count(), "no log for source " + "s" * 64),
                RuleOutcome("s" * 64, "hits", count(fired=10**6, total_s=10**7, longest_s=10**6)),
            ],
        )
    )
    assert max(map(len, told)) <= COLUMNS
    assert max(map(len, as_text(outcome()))) <= COLUMNS


@pytest.mark.parametrize("form", FORMS)
def test_what_strangers_sent_acts_on_no_terminal_and_no_page(form: str) -> None:
    """Control bytes are visible, markup is text."""
    written = "\n".join(FORMS[form](outcome()))
    assert "\x1b" not in written
    if form == "markdown":
        assert "<b>" not in written.replace("\\<b\\>", "")


def test_a_row_of_markdown_has_the_cells_of_its_head() -> None:
    """A bar in a log line makes no cell."""
    widths: list[int] = []
    for line in as_markdown(outcome()):
        if line.startswith("|"):
            widths.append(len(re.findall(r"(?<!\\)\|", line)))
        else:
            assert len(set(widths)) <= 1
            widths = []


def test_json_has_the_documented_keys_always() -> None:
    """With or without anything to tell."""
    full = document(outcome())
    bare = document(
        outcome(first=None, last=None, logs=[], totals={}, rejects=[], rules=[], incidents=[],
                unlisted=0, sweeps=[], expectations=[], interrupted=True)
    )  # fmt: skip
    assert list(full) == list(bare)
    section = DOCUMENT.read_text().partition("\n## JSON\n")[2]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(re.findall("`([a-z_]+)`", "".join(rows))) == sorted(full)
    assert msgspec.json.decode("\n".join(FORMS["json"](outcome())))["v"] == 1


class _Reading:
    read_bytes = 512 * 1024
    total_bytes: int | None = 1024 * 1024
    lines = 3000


def test_progress_says_how_far_how_fast_and_how_long_yet() -> None:
    """Of a pipe only how much and how fast."""
    reading = _Reading()
    progress = Progress(StringIO(), reading, shown=False, clock=lambda: 0.0)
    assert progress.line(2.0) == (
        "[############            ]  50%  512.0 KiB of 1.0 MiB  1,500 lines/s, 2s left"
    )
    reading.total_bytes = None
    assert progress.line(2.0) == "512.0 KiB  1,500 lines/s"
