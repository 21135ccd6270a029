"""The page about alerts is true of the code."""

from __future__ import annotations

import re
from pathlib import Path

from logmond.alerts.lifecycle import TABLE, Reading, State
from logmond.alerts.summary import SUMMARY_NAMES

PAGE = (Path(__file__).parents[2] / "docs" / "alerts.md").read_text()


def test_every_name_a_summary_knows_is_on_the_page() -> None:
    """None is missing, and none is made up."""
    told = PAGE[PAGE.index("A sentence of your own") :].partition("\n\n")[0]
    assert set(re.findall(r"`\{(\w+)\}`", told)) == set(SUMMARY_NAMES)


def test_the_table_of_states_is_the_one_that_is_stepped() -> None:
    """Each cell begins with the code's next state, or with that after its wait."""
    rows = re.findall(r"^\| (quiet|pending|firing|clearing) \|(.*)\|$", PAGE, re.MULTILINE)
    readings = (Reading.BREACH, Reading.BETWEEN, Reading.CLEAR, Reading.UNUSABLE)
    assert [name for name, _ in rows] == ["quiet", "pending", "firing", "clearing"]
    for name, cells in rows:
        for reading, cell in zip(readings, cells.split("|"), strict=True):
            following = TABLE[State(name), reading]
            word = re.split("[ ,;]", cell.strip())[0]
            if word == "waits":
                assert following.next == State(name)
            else:
                assert State(word) in (following.next, following.then)
