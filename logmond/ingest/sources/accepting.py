"""Connections are taken from a listening socket, as many as may be open. Nothing is read here.

Twisted's own ports set the mode of a unix socket and remove its file, which a
socket of the service manager must be spared; and they accept until descriptors
run out. Here a listener at its limit leaves new connections in the kernel's
backlog: what they send waits there, none of it is lost, and the reactor does
not spin.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure
from zope.interface import implementer

from logmond.ingest.sources.addresses import BACKLOG

_ACCEPTED_A_TURN = 100
_OUT_OF_RESOURCES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


@implementer(IReadDescriptor)
class Acceptor:
    """Accepts from one listening, non-blocking socket while `room` says so.

    `exhausted` tells that the process is out of descriptors; the owner calls
    `resume` when there may be some, or room, again.
    """

    def __init__(
        self, sock: socket.socket, factory: Factory, reactor: Any, room: Callable[[], bool]
    ) -> None:
        self.socket = sock
        self.exhausted = False
        self.failure: Failure | None = None
        self._factory = factory
        self._reactor = reactor
        self._room = room

    def resume(self) -> None:
        """Accept from now on, if there is room."""
        self.exhausted = False
        self.failure = None
        if self._room():
            self._reactor.addReader(self)

    def stop(self) -> None:
        """Accept what has connected already, as far as there is room, and then no more."""
        self._reactor.removeReader(self)
        with suppress(OSError):
            self._take(BACKLOG)

    def fileno(self) -> int:
        """The descriptor the reactor watches."""
        return self.socket.fileno()

    def logPrefix(self) -> str:
        """What Twisted calls it in its log."""
        return "acceptor"

    def connectionLost(self, reason: Failure) -> None:
        """The reactor gave the socket up: accepting failed, or the reactor ends."""
        self.failure = reason

    def doRead(self) -> None:
        """Accept some of the connections that wait."""
        self._take(_ACCEPTED_A_TURN)

    def _take(self, most: int) -> None:
        for _ in range(most):
            if not self._room():
                self._reactor.removeReader(self)
                return
            try:
                connection, _ = self.socket.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                if error.errno not in _OUT_OF_RESOURCES:
                    raise
                # Still readable, so the reactor would come back at once.
                self.exhausted = True
                self._reactor.removeReader(self)
                return
            with connection:
                self._adopt(connection)

    def _adopt(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        try:
            self._reactor.adoptStreamConnection(
                connection.fileno(), connection.family, self._factory
            )
        except OSError as error:
            # The peer is gone already, or the copy of the descriptor failed.
            if error.errno in _OUT_OF_RESOURCES:
                self.exhausted = True
                self._reactor.removeReader(self)
