"""The demonstration sends its scenario as a real sender would, and no faster than it is read."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock

from logmond.errors import SourceError
from logmond.ingest.scenarios import BACKFILL_S, SCENARIOS, lines, syslog_message
from logmond.ingest.sources.demo import SLICE_DATAGRAMS, SLICE_S, Demo
from logmond.ingest.syslog import Header, SyslogParser

T0 = 1795453200
SPIKE = SCENARIOS["spike"]


class Listener:
    """A bound UDP socket; on loopback what was sent is there at once."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.setblocking(False)

    @property
    def address(self) -> tuple[str, int]:
        """(host, port)."""
        host, port = self.socket.getsockname()
        return host, port

    def take(self) -> list[bytes]:
        """Every datagram that waits."""
        taken = []
        while True:
            try:
                taken.append(self.socket.recv(65536))
            except BlockingIOError:
                return taken


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A listener that is closed afterwards."""
    listener = Listener()
    yield listener
    listener.socket.close()


class Stage:
    """A demo on a clock of its own, and the wall it reads."""

    def __init__(self, address: tuple[str, int], *, backfill_s: int = BACKFILL_S) -> None:
        self.clock = Clock()
        self.step = 0.0
        self.demo = Demo(SPIKE, 1, address, self.wall, self.clock, backfill_s=backfill_s)

    def wall(self) -> float:
        """Half a second into T0 when it begins."""
        return T0 + 0.5 + self.clock.seconds() + self.step

    def backfill(self) -> None:
        """Run until the past is sent."""
        self.demo.start()
        while not self.demo.backfilled.called:
            self.clock.advance(SLICE_S)


def sent(first: int, last: int) -> list[bytes]:
    """The datagrams of offsets `first` to `last`."""
    made = lines(SPIKE, 1, T0, range(first, last + 1))
    return [syslog_message(second, line) for second, line in made]


def test_a_datagram_is_what_nginx_sends() -> None:
    """PRI 190, an RFC 3164 header with host and tag, the line, no newline."""
    raw = syslog_message(T0, b"LINE")
    assert raw == b"<190>Nov 23 17:00:00 demo nginx: LINE"
    header = Header(190, b"Nov 23 17:00:00", b"demo", b"nginx")
    assert SyslogParser().split(raw) == (header, b"LINE")


def test_the_past_comes_first_then_each_second_its_lines(listener: Listener) -> None:
    """The backfill ends with a count; the second of the start follows at once, others on time."""
    stage = Stage(listener.address)
    received: list[bytes] = []
    stage.demo.start()
    while not stage.demo.backfilled.called:
        stage.clock.advance(SLICE_S)
        received += listener.take()
    counts: list[int] = []
    stage.demo.backfilled.addCallback(counts.append)
    assert received == sent(-BACKFILL_S, 0)
    assert counts == [len(sent(-BACKFILL_S, -1))]
    for offset in range(1, 31):
        stage.clock.advance(T0 + offset - stage.wall() - 0.001)
        assert listener.take() == []
        stage.clock.advance(0.002 + SLICE_S)
        assert listener.take() == sent(offset, offset)
    assert stage.demo.sent == len(sent(-BACKFILL_S, 30))
    stage.demo.stop()


def test_the_past_is_sent_in_small_slices(listener: Listener) -> None:
    """At no moment do more datagrams wait than the smallest receive buffer holds."""
    stage = Stage(listener.address)
    stage.demo.start()
    slices = []
    while not stage.demo.backfilled.called:
        stage.clock.advance(SLICE_S)
        slices.append(len(listener.take()))
    live = len(sent(0, 0))
    assert max(slices[:-1]) == SLICE_DATAGRAMS
    assert slices[-1] <= live
    stage.demo.stop()


def test_seconds_that_were_missed_are_made_up_for(listener: Listener) -> None:
    """A busy machine delays lines, it loses none."""
    stage = Stage(listener.address, backfill_s=0)
    stage.backfill()
    listener.take()
    stage.clock.advance(4)
    assert listener.take() == sent(1, 4)
    stage.demo.stop()


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_after_a_step_of_the_clock_the_story_goes_on(listener: Listener, step: float) -> None:
    """Neither a flood of missed seconds nor an hour of silence; lines are stamped with now."""
    stage = Stage(listener.address, backfill_s=0)
    stage.backfill()
    listener.take()
    stage.step = step
    stage.clock.advance(1)
    moved = int(T0 + step)
    assert listener.take() == [
        syslog_message(second, line) for second, line in lines(SPIKE, 1, moved, range(1, 2))
    ]
    stage.demo.stop()


def test_a_wildcard_listener_is_reached_over_loopback(listener: Listener) -> None:
    """A container listens on all addresses; one cannot send to those."""
    stage = Stage(("0.0.0.0", listener.address[1]), backfill_s=1)
    stage.backfill()
    assert listener.take() == sent(-1, 0)
    stage.demo.stop()


def test_without_a_listener_it_goes_on_and_counts(listener: Listener) -> None:
    """A daemon that is not there, or not there yet, is no error."""
    address = listener.address
    listener.socket.close()
    stage = Stage(address, backfill_s=10)
    stage.backfill()
    assert stage.demo.refused > 0
    stage.clock.advance(1)
    stage.demo.stop()


def test_stopping_leaves_nothing_behind(listener: Listener) -> None:
    """No timer, no socket, and a backfill that never ended is cancelled quietly."""
    stage = Stage(listener.address)
    stage.demo.start()
    stage.clock.advance(SLICE_S)
    stage.demo.stop()
    stage.demo.stop()
    assert stage.clock.getDelayedCalls() == []
    assert stage.demo.backfilled.called


def test_an_address_that_cannot_be_is_one_clear_error() -> None:
    """It names the address and the reason."""
    stage = Stage(("255.255.255.255", 5514))
    with pytest.raises(SourceError, match=r"cannot send to 255\.255\.255\.255 port 5514"):
        stage.demo.start()
