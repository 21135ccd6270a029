"""A parent that holds the socket over restarts of the daemon, as systemd does."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from logmond.ingest.sources.kernelqueue import WANTED_BYTES, enlarge

UNDER = ["sh", "-c", 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3<&0 </dev/null', "sh"]
"""Starts a program that is passed its standard input as a socket (sd_listen_fds(3))."""


@contextmanager
def held_socket(kind: socket.SocketKind) -> Iterator[socket.socket]:
    """A socket bound to a free port of 127.0.0.1, with the queue that the units ask for."""
    with socket.socket(socket.AF_INET, kind) as held:
        held.bind(("127.0.0.1", 0))
        if kind == socket.SOCK_STREAM:
            held.listen()
        else:
            enlarge(held, WANTED_BYTES)
        yield held
