"""Where generated lines go: a file, a pipe, a syslog address. Nothing is made or paced here.

`open_target` opens ``PATH``, ``-``, ``udp://HOST:PORT``, ``tcp://HOST:PORT``,
``unixgram:///PATH`` or ``unix:///PATH``. Files get bare lines, addresses syslog
messages as nginx sends them, LF-framed on streams.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence
from typing import Any, Protocol

from twisted.internet.defer import Deferred, succeed
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint
from twisted.internet.error import ConnectError
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from logmond.errors import ConfigError, Problem, SourceError
from logmond.ingest.scenarios import syslog_message
from logmond.ingest.sources.addresses import Endpoint

CONNECT_S = 5
"""Seconds a connection may take to be made."""

WILDCARDS = {"*": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses one can listen on but not send to, and where to send instead."""

_FULL = (errno.EAGAIN, errno.ENOBUFS)


class Target(Protocol):
    """Takes lines as fast as it can."""

    refused: int
    """Messages that nobody listened for, as far as that can be known."""

    def send(self, second: int, lines: Sequence[bytes]) -> int:
        """Take lines of an epoch second; return how many were taken, the first ones.

        Raises:
            SourceError: it takes no more, ever.
            BrokenPipeError: the reader of a pipe has left.
        """

    def close(self) -> Deferred[None]:
        """Deliver what was taken, then free everything."""


def open_target(to: str, reactor: Any) -> Deferred[Target]:
    """Open a target; fires with it, or fails with SourceError.

    Raises:
        ConfigError: `to` is no target.
        SourceError: a file or socket cannot be opened.
    """
    if to == "-":
        return succeed(FileTarget(os.dup(1), "standard output"))
    scheme, colons, _ = to.partition("://")
    if not colons:
        try:
            opened = os.open(to, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise SourceError(f"{to}: cannot be written: {error.strerror}") from error
        return succeed(FileTarget(opened, to))
    if scheme not in ("udp", "tcp", "unixgram", "unix"):
        known = "a path, -, udp://HOST:PORT, tcp://HOST:PORT, unixgram:///PATH or unix:///PATH"
        raise ConfigError([Problem("--to", to, f"unknown scheme {scheme!r}; give {known}")])
    try:
        endpoint = Endpoint.of(to)
    except SourceError as error:
        raise ConfigError([Problem("--to", "", str(error))]) from error
    if scheme in ("udp", "unixgram"):
        return succeed(DatagramTarget(endpoint))
    return _connect(endpoint, reactor)


class FileTarget:
    """A file that is appended to, or standard output; `descriptor` becomes its own."""

    def __init__(self, descriptor: int, name: str) -> None:
        self.refused = 0
        self._descriptor = descriptor
        self._name = name

    def send(self, second: int, lines: Sequence[bytes]) -> int:
        """Write whole lines at once, so that whoever follows the file sees them whole."""
        rest = memoryview(b"\n".join(lines) + b"\n")
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except BrokenPipeError:
            raise  # whoever read us has left, which is no fault of the target
        except OSError as error:
            raise SourceError(f"{self._name}: cannot be written: {error.strerror}") from error
        return len(lines)

    def close(self) -> Deferred[None]:
        """Close the file."""
        os.close(self._descriptor)
        return succeed(None)


class DatagramTarget:
    """Syslog datagrams, over UDP or to a unix socket."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.refused = 0
        self._endpoint = endpoint
        host = WILDCARDS.get(endpoint.host, endpoint.host)
        try:
            if endpoint.path:
                self._socket = _connected(socket.AF_UNIX, endpoint.path)
            else:
                family, _, _, _, address = socket.getaddrinfo(
                    host, endpoint.port, type=socket.SOCK_DGRAM
                )[0]
                self._socket = _connected(family, address)
        except OSError as error:
            raise _unreachable(endpoint, error) from error

    def send(self, second: int, lines: Sequence[bytes]) -> int:
        """Hand datagrams to the kernel until it takes no more."""
        for taken, line in enumerate(lines):
            try:
                self._deliver(syslog_message(second, line))
            except OSError as error:
                if error.errno in _FULL:
                    return taken
                raise _unreachable(self._endpoint, error) from error
        return len(lines)

    def close(self) -> Deferred[None]:
        """Close the socket."""
        self._socket.close()
        return succeed(None)

    def _deliver(self, datagram: bytes) -> None:
        """Send one; it may find nobody, which is counted."""
        if self._endpoint.path:
            try:
                # By its path each time: a listener that came back has another socket there.
                self._socket.sendto(datagram, self._endpoint.path)
            except (ConnectionRefusedError, FileNotFoundError):
                self.refused += 1
            return
        try:
            self._socket.send(datagram)
        except ConnectionRefusedError:
            # The kernel tells by this send that nobody received an earlier one.
            self.refused += 1
            self._socket.send(datagram)


def _connected(family: int, address: Any) -> socket.socket:
    """A datagram socket that is known to have somewhere to send to."""
    sock = socket.socket(family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


@implementer(IPushProducer)
class StreamTarget(TwistedProtocol):
    """Syslog messages ended by LF on a connection; a slow reader slows the sending down."""

    transport: Any

    def __init__(self) -> None:
        self.refused = 0
        self._full = False
        self._lost: Failure | None = None
        self._closed: Deferred[None] = Deferred(lambda _: self.transport.abortConnection())

    def connectionMade(self) -> None:
        """Hear from the transport when its buffer is full."""
        self.transport.registerProducer(self, True)

    def send(self, second: int, lines: Sequence[bytes]) -> int:
        """Write all of it, or nothing while the reader does not keep up."""
        if self._lost is not None:
            raise SourceError(f"the connection was lost: {self._lost.getErrorMessage()}")
        if self._full:
            return 0
        self.transport.write(b"".join([syslog_message(second, line) + b"\n" for line in lines]))
        return len(lines)

    def close(self) -> Deferred[None]:
        """Flush and close; fires when the connection is closed. Cancelled, it closes at once."""
        if self._lost is None:
            self.transport.unregisterProducer()
            self.transport.loseConnection()
        return self._closed

    def pauseProducing(self) -> None:
        """The transport's buffer is full."""
        self._full = True

    def resumeProducing(self) -> None:
        """It has room again."""
        self._full = False

    def stopProducing(self) -> None:
        """The connection is going; `connectionLost` tells."""
        self._full = True

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Remember it for the next `send`."""
        self._lost = reason
        if not self._closed.called:
            self._closed.callback(None)


def _connect(endpoint: Endpoint, reactor: Any) -> Deferred[Target]:
    client: Any
    if endpoint.path:
        client = UNIXClientEndpoint(  # type: ignore[no-untyped-call]  # Twisted gives it no types
            reactor, endpoint.path, timeout=CONNECT_S
        )
    else:
        host = WILDCARDS.get(endpoint.host, endpoint.host)
        client = HostnameEndpoint(reactor, host, endpoint.port, timeout=CONNECT_S)
    factory = Factory.forProtocol(StreamTarget)
    factory.noisy = False
    connected: Deferred[Target] = client.connect(factory)

    def explain(failure: Failure) -> Failure:
        error = failure.value
        if isinstance(error, ConnectError | OSError):
            raise _unreachable(endpoint, error) from error
        return failure

    return connected.addErrback(explain)


def _unreachable(endpoint: Endpoint, error: BaseException) -> SourceError:
    # Twisted keeps the number of a failed connect in `osError`.
    number = getattr(error, "errno", None) or getattr(error, "osError", None)
    told = os.strerror(number) if isinstance(number, int) else error
    return SourceError(f"{endpoint}: cannot be reached: {told}; is logmond listening there?")
