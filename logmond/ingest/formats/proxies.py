"""Who the client is behind proxies that are trusted: X-Forwarded-For, read from its end. No I/O.

Each proxy appends the address it was asked from, so the end of the list was
written by the nearest proxy and its beginning by anybody. From the address that
spoke to the server backwards, addresses of trusted networks are proxies' own; the
first other one is the client, and what stands before it is not believed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from logmond.ingest.formats.values import ABSENT

UNIX = "unix:"
"""How nginx writes a peer on a unix socket; it may be trusted like a network."""

MAX_HOPS = 32
"""Addresses looked at from the end of a list; real chains have a handful."""

_PORTED = re.compile(rb"([0-9.]{7,15}):[0-9]{1,5}|\[([0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?")

Network = IPv4Network | IPv6Network


def network_of(text: str) -> Network | None:
    """The network, or single address, of a text; None for `UNIX`.

    Raises:
        ValueError: it is none; says what would work.
    """
    if text == UNIX:
        return None
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f'{text!r} is no network; write it like 10.0.0.0/8, 2001:db8::/32, 192.0.2.1 or "unix:"'
        ) from None
    raise ValueError(f"{text} has bits beyond its prefix; did you mean {meant}?")


class TrustedProxies:
    """The networks whose word about the client is believed."""

    def __init__(self, networks: Sequence[str]) -> None:
        """Take them as configured.

        Raises:
            ValueError: one is no network.
        """
        read = [network_of(text) for text in networks]
        self._networks = [network for network in read if network is not None]
        self._unix = UNIX in networks

    def __bool__(self) -> bool:
        return bool(self._networks or self._unix)

    def client(self, chain: bytes) -> bytes:
        """The client of a chain: the forwarded list, then the address that spoke to the server.

        What is no address ends the search: the nearest proxy that we trust is
        named then, never a text the client made up.
        """
        client = ABSENT
        for raw in reversed(chain.split(b",")[-MAX_HOPS:]):
            hop = raw.strip(b' \\"')
            if hop in (b"", ABSENT):
                continue
            bare = _bare(hop)
            address = _address(bare)
            if address is None and bare != UNIX.encode():
                return hop if client == ABSENT else client
            client = bare
            if not self._trusts(address):
                return client
        return client

    def _trusts(self, address: IPv4Address | IPv6Address | None) -> bool:
        if address is None:
            return self._unix
        mapped = getattr(address, "ipv4_mapped", None)
        address = mapped or address
        return any(
            address in network for network in self._networks if network.version == address.version
        )


def _bare(hop: bytes) -> bytes:
    """An address without the port some proxies write behind it."""
    ported = _PORTED.fullmatch(hop)
    return hop if ported is None else ported[1] or ported[2]


def _address(bare: bytes) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(bare.partition(b"%")[0].decode("ascii"))
    except (ValueError, UnicodeDecodeError):
        return None
