"""Where to listen, as one URL: ``udp://localhost:5514``, ``unixgram:///run/logmond.sock``.

Nothing is resolved or bound here. A host is ``localhost`` (IPv4 and IPv6), an
IPv4 address, an IPv6 address in brackets, or ``*`` for every address: a name
could change its meaning between two starts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address

from logmond.config.units import shown
from logmond.ingest.sources.table import LISTENERS
from logmond.suggest import hint

SCHEMES = tuple(LISTENERS)
"""What a source can listen on."""

_SOCKET_PATH_BYTES = 107
_HOST_PORT = re.compile(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Address:
    """A parsed address: `host` (without brackets) and `port`, or the `path` of a unix socket."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""

    def __str__(self) -> str:
        if self.path:
            return f"{self.scheme}://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Only this machine can reach it."""
        if self.path or self.host == "localhost":
            return True
        return self.host != "*" and ip_address(self.host).is_loopback

    def overlaps(self, other: Address) -> bool:
        """Whether both would receive at the same place, so that one of them cannot be bound."""
        if _carrier(self.scheme) != _carrier(other.scheme) or self.path != other.path:
            return False
        if self.path:
            return True
        if self.port != other.port or self.port == 0:
            return False
        mine, theirs = _hosts(self.host), _hosts(other.host)
        return bool(mine & theirs) or any(
            _of_family(every, hosts)
            for ours, hosts in ((mine, theirs), (theirs, mine))
            for every in ours & {"0.0.0.0", "::"}
        )


def parse(value: object, schemes: tuple[str, ...] = SCHEMES) -> Address:
    """The address a text names.

    Raises:
        ValueError: it is none, or its scheme is not one of `schemes`.
    """
    if isinstance(value, Address):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError(f"must be an address such as {_example(schemes)}, not {shown(value)}")
    scheme, mark, rest = value.strip().partition("://")
    if not mark:
        raise ValueError(f"needs a scheme, for example {_example(schemes)}, not {shown(value)}")
    if scheme not in schemes:
        raise ValueError(f"unknown scheme {shown(scheme)}{_scheme_hint(scheme, schemes)}")
    if scheme in ("unix", "unixgram"):
        return Address(scheme, path=_path(scheme, rest))
    match = _HOST_PORT.fullmatch(rest)
    if match is None or not match[1]:
        raise ValueError(f"must be {scheme}://HOST:PORT, not {shown(value)}")
    if match[2] is None:
        usual = 6514 if scheme == "tls" else 5514
        raise ValueError(f"needs a port, for example {scheme}://{match[1]}:{usual}")
    port = int(match[2])
    if port > 65535:
        raise ValueError(f"port {port} does not exist; the last is 65535")
    return Address(scheme, host=_host(match[1]), port=port)


def _host(text: str) -> str:
    if text in ("localhost", "*"):
        return text
    try:
        if text.startswith("["):
            return str(IPv6Address(text[1:-1]))
        return str(IPv4Address(text))
    except AddressValueError:
        raise ValueError(
            f"host {shown(text)} is not localhost, an IPv4 address, an [IPv6] address or *"
        ) from None


def _path(scheme: str, text: str) -> str:
    if not text.startswith("/"):
        raise ValueError(f"needs an absolute path, for example {scheme}:///run/logmond.sock")
    if len(text.encode("utf-8", "surrogateescape")) > _SOCKET_PATH_BYTES:
        # sun_path of unix(7) holds 108 bytes with its NUL.
        raise ValueError(f"path of a unix socket is longer than {_SOCKET_PATH_BYTES} bytes")
    return text


def _scheme_hint(scheme: str, schemes: tuple[str, ...]) -> str:
    """Schemes are few: name them all, unless one letter is wrong."""
    guess = hint(scheme, schemes)
    return guess if len(scheme) > 3 and "mean" in guess else f"; there are: {', '.join(schemes)}"


def _example(schemes: tuple[str, ...]) -> str:
    return f"{schemes[0]}://localhost:{5514 if 'udp' in schemes else 9000}"


def _carrier(scheme: str) -> str:
    """Whose ports or paths a scheme takes."""
    return "tcp" if scheme == "tls" else scheme


def _hosts(host: str) -> set[str]:
    if host == "localhost":
        return {"127.0.0.1", "::1"}
    return {"0.0.0.0", "::"} if host == "*" else {host}


def _of_family(every: str, hosts: set[str]) -> bool:
    return any((":" in every) == (":" in host) for host in hosts)
