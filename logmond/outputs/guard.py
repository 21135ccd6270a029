"""Which addresses a message may be sent to: not those that only this machine or its network sees.

A URL in a configuration is trusted as far as its host's name goes. What the
name resolves to is not: whoever controls it could point it at a metadata
service (169.254.169.254), a router or another daemon on this machine, today or
tomorrow. Pure.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

LEADING_TO_IPV4 = tuple(
    int(IPv6Address(prefix)) for prefix in ("64:ff9b::", "64:ff9b:1::", "::ffff:0:0:0")
)
"""Prefixes whose last 32 bits are an IPv4 address (RFC 6052, RFC 8215, RFC 2765)."""

LOCAL = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # IETF protocol assignments (RFC 6890); a metadata service of Oracle's
        "168.63.129.16/32",  # what a machine of Azure's asks for its secrets
        "64:ff9b:1::/48",  # translation of a network's own (RFC 8215)
        "3fff::/20",  # documentation (RFC 9637)
        "5f00::/16",  # segment identifiers (RFC 9602)
    )
)
"""Of one network, although the `ipaddress` of some Python that we run on calls it global."""


def refusal(address: str) -> str | None:
    """Why an IP address is not sent to, or None when it is public.

    Raises:
        ValueError: it is no IP address.
    """
    found = ip_address(address.partition("%")[0])
    for inner in (found, *_inside(found)):
        reason = _reason(inner)
        if reason is not None:
            return reason
    return None


def _reason(address: IPv4Address | IPv6Address) -> str | None:
    if address.is_loopback:
        return "loopback"
    if address.is_unspecified:
        return "unspecified"
    if address.is_link_local:
        return "link-local"
    if address.is_multicast:
        return "multicast"
    if isinstance(address, IPv6Address) and address.is_site_local:
        return "private"
    if any(address in network for network in LOCAL):
        return "private or reserved"
    # Shared address space (RFC 6598) is neither private nor global.
    return None if address.is_global else "private or reserved"


def _inside(address: IPv4Address | IPv6Address) -> list[IPv4Address]:
    """The IPv4 addresses that an IPv6 one leads to."""
    if isinstance(address, IPv4Address):
        return []
    found = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    number = int(address)
    low = IPv4Address(number & 0xFFFFFFFF)
    if number >> 32 == 0 and number > 1:  # IPv4-compatible (RFC 4291, section 2.5.5.1)
        found.append(low)
    found += [low for prefix in LEADING_TO_IPV4 if number >> 32 == prefix >> 32]
    return [inner for inner in found if inner is not None]
