"""Streams over TLS: who is let in, what is counted, and how certificates are replaced."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from certificates import Authority
from patience import eventually, within
from twisted.internet import reactor
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread

from logmond.errors import SourceError
from logmond.ingest.sources.handshakes import DEADLINE_S
from logmond.ingest.sources.seam import Credentialed
from logmond.ingest.sources.table import listener
from logmond.ingest.sources.tls import TlsSource
from logmond.testing import RecordingIntake


class Scene:
    """An authority, a listener with a certificate of it, and clients."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder)
        self.intake = RecordingIntake()
        self.sockets: list[socket.socket] = []
        self.certificate, self.key = self.authority.issue("server")

    def source(self, on: Any = reactor, **options: Any) -> TlsSource:
        """An open listener."""
        options = {"certificate": str(self.certificate), "key": str(self.key), **options}
        source = listener("tls://127.0.0.1:0", self.intake, on, **options)
        assert isinstance(source, TlsSource)
        source.open()
        return source

    def plain(self, source: TlsSource) -> socket.socket:
        """A connection without TLS so far."""
        peer = socket.create_connection(("127.0.0.1", source.port), timeout=10)
        self.sockets.append(peer)
        return peer

    def context(self, name: str = "", signer: Authority | None = None, **how: Any) -> Any:
        """A client's context, with a certificate where it has a name."""
        context = ssl.create_default_context(cafile=str(self.authority.path))
        if name:
            context.load_cert_chain(*(signer or self.authority).issue(name, **how))
        return context

    async def enter(self, source: TlsSource, context: Any = None) -> ssl.SSLSocket:
        """A connection whose handshake has ended; in a thread, since the listener is here."""
        wrapped = await within(
            10, deferToThread(self._shake, self.plain(source), context or self.context())
        )
        await eventually(10, lambda: source.admitted)
        return wrapped

    async def refused(self, source: TlsSource, context: Any = None) -> None:
        """Try to come in; it must fail. With TLS 1.3 a client learns it when it reads."""

        def attempt() -> None:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                self._shake(self.plain(source), context or self.context()).recv(1)

        await within(10, deferToThread(attempt))
        await eventually(10, lambda: not source.connections)

    def _shake(self, peer: socket.socket, context: Any) -> ssl.SSLSocket:
        wrapped: ssl.SSLSocket = context.wrap_socket(peer, server_hostname="localhost")
        self.sockets.append(wrapped)
        return wrapped

    def close(self) -> None:
        """Close what clients left open."""
        for each in self.sockets:
            each.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Files of a test, and its clients."""
    made = Scene(tmp_path)
    yield made
    made.close()


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


@pytest_twisted.ensureDeferred
async def test_a_new_certificate_is_taken_without_dropping_connections(scene: Scene) -> None:
    """Old connections go on, new ones see the new certificate."""
    source = scene.source()
    first = await scene.enter(source)
    assert source.reload() == ""
    scene.authority.issue("server")
    assert "new certificate, valid until" in source.reload()
    second = await scene.enter(source)
    assert first.getpeercert(True) != second.getpeercert(True)
    first.sendall(b"first\n")
    await eventually(10, lambda: scene.intake.taken == [b"first"])
    second.sendall(b"second\n")
    await eventually(10, lambda: scene.intake.taken == [b"first", b"second"])
    await within(10, source.close())


@pytest_twisted.ensureDeferred
async def test_a_bad_new_certificate_leaves_the_old_one_and_says_so(scene: Scene) -> None:
    """Until a good one is there."""
    source = scene.source()
    good = scene.key.read_bytes()
    scene.key.write_bytes(b"nonsense")
    with pytest.raises(SourceError, match="the old certificate stays: key"):
        source.reload()
    assert source.health().state == "degraded"
    await scene.enter(source)
    scene.key.write_bytes(good)
    assert source.reload() == ""
    assert source.health().state == "ok"
    await within(10, source.close())


def _swapped(scene: Scene) -> None:
    scene.key.write_bytes(scene.authority.issue("other")[1].read_bytes())


def _locked(scene: Scene) -> None:
    scene.authority.issue("server", passphrase=b"secret")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda scene: scene.certificate.unlink(), "unreadable (no such file or directory): "),
        (lambda scene: scene.certificate.write_text("x"), "holds no certificate in PEM"),
        (lambda scene: scene.key.write_text("x"), "holds no private key in PEM"),
        (_swapped, "does not belong to certificate"),
        (_locked, "is encrypted; store it without a passphrase"),
    ],
)
def test_files_that_cannot_be_used_end_the_start(scene: Scene, spoil: Any, message: str) -> None:
    """With the address, the file, and what is wrong with it."""
    spoil(scene)
    with pytest.raises(SourceError) as caught:
        scene.source()
    assert str(caught.value).startswith("tls://127.0.0.1:0: ")
    assert message in str(caught.value)


def test_an_expired_certificate_of_ours_degrades(scene: Scene) -> None:
    """Every sender that checks it refuses us, and cannot tell us so."""
    scene.authority.issue("server", expired=True)
    source = scene.source()
    assert source.health().state == "degraded"
    assert "senders refuse it" in source.health().reason
    assert source.close().called
