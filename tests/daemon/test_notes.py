"""What `sources` says beside the counters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from twisted.logger import globalLogPublisher

from logmond.daemon.notes import ClockWarnings, notes_of
from logmond.ingest.formats.table import format_of
from logmond.ingest.intake import Intake
from logmond.ingest.kernel.python import PythonKernel

NOW = 1_795_453_200.0
LINE = b'203.0.113.7 - - [23/Nov/2026:17:00:00 +0000] "GET /%b HTTP/1.1" 200 5'


def intake(spec: str = "common") -> Intake:
    """An intake at NOW."""
    return Intake("web", PythonKernel("web", format_of(spec)), lambda: NOW)


@pytest.mark.parametrize("size", [1024, 2048, 8192])
def test_messages_as_long_as_senders_cut_name_the_settings(size: int) -> None:
    """The cure is at the sender, and each has its own."""
    taken = intake()
    taken.messages([LINE % (b"a" * (size - len(LINE) + 2))], believed=True)
    (note,) = [note for note in notes_of(taken, "common", NOW) if "cut" in note]
    assert note.startswith("1 messages of exactly")
    for cure in ('HAProxy "log ... len 8192"', "logger -S", "rsyslog", "syslog-ng"):
        assert cure in note


def test_a_source_with_nothing_to_say_says_nothing() -> None:
    """No lines, no notes."""
    assert list(notes_of(intake("auto"), "auto", NOW)) == []


def test_auto_says_what_it_found() -> None:
    """Nothing is guessed in silence."""
    taken = intake("auto")
    taken.lines(LINE % b"" + b"\n")
    assert list(notes_of(taken, "auto", NOW)) == ["format auto: common 100.0% of 1 lines"]


def test_files_whose_fields_contradict_each_other_are_noticed() -> None:
    """One change is a new setting; going back and forth is two files in one source."""
    taken = intake("iis")
    heads = (b"#Fields: date time c-ip sc-status\n", b"#Fields: date time sc-status c-ip\n")
    for head in heads:
        taken.lines(head)
    assert list(notes_of(taken, "iis", NOW)) == []
    for head in heads:
        taken.lines(head)
    assert "must be sources of their own" in next(notes_of(taken, "iis", NOW))


def test_a_clock_that_is_off_is_warned_of_once_until_it_was_right(
    logged: Callable[[], list[str]],
) -> None:
    """A line in the log when it is noticed, not one a second."""
    taken, warnings = intake(), ClockWarnings("web")
    for second, behind in ((0, 45.0), (1, 45.0), (400, 1.0), (800, 45.0)):
        taken.clocks.note("192.0.2.7", b"web1", behind, NOW + second)
        warnings.look(taken, NOW + second)
    assert len(logged()) == 2
    assert all("192.0.2.7 web1 is 45s behind" in text for text in logged())


@pytest.fixture
def logged() -> Iterator[Callable[[], list[str]]]:
    """What was logged since the test began."""
    events: list[str] = []

    def observe(event: dict[str, object]) -> None:
        events.append(str(event.get("told", "")))

    globalLogPublisher.addObserver(observe)
    yield lambda: [text for text in events if text]
    globalLogPublisher.removeObserver(observe)
