"""Datagram sources on real sockets: drained by the wake-up, overflow counted, closed in order."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest_twisted
from datagramsender import Sender, closed
from patience import eventually, within
from twisted.internet import reactor
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from logmond.ingest.sources.drain import MAX_DATAGRAMS, DatagramDrain
from logmond.ingest.sources.gathering import Gathering
from logmond.ingest.sources.udp import UdpSource
from logmond.testing import RecordingIntake


def udp(intake: RecordingIntake, reactor: Any) -> UdpSource:
    """A UDP source on a free port of 127.0.0.1."""
    source = UdpSource("udp://127.0.0.1:0", intake, reactor)
    source.open()
    return source


def test_datagrams_of_a_wake_up_are_handed_over_together(
    clock: MemoryReactorClock, sender: Callable[[Any], Sender]
) -> None:
    """What waits arrives as one batch, in order, not believed when it is old."""
    intake = RecordingIntake()
    source = udp(intake, clock)
    sender(("127.0.0.1", source.port)).send(b"one", b"two\n", b"three\r\n", b"four\0", b"", b"\n")
    [drain] = clock.readers
    drain.doRead()
    assert intake.batches == [([b"one", b"two", b"three", b"four"], False)]
    assert intake.peers == ["127.0.0.1"]
    closed(source.close(), clock)


def test_a_wake_up_has_a_budget(clock: MemoryReactorClock, sender: Callable[[Any], Sender]) -> None:
    """After 256 datagrams others get their turn; the rest comes with the next wake-up."""
    intake = RecordingIntake()
    source = udp(intake, clock)
    sent = [b"%d" % number for number in range(MAX_DATAGRAMS + 10)]
    sender(("127.0.0.1", source.port)).send(*sent)
    [drain] = clock.readers
    drain.doRead()
    assert intake.taken == sent[:MAX_DATAGRAMS]
    drain.doRead()
    assert intake.taken == sent
    closed(source.close(), clock)


def test_a_wake_up_ends_when_its_time_is_over(
    clock: MemoryReactorClock, sender: Callable[[Any], Sender]
) -> None:
    """Batches are bounded in bytes, and after 5 ms no other is begun."""
    intake = RecordingIntake()
    source = udp(intake, clock)
    counted = intake.messages

    def slowly(messages: Any, **how: Any) -> int | None:
        clock.advance(0.006)
        return counted(messages, **how)

    intake.messages = slowly  # type: ignore[method-assign]
    sender(("127.0.0.1", source.port)).send(*[b"x" * 60_000] * 6)
    [drain] = clock.readers
    drain.doRead()
    assert len(intake.taken) == 3
    closed(source.close(), clock)
    assert len(intake.taken) == 6


def test_close_hands_over_what_the_kernel_holds(
    clock: MemoryReactorClock, sender: Callable[[Any], Sender]
) -> None:
    """What arrived before the end is counted, and the port is free again."""
    intake = RecordingIntake()
    source = udp(intake, clock)
    port = source.port
    sent = [b"%d" % number for number in range(1000)]
    sender(("127.0.0.1", port)).send(*sent)
    closed(source.close(), clock)
    assert intake.taken == sent
    assert not clock.readers
    again = UdpSource(f"udp://127.0.0.1:{port}", intake, clock)
    again.open()
    closed(again.close(), clock)


def test_kernel_drops_are_counted_once(
    clock: MemoryReactorClock, sender: Callable[[Any], Sender]
) -> None:
    """Sent = counted + kernel drops, at every tick and after the end."""
    intake = RecordingIntake()
    source = udp(intake, clock)
    source.drains[0].socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    sending = sender(("127.0.0.1", source.port))
    sending.send(*[b"x" * 200] * 300)
    source.tick()
    source.tick()
    drops = intake.ledger.totals["kernel_drops"]
    assert drops > 0
    sending.send(*[b"x" * 200] * 100)
    closed(source.close(), clock)
    assert intake.ledger.totals["counted"] + intake.ledger.totals["kernel_drops"] == 400
    assert intake.ledger.balanced


def test_a_reader_that_caught_up_after_a_burst_pauses_and_returns(
    clock: MemoryReactorClock, sender: Callable[[Any], Sender]
) -> None:
    """While it is away datagrams gather; on return they are one batch."""
    intake = RecordingIntake()
    source = udp(intake, clock)
    [drain] = clock.readers
    drain.gathering = Gathering(16 << 20)
    sending = sender(("127.0.0.1", source.port))
    sending.send(*[b"first"] * 8)
    drain.doRead()
    assert not clock.readers
    sending.send(b"gathered", b"gathered")
    clock.advance(0.020)
    assert clock.readers == {drain}
    assert intake.batches[-1] == ([b"gathered", b"gathered"], False)
    closed(source.close(), clock)


def test_closing_during_a_pause_loses_nothing(
    clock: MemoryReactorClock, sender: Callable[[Any], Sender]
) -> None:
    """The pause is cancelled, what gathered is handed over."""
    intake = RecordingIntake()
    source = udp(intake, clock)
    [drain] = clock.readers
    drain.gathering = Gathering(16 << 20)
    sending = sender(("127.0.0.1", source.port))
    sending.send(*[b"first"] * 8)
    drain.doRead()
    sending.send(b"last")
    closed(source.close(), clock)
    assert intake.taken[-1] == b"last"
    assert not [call for call in clock.getDelayedCalls() if call.active()]


def test_a_reader_that_failed_is_broken_and_tried_again(clock: MemoryReactorClock) -> None:
    """Its source is degraded for a while; the reactor watches the socket again."""
    now = [1000.0]
    source = UdpSource("udp://127.0.0.1:0", RecordingIntake(), clock, wall=lambda: now[0])
    source.open()
    [drain] = list(clock.readers)
    clock.removeReader(drain)
    drain.connectionLost(Failure(OSError("no buffer space")))
    source.tick()
    health = source.health()
    assert (health.state, health.broken, health.since) == ("degraded", True, 1000.0)
    assert "no buffer space" in health.reason
    assert clock.readers == {drain}
    now[0] += 11
    source.tick()
    assert source.health().state == "ok"
    closed(source.close(), clock)


def test_a_short_receive_buffer_is_ok_and_names_the_setting(clock: MemoryReactorClock) -> None:
    """Nothing is broken; the reason says what would make bursts safe."""
    source = udp(RecordingIntake(), clock)
    source.drains[0].socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 100_000)
    assert source.granted_bytes == 200_000
    assert source.health().state == "ok"
    assert "net.core.rmem_max" in source.health().reason
    closed(source.close(), clock)


def test_a_fault_while_closing_still_frees_the_socket(
    clock: MemoryReactorClock, sender: Callable[[Any], Sender]
) -> None:
    """The error reaches whoever waits, the port is free."""
    intake = RecordingIntake()
    source = udp(intake, clock)
    port = source.port

    def faulty(messages: Any, **how: Any) -> int | None:
        raise RuntimeError("a bug")

    intake.messages = faulty  # type: ignore[method-assign]
    sender(("127.0.0.1", port)).send(b"x")
    failures: list[Failure] = []
    source.close().addErrback(failures.append)
    assert len(failures) == 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
        again.bind(("127.0.0.1", port))


@pytest_twisted.ensureDeferred
async def test_localhost_receives_on_both_families(sender: Callable[[Any], Sender]) -> None:
    """On the real reactor, IPv4 and IPv6 senders reach the same intake."""
    intake = RecordingIntake()
    source = UdpSource("udp://localhost:0", intake, reactor)
    source.open()
    sender(("127.0.0.1", source.port)).send(b"four")
    sender(("::1", source.port)).send(b"six")
    await eventually(5, lambda: len(intake.taken) == 2, lambda: intake.taken)
    assert sorted(intake.taken) == [b"four", b"six"]
    await within(5, source.close())


def test_a_drain_without_a_count_of_drops_counts_none(clock: MemoryReactorClock) -> None:
    """Where the kernel does not tell, nothing is made up."""
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with left, right:
        drain = DatagramDrain(left, RecordingIntake(), clock)
        drain._drops = None
        assert drain.take_drops() == 0
