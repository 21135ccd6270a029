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
    `resume` when there may be some, or room, again. Twisted copies a descriptor
    that it adopts: a connection for which there is no copy is held until then,
    with what the kernel has received of it.
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
        self._held: socket.socket | None = None

    def resume(self) -> None:
        """Accept from now on, if there is room."""
        self.exhausted = False
        self.failure = None
        if self._room() and self._take_held():
            self._reactor.addReader(self)

    def stop(self) -> None:
        """Accept what has connected already, as far as there is room, and then no more."""
        self._reactor.removeReader(self)
        with suppress(OSError):
            if self._take_held():
                self._take(BACKLOG)
        if self._held is not None:
            self._held.close()

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
                self._pause()
                return
            if not self._adopt(connection):
                return

    def _take_held(self) -> bool:
        """Hand over the connection that is held, if there is one; False if it stays held."""
        held, self._held = self._held, None
        return held is None or self._adopt(held)

    def _adopt(self, connection: socket.socket) -> bool:
        """Hand a connection over; False if it has to be held."""
        connection.setblocking(False)
        try:
            self._reactor.adoptStreamConnection(
                connection.fileno(), connection.family, self._factory
            )
        except OSError as error:
            if error.errno in _OUT_OF_RESOURCES:
                self._held = connection
                self._pause()
                return False
            # Else the peer is gone already.
        connection.close()
        return True

    def _pause(self) -> None:
        # Still readable, so the reactor would come back at once.
        self.exhausted = True
        self._reactor.removeReader(self)
