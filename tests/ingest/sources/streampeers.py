"""Who connects to the stream sources of tests, and such sources on the real reactor."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet import reactor

from logmond.ingest.sources.stream import StreamSource
from logmond.testing import RecordingIntake


class Peers:
    """Client connections, closed at the end of the test."""

    def __init__(self) -> None:
        self.sockets: list[socket.socket] = []

    def connect(self, place: Any) -> socket.socket:
        """A connection to a path, or to a (host, port)."""
        family = socket.AF_UNIX if isinstance(place, str) else socket.AF_INET
        peer = socket.socket(family, socket.SOCK_STREAM)
        self.sockets.append(peer)
        peer.settimeout(5)
        peer.connect(place)
        return peer


def opened(intake: RecordingIntake, url: str = "tcp://127.0.0.1:0", **options: Any) -> StreamSource:
    """An open source on the real reactor."""
    source = StreamSource(url, intake, reactor, **options)
    source.open()
    return source
