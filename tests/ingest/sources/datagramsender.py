"""Who sends datagrams to the sources of tests, and how such a source is closed."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock


class Sender:
    """A datagram socket that sends to one place."""

    def __init__(self, place: Any) -> None:
        families = {str: socket.AF_UNIX, tuple: socket.AF_INET}
        family = socket.AF_INET6 if "::1" in place else families[type(place)]
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.connect(place)

    def send(self, *messages: bytes) -> None:
        """Send each message as one datagram."""
        for message in messages:
            self.socket.send(message)


def closed(done: Deferred[None], clock: MemoryReactorClock) -> None:
    """Let a source close to its end."""
    while not done.called:
        clock.advance(0)
