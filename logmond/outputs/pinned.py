"""A connection to one address, and the addresses of a name: what `posting` is made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.internet.interfaces import IHostResolution
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from logmond.outputs.weburl import WebUrl

CONNECT_S = 5.0
"""Seconds until the next address of a host is tried."""


@implementer(IAgentEndpointFactory)
class Pinned:
    """Connects to one address, whatever the URI of a request says."""

    def __init__(self, reactor: Any, url: WebUrl, address: str) -> None:
        kind = TCP6ClientEndpoint if ":" in address else TCP4ClientEndpoint
        self._endpoint: Any = kind(reactor, address, url.port, timeout=CONNECT_S)
        self._connected: Any = None
        if url.secure:
            self._endpoint = _tls(url, self._endpoint)

    def endpointForURI(self, uri: object) -> Pinned:
        """This one."""
        return self

    def connect(self, factory: Any) -> Deferred[Any]:
        """Connect, and remember what is to be ended."""
        connecting: Deferred[Any] = self._endpoint.connect(factory)
        return connecting.addCallback(self._remember)

    def abort(self) -> None:
        """End the connection, however far it is."""
        if self._connected is not None and self._connected.transport is not None:
            self._connected.transport.abortConnection()

    def _remember(self, protocol: Any) -> Any:
        self._connected = protocol
        return protocol


def _tls(url: WebUrl, endpoint: Any) -> Any:
    """The endpoint under TLS, verified for the host's name (or address)."""
    # Loads OpenSSL, which not every daemon has or needs.
    from twisted.internet.endpoints import wrapClientTLS  # noqa: PLC0415
    from twisted.internet.ssl import optionsForClientTLS  # noqa: PLC0415

    return wrapClientTLS(optionsForClientTLS(url.host.rstrip(".")), endpoint)


@implementer(IHostResolution)
class Found:
    """Collects what a resolver says, and hands it on when that is all."""

    def __init__(self, name: str, done: Callable[[list[str]], None]) -> None:
        self.name = name
        self._done = done
        self._found: list[str] = []

    def resolutionBegan(self, resolution: object) -> None:
        """Nothing was found so far."""

    def addressResolved(self, address: Any) -> None:
        """One address."""
        host = str(address.host)
        if host not in self._found:
            self._found.append(host)

    def resolutionComplete(self) -> None:
        """There are no more."""
        self._done(self._found)

    def cancel(self) -> None:
        """Not supported; an answer nobody waits for is dropped."""
