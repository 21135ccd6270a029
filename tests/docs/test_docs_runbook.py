"""The runbook knows every counter, and every reason and note the program can give."""

from __future__ import annotations

import re

import pytest
from pages import ROOT, Page
from reasons import VALUE, Reasons

from logmond.ingest.ledger import OUTCOMES, SUBSETS

RUNBOOK = Page(ROOT / "docs" / "runbook.md")
REASONS = Reasons().all()
TEXTS = sorted(REASONS)


def entries(section: str) -> dict[str, str]:
    """The entries of a section: what their heading says, without its quotes, and their text."""
    found = {}
    for entry in re.split(r"(?m)^### ", RUNBOOK.section(section))[1:]:
        heading, _, text = entry.partition("\n")
        for alternative in heading.split(" · "):
            found[alternative.replace("`", "")] = text
    return found


SECTIONS = ("Degraded", "Waiting", "Notes", "Partial windows")
SAID = {heading: text for section in SECTIONS for heading, text in entries(section).items()}


def speaks_of(heading: str, text: str) -> bool:
    """Whether every part of the heading stands in the text, in order."""
    place = 0
    for part in heading.split(VALUE):
        place = text.find(part.strip(), place)
        if place < 0:
            return False
        place += len(part.strip())
    return True


@pytest.mark.parametrize("counter", ["received", *OUTCOMES, *SUBSETS, "kernel_drops"])
def test_every_counter_has_an_entry(counter: str) -> None:
    """What is counted can be looked up under its name."""
    assert counter in entries("Counters")


@pytest.mark.parametrize("text", TEXTS)
def test_every_reason_and_note_has_an_entry(text: str) -> None:
    """A reason that is new in the code wants its cause and its command written down."""
    assert any(speaks_of(heading, text) for heading in SAID), (text, REASONS[text])


@pytest.mark.parametrize(
    "text",
    [
        "reading failed (…); retried each second",
        "missing: … was removed and has not come back",
        "out of file descriptors, connections wait: raise LimitNOFILE",
        "standard input has ended: its writer is gone",
        "unreadable (permission denied): … (and … more)",
        "cannot be opened: …",
        "the clock stepped by …s",
        "restart",
    ],
)
def test_reasons_are_found_however_they_are_handed_on(text: str) -> None:
    """By name, by function, by parameter, by tuple: the search itself is held to examples."""
    assert text in REASONS


@pytest.mark.parametrize("section", ["Counters", *SECTIONS])
def test_every_entry_has_a_cause_and_a_command(section: str) -> None:
    """Three questions at three in the morning: what, why, and what to type."""
    for heading, text in entries(section).items():
        assert re.search(r"\bCause\b", text) or heading == "counted", heading
        assert re.search(r"(?ms)^```sh\n.+?^```$", text), heading


def test_reasons_filtered_by_are_all_named() -> None:
    """`sources` splits the filtered by reason; each is explained."""
    text = entries("Counters")["filtered"]
    for reason in ("tag", "error log", "notice"):
        assert f"`{reason}`" in text


@pytest.mark.parametrize("section", ["Counters", *SECTIONS])
def test_no_entry_is_written_twice(section: str) -> None:
    """Whoever finds one of two believes that it is all."""
    headings = re.findall(r"(?m)^### (.+)$", RUNBOOK.section(section))
    plain = [re.sub(r"[`\s]", "", heading) for heading in headings]
    assert sorted(set(plain)) == sorted(plain)
