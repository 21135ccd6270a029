"""Sockets the service manager has bound already, and handed over at start.

systemd's protocol (sd_listen_fds(3)): ``LISTEN_FDS`` descriptors from 3 on
belong to the process ``LISTEN_PID``. Their names (``LISTEN_FDNAMES``) are
optional and not needed here: a socket is known by what it is bound to. Nothing
is bound here, and the path of a passed unix socket is never removed: it is the
service manager's.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from twisted.logger import Logger

_FIRST = 3
_log = Logger()


def passed_sockets(environ: Mapping[str, str]) -> list[socket.socket]:
    """The sockets passed to this process, non-blocking; to be called once.

    Whoever opens a source takes its sockets out of the list; what remains
    matches nothing that is configured.
    """
    if environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = environ.get("LISTEN_FDS", "")
    passed = []
    for descriptor in range(_FIRST, _FIRST + (int(count) if count.isdigit() else 0)):
        try:
            sock = socket.socket(fileno=descriptor)
        except OSError as error:
            _log.warn(
                "descriptor {descriptor} was passed and is no socket: {error}",
                descriptor=descriptor,
                error=error,
            )
            continue
        sock.setblocking(False)
        sock.set_inheritable(False)
        passed.append(sock)
    return passed


def take(
    passed: list[socket.socket] | None, family: int, kind: int, place: tuple[str, int] | str
) -> socket.socket | None:
    """Take the socket bound to `place`, (host, port) or a path, out of `passed`; None without."""
    for sock in passed or ():
        if sock.family == family and sock.type == kind and _bound_to(sock) == _resolved(place):
            assert passed is not None
            passed.remove(sock)
            return sock
    return None


def shown(sock: socket.socket) -> str:
    """Where a socket is bound, for people."""
    place = _bound_to(sock)
    if isinstance(place, str):
        return place or "an unnamed socket"
    host, port = place
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _bound_to(sock: socket.socket) -> tuple[str, int] | str:
    name = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        return _resolved(os.fsdecode(name))
    return (name[0], name[1]) if isinstance(name, tuple) else ""


def _resolved(place: tuple[str, int] | str) -> tuple[str, int] | str:
    # /var/run is a link to /run; units and configurations use both names.
    return os.path.realpath(place) if isinstance(place, str) and place else place
