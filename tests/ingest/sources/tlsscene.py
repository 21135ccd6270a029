"""A TLS listener of tests with its authority, and clients that come to it."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority
from patience import eventually, within
from twisted.internet import reactor
from twisted.internet.threads import deferToThread

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
