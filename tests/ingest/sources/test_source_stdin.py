"""Standard input: a pipe or a file, whole lines, an end that is noticed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from logmond.errors import SourceError
from logmond.ingest.sources.stdin import READ_BYTES, StdinSource
from logmond.testing import RecordingIntake


class Piped:
    """A source on a pipe, and the pipe's other end."""

    def __init__(self, max_bytes: int = 65536) -> None:
        self.reading, self.writing = os.pipe()
        self.intake = RecordingIntake()
        self.reactor = MemoryReactorClock()
        self.source = StdinSource(
            self.intake,
            self.reactor,
            descriptor=self.reading,
            max_bytes=max_bytes,
            wall=lambda: 1000.0,
        )
        self.source.open()

    def write(self, data: bytes) -> None:
        """Write, and let the source read once."""
        os.write(self.writing, data)
        self.source.doRead()

    def hang_up(self) -> None:
        """Close the writing end, and let the source notice."""
        os.close(self.writing)
        self.writing = -1
        self.source.doRead()

    def close(self) -> None:
        """Free both ends."""
        os.close(self.reading)
        if self.writing >= 0:
            os.close(self.writing)


@pytest.fixture
def piped() -> Iterator[Piped]:
    """A source on a pipe."""
    made = Piped()
    yield made
    made.close()


def test_whole_lines_are_handed_over_as_they_come(piped: Piped) -> None:
    """An unfinished line waits for its end."""
    piped.write(b"one\ntwo\nth")
    assert piped.intake.taken == [b"one", b"two"]
    piped.write(b"ree\n")
    assert piped.intake.taken == [b"one", b"two", b"three"]
    assert piped.source.health().state == "ok"


def test_the_end_is_a_broken_source_and_its_tail_is_cut(piped: Piped) -> None:
    """Nothing will come any more, and whoever waits for the end learns of it."""
    piped.write(b"one\nhalf")
    piped.hang_up()
    assert piped.source.ended.called
    health = piped.source.health()
    assert (health.state, health.broken, health.since) == ("degraded", True, 1000.0)
    assert "writer is gone" in health.reason
    assert piped.intake.ledger.totals["cut"] == 1
    assert not piped.reactor.readers
    assert piped.source.close().called
    assert piped.intake.ledger.totals["cut"] == 1


def test_a_line_that_is_too_long_is_one_message_in_little_memory() -> None:
    """Lines around it, in the same reads, are counted."""
    piped = Piped(max_bytes=100)
    piped.write(b"before\n" + b"x" * 1000)
    for _ in range(300):
        piped.write(b"x" * 1000)
    assert len(piped.source._tail) <= 128 * 1024 + 1000
    piped.write(b"\nafter\nlater\nhalf")
    piped.write(b"\n")
    assert piped.intake.taken == [b"before", b"after", b"later", b"half"]
    assert piped.intake.ledger.totals["oversize"] == 1
    piped.close()


def test_close_hands_over_what_the_pipe_holds(piped: Piped) -> None:
    """What was written before the end of the daemon is counted, and the pipe blocks as before."""
    for number in range(10):
        os.write(piped.writing, b"%d\n" % number)
    assert piped.source.close().called
    assert len(piped.intake.taken) == 10
    assert os.get_blocking(piped.reading)
    assert not piped.reactor.readers


def test_a_regular_file_is_read_in_turns(tmp_path: Path) -> None:
    """``logmond run < access.log``: one read a turn, then it has ended."""
    path = tmp_path / "access.log"
    lines = [b"%d" % number for number in range(READ_BYTES)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    intake, reactor = RecordingIntake(), MemoryReactorClock()
    with path.open("rb") as file:
        source = StdinSource(intake, reactor, descriptor=file.fileno())
        source.open()
        assert not intake.taken
        reactor.advance(0)
    assert source.ended.called
    assert intake.taken == lines
    assert max(map(len, intake.chunks)) <= READ_BYTES + len(b"65535\n")
    assert not reactor.getDelayedCalls()


def test_a_closed_standard_input_is_refused() -> None:
    """A daemon started without one says what to do."""
    reading, writing = os.pipe()
    os.close(reading)
    os.close(writing)
    source = StdinSource(RecordingIntake(), MemoryReactorClock(), descriptor=reading)
    with pytest.raises(SourceError, match="pipe lines into it"):
        source.open()


def test_a_failed_read_is_a_broken_source(piped: Piped) -> None:
    """What the reactor found is the reason."""
    piped.source.connectionLost(Failure(OSError("I/O error")))
    assert "I/O error" in piped.source.health().reason
    assert piped.source.health().broken
