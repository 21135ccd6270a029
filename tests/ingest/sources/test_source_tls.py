"""Streams over TLS: who is let in, what is counted, and how certificates are replaced."""

from __future__ import annotations

import os
import socket
import ssl

import pytest
import pytest_twisted
from certificates import Authority
from patience import eventually, within
from tlsscene import Scene
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread

from logmond.ingest.sources.handshakes import DEADLINE_S
from logmond.ingest.sources.seam import Credentialed


@pytest_twisted.ensureDeferred
async def test_messages_in_any_framing_are_taken(scene: Scene) -> None:
    """RFC 5425 counts octets; senders end lines."""
    source = scene.source()
    peer = await scene.enter(source)
    peer.sendall(b"7 <13>one" + b"<13>two\n")
    peer.sendall(b"three\0")
    await eventually(10, lambda: len(scene.intake.taken) == 3)
    assert scene.intake.taken == [b"<13>one", b"<13>two", b"three"]
    await within(10, source.close())
    assert peer.recv(1) == b""


@pytest_twisted.ensureDeferred
async def test_records_that_arrive_at_once_are_one_batch(scene: Scene) -> None:
    """A sender may put every message into a record of its own."""
    source = scene.source()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    peer = scene.plain(source)
    client = scene.context().wrap_bio(incoming, outgoing, server_hostname="localhost")

    def shake() -> None:
        while True:
            try:
                client.do_handshake()
                break
            except ssl.SSLWantReadError:
                peer.sendall(outgoing.read())
                incoming.write(peer.recv(65536))
        peer.sendall(outgoing.read())

    await within(10, deferToThread(shake))
    for number in range(20):
        client.write(b"%d\n" % number)
    peer.sendall(outgoing.read())
    await eventually(10, lambda: len(scene.intake.taken) == 20)
    assert len(scene.intake.batches) == 1
    # The next record is cut in its middle: its message can never be read.
    client.write(b"lost\n")
    peer.sendall(outgoing.read()[:-3])
    peer.shutdown(socket.SHUT_WR)
    await eventually(10, lambda: not source.connections)
    assert scene.intake.ledger.totals["cut"] == 1
    assert scene.intake.ledger.balanced
    await within(10, source.close())


@pytest_twisted.ensureDeferred
async def test_a_tail_without_its_end_is_cut(scene: Scene) -> None:
    """A connection may break without TLS's goodbye."""
    source = scene.source()
    peer = await scene.enter(source)
    peer.sendall(b"whole\nhal")
    await eventually(10, lambda: scene.intake.taken)
    os.close(peer.detach())
    await eventually(10, lambda: not source.connections)
    assert scene.intake.taken == [b"whole"]
    assert list(scene.intake.ledger.samples["cut"]) == [b"hal"]
    assert scene.intake.ledger.totals["cut"] == 1
    assert source.health().state == "ok"
    await within(10, source.close())


@pytest_twisted.ensureDeferred
async def test_a_broken_framing_closes_the_connection_and_counts_once(scene: Scene) -> None:
    """As over TCP."""
    source = scene.source()
    peer = await scene.enter(source)
    peer.sendall(b"good\n99999999 <13>x")
    await eventually(10, lambda: not source.connections)
    assert scene.intake.taken == [b"good"]
    assert scene.intake.ledger.totals["cut"] == 1
    await within(10, source.close())


@pytest.mark.parametrize("case", ["none", "expired", "untrusted"])
@pytest_twisted.ensureDeferred
async def test_a_client_without_a_good_certificate_is_refused(scene: Scene, case: str) -> None:
    """Where client_ca is set; why is said in the notes, and is what degrades an idle listener."""
    source = scene.source(client_ca=str(scene.authority.path))
    contexts = {
        "none": scene.context(),
        "expired": scene.context("old", expired=True),
        "untrusted": scene.context("alien", Authority(scene.folder, "elsewhere")),
    }
    told = {
        "none": "client shows no certificate",
        "expired": "client certificate has expired",
        "untrusted": "client certificate is not signed by client_ca",
    }
    await scene.refused(source, contexts[case])
    assert isinstance(source, Credentialed)
    (note,) = source.notes
    assert note == f"TLS handshakes refused: {told[case]} (1); the last by 127.0.0.1"
    health = source.health()
    assert (health.state, health.broken) == ("degraded", False)
    assert health.reason == f"TLS handshake of 127.0.0.1 refused: {told[case]}"
    peer = await scene.enter(source, scene.context("known"))
    assert source.health().state == "ok"
    peer.sendall(b"welcome\n")
    await eventually(10, lambda: scene.intake.taken)
    await within(10, source.close())


@pytest_twisted.ensureDeferred
async def test_plain_syslog_and_old_tls_are_refused_and_named(scene: Scene) -> None:
    """The two mistakes that are made."""
    source = scene.source(min_version="1.3")
    scene.plain(source).sendall(b"<13>Nov 23 17:00:00 web1 nginx: hello\n")
    await eventually(10, lambda: source.notes and not source.connections)
    old = scene.context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    await scene.refused(source, old)
    (note,) = source.notes
    assert "no TLS; plain syslog belongs to a tcp:// listener (1)" in note
    assert "client speaks only TLS older than min_version (1)" in note
    await within(10, source.close())


@pytest_twisted.ensureDeferred
async def test_a_client_that_does_not_trust_us_is_heard(scene: Scene) -> None:
    """Its alert says why it went away."""
    source = scene.source()
    await scene.refused(
        source,
        ssl.create_default_context(cadata=Authority(scene.folder, "theirs").path.read_text()),
    )
    (note,) = source.notes
    assert note.startswith("TLS handshakes refused: the client does not trust our certificate (1)")
    await within(10, source.close())


def test_a_handshake_that_stalls_is_closed_and_counted(scene: Scene) -> None:
    """After ten seconds, whatever was said so far."""
    clock = Clock()
    clock.addReader = clock.removeReader = lambda _: None  # type: ignore[attr-defined]
    source = scene.source(clock)
    layers = source._served()
    protocol, transport = layers.buildProtocol(None), StringTransport()
    protocol.makeConnection(transport)
    protocol.dataReceived(b"\x16\x03\x01\x02\x00")
    clock.advance(DEADLINE_S - 0.1)
    assert not transport.disconnecting
    assert len(source.connections) == 1
    clock.advance(0.1)
    assert transport.disconnected or transport.disconnecting
    protocol.connectionLost(None)
    assert not source.connections
    assert "not finished within 10 s (1)" in source.notes[0]
    assert source.close().called
