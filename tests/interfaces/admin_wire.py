"""An admin connection without a socket: what a client sends, what it gets, when it is closed."""

from __future__ import annotations

from typing import Any

import msgspec
from fake_surface import surface
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from logmond.interfaces.admin.factory import AdminFactory
from logmond.interfaces.surface import Surface

GREETING = 'logmond 0.1.0 on web1. Type "help" for the commands.\n\n'


class Wire(StringTransport):
    """A transport with both halves of a close, and a client that may stop reading.

    While `stuck`, what is written counts as unread: the producer is paused once
    64 KiB of it wait, as Twisted's TCP transport does.
    """

    def __init__(self) -> None:
        super().__init__(peerAddress=IPv4Address("TCP", "127.0.0.1", 40000))
        self.protocol: Any = None
        self.stuck = False
        self.unread = 0
        self.write_closed = False
        self.aborted = False
        self.closed = False

    def write(self, data: bytes) -> None:
        """Take data, and pause who writes too much of it."""
        super().write(data)
        if self.stuck:
            self.unread += len(data)
            if self.unread > 65536 and self.producer is not None:
                self.producer.pauseProducing()

    def loseWriteConnection(self) -> None:
        """End our half."""
        self.write_closed = True
        self.protocol.writeConnectionLost()

    def loseConnection(self) -> None:
        """Close."""
        self._lost(ConnectionDone())

    def abortConnection(self) -> None:
        """Close at once."""
        self.aborted = True
        self._lost(ConnectionAborted())

    def _lost(self, reason: Exception) -> None:
        if not self.closed:
            self.closed = self.disconnecting = True
            self.protocol.connectionLost(Failure(reason))


class Client:
    """One client of a factory, the clock included."""

    def __init__(self, factory: AdminFactory, clock: Clock) -> None:
        self.clock = clock
        self.wire = Wire()
        self.protocol = factory.buildProtocol(self.wire.getPeer())
        if self.protocol is None:
            raise ConnectionRefusedError
        self.wire.protocol = self.protocol
        self.protocol.makeConnection(self.wire)

    def send(self, data: str | bytes) -> None:
        """Send bytes, which the daemon must be reading, and let it have the turns it needs."""
        assert self.wire.producerState == "producing", "the daemon does not read"
        self.protocol.dataReceived(data.encode() if isinstance(data, str) else data)
        self.turns()

    def turns(self) -> None:
        """Turns of the reactor, without time passing."""
        for _ in range(1000):
            if not any(call.getTime() <= self.clock.seconds() for call in self.clock.calls):
                return
            self.clock.advance(0)
        raise AssertionError("the reactor would never rest")

    def end(self) -> None:
        """Close the client's half: `nc -N` at the end of its input."""
        self.protocol.readConnectionLost()
        self.turns()

    def got(self) -> str:
        """What came since the last call."""
        text = self.wire.value().decode()
        self.wire.clear()
        return text

    def ask(self, command: str) -> str:
        """The reply to a command."""
        self.got()
        self.send(command + "\n")
        return self.got()

    @property
    def parted(self) -> bool:
        """Whether the daemon has closed its half."""
        return self.wire.closed or self.wire.write_closed


def ask(command: str, shown: Surface | None = None) -> str:
    """The reply to one command, without the empty line that ends it."""
    clock = Clock()
    reply = Client(AdminFactory(shown or surface(), clock), clock).ask(command)
    assert reply.endswith("\n\n")
    assert "\n\n" not in reply[:-2]
    return reply[:-1]


def data(command: str, shown: Surface | None = None) -> Any:
    """The reply to the JSON form of a command."""
    reply = ask(f"json {command}", shown)
    assert reply.count("\n") == 1
    return msgspec.json.decode(reply)
