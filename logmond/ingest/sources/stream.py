"""Streams of messages, over TCP and over unix sockets: one protocol for both.

A connection may be idle as long as it likes: a sender without lines is not
broken. What a peer sends too fast waits in the kernel's buffers and then at the
peer, since every read is handed over before the next one.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from time import time
from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import LoopingCall
from twisted.internet.tcp import Connection
from twisted.logger import Logger
from twisted.python.failure import Failure

from logmond.errors import FramingError
from logmond.ingest.framing import StreamFramer
from logmond.ingest.sources.accepting import Acceptor
from logmond.ingest.sources.addresses import Endpoint, bind_internet
from logmond.ingest.sources.kernelqueue import readable_bytes
from logmond.ingest.sources.seam import Health, Intake
from logmond.ingest.sources.unended import Unended
from logmond.ingest.sources.unixsocket import UnixSocket

MAX_CONNECTIONS = 1000
MAX_BYTES = 65536

_CLOSING_S = 2.0

_QUIET_S = 0.1
"""Seconds without a byte after which a peer is done; more is refused, and it knows."""

_log = Logger()


class StreamProtocol(Protocol):
    """One connection: bytes to messages, and what is not one to the ledger."""

    transport: Any
    cut_short = False
    """Whether a layer below holds the beginning of more than was handed on."""

    def __init__(self, source: StreamSource, peer: str, host: str = "") -> None:
        self._source = source
        self._peer = peer
        self._host = host
        self._intake = source.intake
        self._framer = StreamFramer(source.max_bytes)
        self._heard = False

    def connectionMade(self) -> None:
        """Count the connection; notice a peer that vanishes without a word."""
        self._source.connected(self)
        with suppress(AttributeError, OSError):  # a unix socket has no such option
            self.transport.setTcpKeepAlive(True)

    def dataReceived(self, data: bytes) -> None:
        """Hand over the messages this completes."""
        try:
            messages = self._framer.feed(data)
        except FramingError as error:
            self._hand_over(error.completed)
            self._intake.ledger.reject("cut", data)
            _log.warn("{peer}: {error}; connection closed", peer=self._peer, error=error)
            self.transport.abortConnection()
            return
        self._heard = True
        self._hand_over(messages)
        self._source.unended.hold(self, self._framer.held)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Count what the peer did not finish."""
        tail = self._framer.close()
        if tail or self.cut_short:
            self._intake.ledger.reject("cut", tail)
        self._source.disconnected(self)

    def give_way(self) -> None:
        """Forget the message that was begun, and close (see `Unended`)."""
        tail = self._framer.close()
        self._intake.ledger.reject("cut", tail)
        _log.warn(
            "{peer}: connection closed {held} bytes into a message: "
            "too much is held of messages that never end",
            peer=self._peer,
            held=len(tail),
        )
        self.transport.abortConnection()

    def finish(self) -> None:
        """Tell the peer that this is the end; what it still sends is read.

        A peer that looks before it sends (rsyslog does) ends the connection
        too, and nothing that TCP has accepted is lost. Where a layer stands
        between, its own farewell is all there is.
        """
        self._heard = True
        if isinstance(self.transport, Connection):
            self.transport.loseWriteConnection()  # type: ignore[no-untyped-call]

    def finish_when_quiet(self) -> None:
        """Close if nothing came since this was last asked, and nothing waits."""
        heard, self._heard = self._heard, False
        if not heard and not readable_bytes(self.transport):
            self.transport.loseConnection()

    def give_up(self) -> None:
        """Close though there is more; say how much of it nobody will read."""
        if unread := readable_bytes(self.transport):
            _log.warn(
                "{peer}: {unread} bytes had arrived and were not read by the end of the stop",
                peer=self._peer,
                unread=unread,
            )
        self.transport.abortConnection()

    def _hand_over(self, messages: list[bytes]) -> None:
        ledger = self._intake.ledger
        if messages:
            self._intake.messages(messages, believed=True, peer=self._host)
        for sample in self._framer.take_oversize():
            ledger.reject("oversize", sample)


class StreamSource(Factory):
    """``tcp://HOST:PORT`` or ``unix:///PATH``."""

    noisy = False

    def __init__(
        self,
        url: str,
        intake: Intake,
        reactor: Any,
        *,
        passed: list[socket.socket] | None = None,
        setting: str = "",
        max_connections: int = MAX_CONNECTIONS,
        max_bytes: int = MAX_BYTES,
        wall: Callable[[], float] = time,
    ) -> None:
        """Prepare; nothing is bound before `open`.

        Args:
            url: the address to listen on.
            passed: the service manager's sockets; a matching one is taken out.
            setting: the configuration key of `url`, for messages.
            max_connections: open at once; more wait in the kernel until one closes.
            max_bytes: the longest message.
            wall: epoch seconds, for `Health.since`.
        """
        self.address = url
        self.intake = intake
        self.max_bytes = max_bytes
        self.connections: set[StreamProtocol] = set()
        self.unended = Unended()
        self._endpoint = Endpoint.of(url)
        self._reactor = reactor
        self._passed = passed
        self._setting = setting or f"sources.{intake.name}.listen"
        self._max_connections = max_connections
        self._wall = wall
        self._acceptors: list[Acceptor] = []
        self._unix: UnixSocket | None = None
        self._limited = Health()
        self._closed: Deferred[None] | None = None
        self._deadline: Any = None
        self._looks = LoopingCall(self._look)

    @property
    def port(self) -> int:
        """The port it is bound to, 0 while it is not or for a unix socket."""
        if not self._acceptors or self._endpoint.path:
            return 0
        return int(self._acceptors[0].socket.getsockname()[1])

    def open(self) -> None:
        """Bind every address and accept connections.

        Raises:
            AddressTaken: another program holds the port or the socket.
            SourceError: it cannot be bound for another reason.
        """
        kind = socket.SOCK_STREAM
        if self._endpoint.path:
            self._unix = UnixSocket(self._endpoint, kind, self._passed, self._setting)
            sockets = [self._unix.socket]
        else:
            sockets = bind_internet(self._endpoint, kind, self._passed, self._setting)
        served = self._served()
        self._acceptors = [Acceptor(sock, served, self._reactor, self._room) for sock in sockets]
        self._accept()

    def tick(self) -> None:
        """Accept again where descriptors had run out."""
        limit = self._limit()
        if not limit:
            self._limited = Health()
        elif self._limited.reason != limit:
            self._limited = Health("degraded", limit, self._wall())
        self._accept()

    def health(self) -> Health:
        """Degraded while connections have to wait."""
        return self._limited

    def close(self) -> Deferred[None]:
        """Accept no more; hand over what the kernel holds of each connection, then close it.

        A peer that never stops sending, though it was told, is cut off after two seconds.
        """
        acceptors, self._acceptors = self._acceptors, []
        for acceptor in acceptors:
            acceptor.stop()
            if self._unix is None:
                acceptor.socket.close()
        if self._unix is not None:
            self._unix.close()
            self._unix = None
        if not self.connections:
            return succeed(None)
        closed: Deferred[None] = Deferred()
        self._closed = closed
        self._deadline = self._reactor.callLater(_CLOSING_S, self._abort)
        for connection in list(self.connections):
            connection.finish()
        self._looks.clock = self._reactor
        self._looks.start(_QUIET_S, now=False)
        return closed

    def _look(self) -> None:
        """Close the connections whose peers have gone quiet."""
        for connection in list(self.connections):
            connection.finish_when_quiet()

    def buildProtocol(self, addr: IAddress | None) -> StreamProtocol:
        """A protocol for a connection just accepted."""
        if isinstance(addr, UNIXAddress) or addr is None:
            return StreamProtocol(self, self.address)
        return StreamProtocol(self, _shown(addr), getattr(addr, "host", ""))

    def connected(self, connection: StreamProtocol) -> None:
        """A connection was made."""
        self.connections.add(connection)

    def disconnected(self, connection: StreamProtocol) -> None:
        """A connection has ended: there is room for another."""
        self.connections.discard(connection)
        self.unended.release(connection)
        if self._closed is None:
            self._accept()
        elif not self.connections:
            if self._deadline.active():
                self._deadline.cancel()
            if self._looks.running:
                self._looks.stop()
            closed, self._closed = self._closed, None
            closed.callback(None)

    def _served(self) -> Any:
        """The factory that makes the protocol of a connection; a layer may stand before it."""
        return self

    def _room(self) -> bool:
        return len(self.connections) < self._max_connections

    def _accept(self) -> None:
        for acceptor in self._acceptors:
            acceptor.resume()

    def _limit(self) -> str:
        if any(acceptor.exhausted for acceptor in self._acceptors):
            return "out of file descriptors, connections wait: raise LimitNOFILE"
        for acceptor in self._acceptors:
            if acceptor.failure is not None:
                return f"accepting failed ({acceptor.failure.getErrorMessage()})"
        if not self._room():
            return f"{self._max_connections} connections are open, the most allowed; others wait"
        return ""

    def _abort(self) -> None:
        for connection in list(self.connections):
            connection.give_up()


def _shown(peer: Any) -> str:
    return f"[{peer.host}]:{peer.port}" if ":" in peer.host else f"{peer.host}:{peer.port}"
