"""Streams: one protocol for TCP and unix sockets, and what becomes of broken ones."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from patience import eventually, within
from streampeers import Peers, opened
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import capturedLogs, formatEvent

from logmond.ingest.sources import stream
from logmond.ingest.sources.stream import StreamProtocol, StreamSource
from logmond.ingest.sources.unended import Unended
from logmond.testing import RecordingIntake


def connected(intake: RecordingIntake, **options: Any) -> tuple[StreamProtocol, StringTransport]:
    """A protocol on a transport in memory."""
    source = StreamSource("tcp://127.0.0.1:0", intake, MemoryReactorClock(), **options)
    protocol = source.buildProtocol(None)
    transport = StringTransport()
    protocol.makeConnection(transport)
    return protocol, transport


def test_messages_are_handed_over_as_they_are_completed() -> None:
    """A read's messages are one batch, believed whatever their age."""
    intake = RecordingIntake()
    protocol, _ = connected(intake)
    protocol.dataReceived(b"one\ntwo\r\nth")
    protocol.dataReceived(b"ree\n5 <1>ab")
    assert intake.batches == [([b"one", b"two"], True), ([b"three", b"<1>ab"], True)]


def test_a_line_over_the_cap_is_oversize_once() -> None:
    """However long it goes on, it is one message in the ledger, with a sample."""
    intake = RecordingIntake()
    protocol, _ = connected(intake, max_bytes=100)
    for _ in range(50):
        protocol.dataReceived(b"x" * 100)
    protocol.dataReceived(b"\nafter\n")
    assert intake.taken == [b"after"]
    assert intake.ledger.totals["oversize"] == 1
    assert intake.ledger.samples["oversize"][0].startswith(b"xxx")
    assert intake.ledger.balanced


def test_an_unterminated_tail_is_cut() -> None:
    """What the peer did not finish is counted, with a sample."""
    intake = RecordingIntake()
    protocol, _ = connected(intake)
    protocol.dataReceived(b"whole\nhal")
    protocol.connectionLost()
    assert intake.taken == [b"whole"]
    assert list(intake.ledger.samples["cut"]) == [b"hal"]
    assert intake.ledger.balanced


def test_a_connection_that_ends_between_messages_is_counted_as_nothing() -> None:
    """An orderly end leaves no trace in the ledger."""
    intake = RecordingIntake()
    protocol, _ = connected(intake)
    protocol.dataReceived(b"whole\n")
    protocol.connectionLost()
    assert intake.ledger.totals["received"] == 1


def test_who_holds_most_of_an_unended_message_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is cut and closed once all together hold too much; the others go on."""
    monkeypatch.setattr(stream, "Unended", lambda: Unended(500))
    intake = RecordingIntake()
    source = StreamSource("tcp://127.0.0.1:0", intake, MemoryReactorClock())
    greedy, modest, last = (source.buildProtocol(None) for _ in range(3))
    transports = [StringTransport() for _ in range(3)]
    for protocol, transport in zip((greedy, modest, last), transports, strict=True):
        protocol.makeConnection(transport)
    greedy.dataReceived(b"g" * 300)
    modest.dataReceived(b"m" * 150)
    last.dataReceived(b"l" * 51)
    assert [transport.disconnected for transport in transports] == [True, False, False]
    assert list(intake.ledger.samples["cut"]) == [b"g" * 300]
    greedy.connectionLost()
    last.dataReceived(b"\n")
    modest.dataReceived(b"\n")
    assert [line[:1] for line in intake.taken] == [b"l", b"m"]
    assert intake.ledger.totals["cut"] == 1
    assert intake.ledger.balanced
    modest.dataReceived(b"m" * 500)  # all of it is free again
    assert not transports[1].disconnected


@pytest.mark.parametrize("count", [b"99999999999", b"-5", b"1" * 1000])
def test_a_broken_octet_count_ends_the_connection(count: bytes) -> None:
    """What came before it is kept; the frame is counted as cut, once."""
    intake = RecordingIntake()
    protocol, transport = connected(intake)
    protocol.dataReceived(b"whole\n" + count + b" <14>hello\nafter\n")
    assert transport.disconnected
    protocol.connectionLost()
    assert intake.taken == [b"whole"]
    assert intake.ledger.totals["cut"] == 1
    assert intake.ledger.balanced


@pytest_twisted.ensureDeferred
async def test_tcp_messages_arrive_cut_anywhere(peers: Peers) -> None:
    """On real sockets, a stream sent byte by byte gives its messages."""
    intake = RecordingIntake()
    source = opened(intake)
    peer = peers.connect(("127.0.0.1", source.port))
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"one\n4 <1>ab\0three\r\n":
        peer.send(bytes([byte]))
    await eventually(5, lambda: len(intake.taken) == 4, lambda: intake.taken)
    assert intake.taken == [b"one", b"<1>a", b"b", b"three"]
    assert set(intake.peers) == {"127.0.0.1"}
    await within(5, source.close())


@pytest_twisted.ensureDeferred
async def test_a_unix_stream_is_the_same_stream(tmp_path: Path, peers: Peers) -> None:
    """The socket takes everybody's lines, and its file goes with the source."""
    intake = RecordingIntake()
    source = opened(intake, f"unix://{tmp_path}/log.sock")
    assert (tmp_path / "log.sock").stat().st_mode & 0o777 == 0o666
    peers.connect(f"{tmp_path}/log.sock").send(b"one\ntwo\n")
    await eventually(5, lambda: len(intake.taken) == 2, lambda: intake.taken)
    assert set(intake.peers) == {""}
    await within(5, source.close())
    assert not (tmp_path / "log.sock").exists()


@pytest_twisted.ensureDeferred
async def test_a_passed_unix_stream_keeps_its_file_and_mode(tmp_path: Path, peers: Peers) -> None:
    """The service manager's socket is listened on and left as it is."""
    path = f"{tmp_path}/log.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.bind(path)
        os.chmod(path, 0o600)
        sock.listen()
        sock.setblocking(False)
        passed = [sock]
        intake = RecordingIntake()
        source = opened(intake, f"unix://{path}", passed=passed)
        assert passed == []
        peers.connect(path).send(b"one\n")
        await eventually(5, lambda: intake.taken == [b"one"], lambda: intake.taken)
        await within(5, source.close())
        assert os.stat(path).st_mode & 0o777 == 0o600


@pytest_twisted.ensureDeferred
async def test_localhost_accepts_on_both_families(peers: Peers) -> None:
    """127.0.0.1 and ::1 reach the same intake."""
    intake = RecordingIntake()
    source = opened(intake, "tcp://localhost:0")
    peers.connect(("127.0.0.1", source.port)).send(b"four\n")
    with socket.socket(socket.AF_INET6) as six:
        six.connect(("::1", source.port))
        six.send(b"six\n")
        await eventually(5, lambda: len(intake.taken) == 2, lambda: intake.taken)
        await within(5, source.close())


@pytest_twisted.ensureDeferred
async def test_close_hands_over_what_peers_had_sent(peers: Peers) -> None:
    """What the kernel holds, of connections not yet accepted too, is counted; a tail is cut."""
    intake = RecordingIntake()
    source = opened(intake)
    place = ("127.0.0.1", source.port)
    early = peers.connect(place)
    early.send(b"early\n")
    await eventually(5, lambda: intake.taken == [b"early"])
    early.send(b"%0999d\n" % 1 * 200 + b"tail")
    late = peers.connect(place)
    late.send(b"late\n")
    idle = peers.connect(place)
    await within(5, source.close())
    assert intake.taken.count(b"%0999d" % 1) == 200
    assert b"late" in intake.taken
    assert list(intake.ledger.samples["cut"]) == [b"tail"]
    assert intake.ledger.balanced
    assert idle.recv(10) == b""


def test_close_does_not_wait_for_a_peer_that_never_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection of which the kernel holds more is aborted after two seconds, and that said."""
    monkeypatch.setattr(stream, "readable_bytes", lambda transport: 10)
    clock = MemoryReactorClock()
    source = StreamSource("tcp://127.0.0.1:0", RecordingIntake(), clock)
    source.open()
    protocol = source.buildProtocol(None)
    transport = StringTransport()
    protocol.makeConnection(transport)
    done: Deferred[None] = source.close()
    protocol.dataReceived(b"more\n")
    clock.advance(1.9)
    assert not transport.disconnected
    with capturedLogs() as logged:
        clock.advance(0.2)
    assert transport.disconnected
    [told] = map(formatEvent, logged)
    assert told.endswith(": 10 bytes had arrived and were not read by the end of the stop")
    protocol.connectionLost()
    assert done.called


@pytest_twisted.ensureDeferred
async def test_a_peer_may_be_idle_but_not_vanish(peers: Peers) -> None:
    """No timer runs for a connection; keepalive finds out whether its peer still exists."""
    timers = len(reactor.getDelayedCalls())
    source = opened(RecordingIntake())
    peers.connect(("127.0.0.1", source.port))
    while not source.connections:
        await deferLater(reactor, 0)
    [connection] = source.connections
    assert connection.transport.getTcpKeepAlive()
    assert len(reactor.getDelayedCalls()) == timers
    await within(5, source.close())


def test_a_listener_is_named_by_its_scheme(tmp_path: Path) -> None:
    """The peer of a connection is named in what is logged about it."""
    source = StreamSource(f"unix://{tmp_path}/log", RecordingIntake(), MemoryReactorClock())
    assert source.buildProtocol(None)._peer == f"unix://{tmp_path}/log"
