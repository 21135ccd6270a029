"""`logmond parse` on W3C logs, whose lines say how the lines behind them are written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from logmond.interfaces.parsing import parse_lines

LOG = """\
#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2026-11-23 17:00:00
#Fields: date time c-ip cs-method cs-uri-stem sc-status
2026-11-23 17:00:00 203.0.113.7 GET /a/b 200
#Fields: date time sc-status c-ip cs-method cs-uri-stem time-taken
2026-11-23 17:00:01 404 203.0.113.7 GET /c 12
"""


@pytest.mark.parametrize("spec", ["iis", "auto", "#Fields: c-ip sc-status"])
def test_parse_follows_the_fields_of_the_file(
    spec: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As the daemon does; what is about the log is neither read nor a fault."""
    (tmp_path / "log").write_text(LOG + "junk\n")
    assert parse_lines(spec, str(tmp_path / "log"), explain=False) == 1
    out, said = capsys.readouterr()
    records = [json.loads(line) for line in out.splitlines()]
    assert [(r["status"], r["path"], r["duration_s"]) for r in records] == [
        (200, "/a/b", None),
        (404, "/c", 0.012),
    ]
    assert said.splitlines()[-1] == "8 lines: 2 read (iis 2), 5 about the log, 1 not"


def test_a_file_that_is_read_whole_is_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Directives are no lines that could not be read."""
    (tmp_path / "log").write_text(LOG)
    assert parse_lines("iis", str(tmp_path / "log"), explain=False) == 0
    assert "2 read (iis 2), 5 about the log, 0 not" in capsys.readouterr().err
