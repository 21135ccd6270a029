"""Restarts under steady traffic, while a parent holds the socket, lose no datagram."""

from __future__ import annotations

import socket
from collections.abc import Callable

from daemon import Daemon
from numbered import assert_counted_once
from passing import UNDER, held_socket
from patience import until
from programs import soaking
from traffic import Visitors

Prepare = Callable[..., Daemon]

RESTARTS = 50 if soaking() else 3
PER_SECOND = 1000


def test_restarts_under_steady_traffic_lose_no_datagram(prepared_daemon: Prepare) -> None:
    """What arrives while nobody reads waits in the socket, and is counted by the next daemon."""
    with held_socket(socket.SOCK_DGRAM) as held:
        port = held.getsockname()[1]
        daemon = prepared_daemon(
            {"sources": [{"name": "web", "listen": [f"udp://127.0.0.1:{port}"]}]}, under=UNDER
        )
        with Visitors(port, PER_SECOND) as visitors:
            # Sent to nobody yet: the first start finds them, too.
            until(20, lambda: visitors.sent >= PER_SECOND // 2)
            for _ in range(RESTARTS):
                daemon.start(stdin=held.fileno())
                seen = visitors.sent
                until(20, lambda seen=seen: daemon.source("web")["counted"] >= seen)
                assert daemon.stop() == 0
        daemon.start(stdin=held.fileno())
        assert_counted_once(daemon, range(visitors.sent))
