"""Where a listener listens, and the sockets bound there. Nothing is read here.

``localhost`` means 127.0.0.1 and ::1, ``*`` every address of both families; a
family this machine does not have is left out of those two. Everything is bound
before the daemon says it is ready, and a port that cannot be had is one line
that says who may hold it and how to choose another.
"""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from logmond.errors import AddressTaken, SourceError
from logmond.ingest.sources.passed import shown, take

BACKLOG = 1024
"""Connections the kernel keeps for us until they are accepted (cut to net.core.somaxconn)."""

_HOLDERS = {
    514: "rsyslog, syslog-ng or journald's forwarding",
    5514: "another logmond, or a syslog relay",
    6514: "rsyslog or syslog-ng, whose port for TLS this is",
    9000: "php-fpm, whose usual port this is",
}
_SEVERAL = {"localhost": ("127.0.0.1", "::1"), "*": ("::", "0.0.0.0")}
_NO_SUCH_FAMILY = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT)
_PORT_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL to listen on: `host` and `port`, or the `path` of a unix socket."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""

    @classmethod
    def of(cls, url: str) -> Endpoint:
        """Take a URL apart: ``udp://localhost:5514``, ``unixgram:///run/logmond.sock``.

        Raises:
            SourceError: it names neither a path nor a host and a port.
        """
        try:
            parts = urlsplit(url)
            if parts.path.startswith("/") and not parts.netloc:
                return cls(parts.scheme, path=parts.path)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise SourceError(f"{url}: {error}") from error
        if not host or port is None:
            raise SourceError(f"{url}: must be SCHEME://HOST:PORT or SCHEME:///PATH")
        return cls(parts.scheme, host=host, port=port)

    def __str__(self) -> str:
        if self.path:
            return f"{self.scheme}://{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


def bind_internet(
    endpoint: Endpoint,
    kind: socket.SocketKind,
    passed: list[socket.socket] | None = None,
    setting: str = "",
) -> list[socket.socket]:
    """Bind every address the endpoint means; return the sockets, non-blocking, streams listening.

    Args:
        endpoint: with port 0, one free port is found that all its addresses share.
        kind: SOCK_STREAM or SOCK_DGRAM.
        passed: sockets of the service manager; a matching one is taken instead of binding.
        setting: the configuration key that names the address, for the message.

    Raises:
        AddressTaken: another program holds the port.
        SourceError: it cannot be bound for another reason.
    """
    for _ in range(_PORT_ATTEMPTS):
        try:
            return _bind_all(endpoint, kind, passed, setting)
        except AddressTaken:
            if endpoint.port:
                raise
    raise AddressTaken(f"{endpoint}: found no port that is free on all its addresses")


def _bind_all(
    endpoint: Endpoint,
    kind: socket.SocketKind,
    passed: list[socket.socket] | None,
    setting: str,
) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    lacking: OSError | None = None
    hosts = _SEVERAL.get(endpoint.host, (endpoint.host,))
    for host in hosts:
        port = sockets[0].getsockname()[1] if sockets else endpoint.port
        try:
            sock = _bind_one(host, port, kind, passed)
        except OSError as error:
            if error.errno in _NO_SUCH_FAMILY and len(hosts) > 1:
                lacking = error
                continue
            for other in sockets:
                other.close()
            raise _explained(endpoint, host, error, passed, setting) from error
        sockets.append(sock)
        if host == "::" and _speaks_both(sock):
            break
    if not sockets:
        raise SourceError(f"{endpoint}: this machine has no such address ({lacking})")
    return sockets


def _bind_one(
    host: str, port: int, kind: socket.SocketKind, passed: list[socket.socket] | None
) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = take(passed, family, kind, (host, port))
    if sock is not None:
        return sock
    sock = socket.socket(family, kind)
    try:
        sock.setblocking(False)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            # A restart must not wait for TIME_WAIT. Never for datagrams: there
            # it would let two processes bind one port, and only one would receive.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        if kind == socket.SOCK_STREAM:
            sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _speaks_both(sock: socket.socket) -> bool:
    """Whether an IPv6 wildcard socket (a passed one) receives IPv4 as well."""
    return not sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)


def _explained(
    endpoint: Endpoint,
    host: str,
    error: OSError,
    passed: list[socket.socket] | None,
    setting: str,
) -> SourceError:
    """The error as its operator needs it."""
    if error.errno == errno.EADDRINUSE:
        return AddressTaken(f"{endpoint}: {_taken(endpoint, host, passed, setting)}")
    if error.errno in (errno.EACCES, errno.EPERM):
        return SourceError(
            f"{endpoint}: port {endpoint.port} is privileged; use 5514, or give the service "
            "CAP_NET_BIND_SERVICE"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return SourceError(f"{endpoint}: this machine has no address {host}")
    return SourceError(f"{endpoint}: {error.strerror or error}")


def _taken(endpoint: Endpoint, host: str, passed: list[socket.socket] | None, setting: str) -> str:
    port = endpoint.port
    for sock in passed or ():
        if sock.family != socket.AF_UNIX and sock.getsockname()[1] == port:
            return (
                f"port {port} was passed by the service manager as {shown(sock)}; "
                "make the socket unit and the configuration name the same address"
            )
    kind = "u" if endpoint.scheme == "udp" else "t"
    holder = f", perhaps by {_HOLDERS[port]}" if port in _HOLDERS else ""
    other = replace(endpoint, port=port + 1 if port < 65535 else port - 1)
    return (
        f"port {port} on {host} is taken{holder}; see who by: ss -ln{kind}p sport = :{port}; "
        f"or choose another: --set {setting or 'KEY'}={other}"
    )
