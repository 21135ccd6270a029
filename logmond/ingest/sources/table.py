"""What can be listened on: one line a scheme, and how to open it by its URL."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from logmond.errors import SourceError
from logmond.ingest.sources.seam import Intake, Source

LISTENERS = {
    "udp": "logmond.ingest.sources.udp:UdpSource",
    "tcp": "logmond.ingest.sources.stream:StreamSource",
    "tls": "logmond.ingest.sources.tls:TlsSource",
    "unixgram": "logmond.ingest.sources.datagram:UnixDatagramSource",
    "unix": "logmond.ingest.sources.stream:StreamSource",
}
"""Scheme to ``module:class``; the class takes (url, intake, reactor, **options)."""


def listener(url: str, intake: Intake, reactor: Any, **options: Any) -> Source:
    """The source that listens on `url`, not yet open.

    Raises:
        SourceError: nothing listens on such a scheme, or the URL is malformed.
    """
    scheme = url.partition("://")[0]
    place = LISTENERS.get(scheme)
    if place is None:
        raise SourceError(f"{url}: unknown scheme; there are {', '.join(LISTENERS)}")
    module, _, name = place.partition(":")
    source: Source = getattr(import_module(module), name)(url, intake, reactor, **options)
    return source


def open_source(url: str, intake: Intake, reactor: Any, **options: Any) -> Source:
    """Listen on `url`, bound when this returns.

    Options are those of the class: ``passed`` (sockets of the service manager),
    ``setting`` (the configuration key to name when the address is taken).

    Raises:
        AddressTaken: somebody else holds the port or socket.
        SourceError: it cannot be opened for another reason.
    """
    source = listener(url, intake, reactor, **options)
    source.open()
    return source
