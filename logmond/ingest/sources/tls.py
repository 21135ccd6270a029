"""Streams of messages over TLS (RFC 5425), in any framing that plain TCP may have.

A connection is TCP's with two layers between: OpenSSL's, and an `Admission`
that gives the handshake ten seconds, says why it failed, and hands on at once
what arrived at once, since senders like to put every message into a record of
its own. Needs pyOpenSSL (the extra ``tls``), and is imported only where a
``tls://`` address is configured.
"""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from twisted.internet.interfaces import IAddress, IHandshakeListener
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from logmond.errors import SourceError
from logmond.ingest.sources.credentials import Credentials
from logmond.ingest.sources.handshakes import DEADLINE_S, LEFT, STALLED, Refusals, why
from logmond.ingest.sources.seam import Health, Intake
from logmond.ingest.sources.stream import StreamProtocol, StreamSource
from logmond.ingest.sources.tlsrecords import Records

_log = Logger()


@implementer(IHandshakeListener)
class Admission(Protocol):
    """Between OpenSSL and the messages of one connection, whose transport it is."""

    transport: Any

    def __init__(self, source: TlsSource, messages: StreamProtocol, peer: str) -> None:
        self._source = source
        self._messages = messages
        self._peer = peer
        self._records = Records()
        self._admitted = False
        self._arrived: list[bytes] = []
        self._reason = LEFT
        self._deadline: Any = None

    def connectionMade(self) -> None:
        """The connection was accepted; its handshake begins."""
        self._deadline = self._source.reactor.callLater(DEADLINE_S, self._stalled)
        self._messages.makeConnection(self)  # type: ignore[no-untyped-call] # Twisted's

    def handshakeCompleted(self) -> None:
        """The client is who it should be."""
        self._deadline.cancel()
        self._admitted = True
        self._source.admitted += 1

    def encrypted(self, data: bytes) -> None:
        """What was read, before it is decrypted."""
        self._records.feed(data)

    def dataReceived(self, data: bytes) -> None:
        """What one record held."""
        self._arrived.append(data)

    def decrypted(self) -> None:
        """All that was read has been decrypted."""
        if self._arrived:
            data = b"".join(self._arrived)
            self._arrived.clear()
            self._messages.dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Hand on the last messages, or count a handshake that came to nothing."""
        self.decrypted()
        if self._admitted:
            self._source.admitted -= 1
            self._messages.cut_short = self._records.unfinished
        else:
            if self._deadline.active():
                self._deadline.cancel()
            if isinstance(reason.value, SSL.Error):
                self._reason = self._told(reason.value)
            self._source.refused(self._reason, self._peer)
        self._messages.connectionLost(reason)

    def fileno(self) -> int:
        """The descriptor of the connection."""
        return int(self.transport.fileno())

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """Notice a peer that vanishes without a word, or do not."""
        self.transport.setTcpKeepAlive(enabled)

    def loseConnection(self) -> None:
        """Say goodbye, and do not wait for the answer: many senders give none."""
        layer = self.transport
        layer.loseConnection()
        layer.transport.loseConnection()

    def abortConnection(self) -> None:
        """Close at once; what arrived of a record is nobody's."""
        self._records = Records()
        self.transport.abortConnection()

    def _stalled(self) -> None:
        self._reason = STALLED
        self.transport.abortConnection()

    def _told(self, error: SSL.Error) -> str:
        reasons = [part[2] for part in error.args[0]] if error.args else []
        return why(reasons, self.transport.verification)


class Admissions(Factory):
    """Puts an `Admission` before each connection of a source."""

    noisy = False

    def __init__(self, source: TlsSource) -> None:
        self._source = source

    def buildProtocol(self, addr: IAddress | None) -> Admission:
        """For a connection just accepted."""
        peer = getattr(addr, "host", "") or self._source.address
        return Admission(self._source, self._source.buildProtocol(addr), peer)


class _Layer(TLSMemoryBIOProtocol):
    """OpenSSL's layer, which tells when a read has been decrypted."""

    wrappedProtocol: Any
    verification: int | None = None
    """Why the client's certificate was refused, see `Credentials`."""

    def dataReceived(self, data: bytes) -> None:
        """Decrypt what was read."""
        admission = self.wrappedProtocol
        admission.encrypted(data)
        super().dataReceived(data)  # type: ignore[no-untyped-call] # Twisted's has no types
        admission.decrypted()


class TlsSource(StreamSource):
    """``tls://HOST:PORT``."""

    def __init__(
        self,
        url: str,
        intake: Intake,
        reactor: Any,
        *,
        certificate: str,
        key: str,
        client_ca: str | None = None,
        min_version: str = "1.2",
        **options: Any,
    ) -> None:
        """Prepare; nothing is read or bound before `open`.

        Args:
            url: the address to listen on.
            certificate, key, client_ca, min_version: see `Credentials`.
            options: those of `StreamSource`.
        """
        super().__init__(url, intake, reactor, **options)
        self.reactor = reactor
        self.admitted = 0
        self._credentials = Credentials(certificate, key, client_ca, min_version)
        self._refusals = Refusals()
        self._not_reloaded = Health()

    def open(self) -> None:
        """Read the certificate, bind every address and accept connections.

        Raises:
            AddressTaken: another program holds the port.
            SourceError: a certificate cannot be used, or the address cannot be bound.
        """
        try:
            self._credentials.load()
        except SourceError as error:
            raise SourceError(f"{self.address}: {error}") from error
        super().open()

    def reload(self) -> str:
        """Read the certificate again; what was changed, "" for no change.

        Open connections stay as they are, whatever comes of it.

        Raises:
            SourceError: the old certificate stays, and why.
        """
        before = self._credentials.fingerprint
        try:
            self._credentials.load()
        except SourceError as error:
            told = f"{self.address}: the old certificate stays: {error}"
            self._not_reloaded = Health("degraded", told, self._wall())
            raise SourceError(told) from error
        self._not_reloaded = Health()
        if self._credentials.fingerprint == before:
            return ""
        return f"{self.address}: new certificate, valid until {self._credentials.until}"

    @property
    def notes(self) -> list[str]:
        """The handshakes it refused."""
        return self._refusals.notes()

    def health(self) -> Health:
        """Degraded where no sender can come in."""
        found = super().health()
        if found.state != "ok":
            return found
        now = self._wall()
        if now >= self._credentials.expires:
            told = f"certificate {self._credentials.certificate} expired on "
            told += f"{self._credentials.until}: senders refuse it"
            return Health("degraded", told, self._credentials.expires)
        if self._not_reloaded.reason:
            return self._not_reloaded
        refused = "" if self.admitted else self._refusals.recent(now)
        return Health("degraded", refused, self._refusals.since) if refused else found

    def refused(self, reason: str, peer: str) -> None:
        """A handshake came to nothing."""
        if self._refusals.add(reason, peer, self._wall()):
            _log.warn(
                "{address}: TLS handshake of {peer}: {reason}",
                address=self.address,
                peer=peer,
                reason=reason,
            )

    def _served(self) -> Any:
        # Its types are zope's interfaces, which mypy cannot follow to our classes.
        make: Any = TLSMemoryBIOFactory
        layers = make(self._credentials, False, Admissions(self), self.reactor)
        layers.protocol = _Layer
        return layers
