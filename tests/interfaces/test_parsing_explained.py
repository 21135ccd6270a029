"""What `logmond parse` says of a line among others that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from logmond.interfaces.parsing import parse_lines

GOOD = '203.0.113.7 - - [23/Nov/2026:17:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8"'


@pytest.mark.parametrize("good", [8, 99])
def test_a_bad_line_is_explained_by_the_format_of_the_others(
    good: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also where it stands first, and too many are bad for `auto` to decide."""
    lines = ["junk, no access line", GOOD.replace(" 200 ", " 2x0 "), *[GOOD] * good]
    (tmp_path / "log").write_text("\n".join(lines) + "\n")
    assert parse_lines("auto", str(tmp_path / "log"), explain=False) == 1
    said = capsys.readouterr().err.splitlines()
    assert said[1].startswith("line 1: not read: combined expected ")
    assert said[2].startswith("line 2: not read: combined expected a status of three digits")
