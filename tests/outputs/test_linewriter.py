"""Lines to a descriptor that may be stuck: nobody waits, nothing is dropped in silence."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from logmond.outputs.linewriter import LineWriter


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe, reading end first."""
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        try:
            os.close(descriptor)
        except OSError:
            continue


def read_all(reader: int) -> bytes:
    """Everything up to the end of the pipe."""
    with os.fdopen(reader, "rb", closefd=False) as file:
        return file.read()


def test_lines_are_written_in_order_without_control_characters(pipe: tuple[int, int]) -> None:
    """Each ends in LF, and holds no other."""
    writer = LineWriter(pipe[1], wall=iter((1.0, 2.0)).__next__)
    assert writer.written_at is None
    writer.put("one")
    writer.put("two\x1b[2J\n")
    writer.close()
    assert writer.written_at == 2.0
    os.close(pipe[1])
    assert read_all(pipe[0]) == b"one\ntwo\\x1b[2J\\x0a\n"
    assert writer.dropped == 0


def test_a_stuck_pipe_holds_nobody_up(pipe: tuple[int, int]) -> None:
    """What does not fit is dropped, and all the rest arrives once somebody reads."""
    writer = LineWriter(pipe[1], max_waiting_bytes=10_000)
    for number in range(5000):  # 500 kB: more than a pipe and the queue hold
        writer.put(f"{number:099d}")
    assert 3000 < writer.dropped < 5000
    got: list[bytes] = []
    reading = threading.Thread(target=lambda: got.append(read_all(pipe[0])))
    reading.start()
    writer.close(timeout_s=10)
    os.close(pipe[1])
    reading.join(10)
    assert sum(len(line) == 99 for line in got[0].splitlines()) == 5000 - writer.dropped


class Gate:
    """A descriptor whose writes wait until the gate is open."""

    DESCRIPTOR = 1_000_000

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()

    def write(self, descriptor: int, data: bytes) -> int:
        """Wait, then take it all."""
        assert descriptor == self.DESCRIPTOR
        self.entered.release()
        self.open.wait(10)
        self.written.append(data)
        return len(data)


def test_how_many_lines_were_dropped_is_told_when_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between the lines before and after the gap."""
    gate = Gate()
    monkeypatch.setattr(os, "write", gate.write)
    writer = LineWriter(gate.DESCRIPTOR, max_waiting_bytes=20)
    writer.put("the first")
    assert gate.entered.acquire(timeout=10)
    for _ in range(7):
        writer.put("123456789")  # ten bytes: two fit
    assert writer.dropped == 5
    gate.open.set()
    assert gate.entered.acquire(timeout=10)
    assert gate.entered.acquire(timeout=10)  # all that waited has been taken
    writer.put("the next")
    writer.close(timeout_s=10)
    assert gate.written == [
        b"the first\n",
        b"123456789\n",
        b"123456789\n",
        b"(5 lines dropped: this could not be written)\n",
        b"the next\n",
    ]


def test_a_reader_that_left_ends_the_writing(pipe: tuple[int, int]) -> None:
    """`logmond run | head`: further lines are counted, nothing is raised."""
    writer = LineWriter(pipe[1])
    os.close(pipe[0])
    writer.put("one")
    writer.close()
    writer.put("two")
    assert writer.trouble == "Broken pipe"
    assert writer.dropped == 2


def test_closing_gives_up_on_a_pipe_that_stays_stuck(pipe: tuple[int, int]) -> None:
    """The end of the daemon does not wait for it."""
    writer = LineWriter(pipe[1])
    for _ in range(1000):
        writer.put("x" * 199)
    writer.close(timeout_s=0.05)
    assert writer.dropped > 0
    os.close(pipe[0])  # frees the thread


def test_nothing_runs_before_the_first_line(pipe: tuple[int, int]) -> None:
    """A daemon without console lines has no thread for them."""
    before = threading.active_count()
    writer = LineWriter(pipe[1])
    assert threading.active_count() == before
    writer.close()
