"""Sockets that a service manager bound are taken over, with what waits in them."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from daemon import Daemon
from patience import until
from processes import Process, free_port


def _line(number: int) -> bytes:
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    return f'192.0.2.1 - - [{stamp}] "GET /n/{number} HTTP/1.1" 200 5 "-" "-"'.encode()


@pytest.mark.peer("systemd-socket-activate")
@pytest.mark.parametrize(
    ("kind", "schemes", "options"),
    [
        (socket.SOCK_DGRAM, ("udp", "unixgram"), ["--datagram"]),
        (socket.SOCK_STREAM, ("tcp", "unix"), []),
    ],
    ids=["datagrams", "streams"],
)
def test_what_was_sent_before_the_start_is_counted(
    prepared_daemon: Callable[..., Daemon],
    tmp_path: Path,
    kind: socket.SocketKind,
    schemes: tuple[str, str],
    options: list[str],
) -> None:
    """On both loopback addresses and the unix socket: lines sent to nobody yet are counted."""
    port, path = free_port(kind), str(tmp_path / "log.sock")
    listen = [f"{schemes[0]}://localhost:{port}", f"{schemes[1]}://{path}"]
    daemon = prepared_daemon({"sources": [{"name": "web", "listen": listen}]})
    places = [f"127.0.0.1:{port}", f"[::1]:{port}", path]
    command: list[str | Path] = ["systemd-socket-activate", *options]
    for place in places:
        command += ["--listen", place]
    # It passes no variable on that it is not told of.
    command += ["--setenv", "PYTHONPATH"]
    manager = Process([*command, *daemon.command], tmp_path, daemon.environ)
    try:
        until(10, lambda: manager.output.count("Listening on") == 3, lambda: manager.output)
        for family, address in [
            (socket.AF_INET, ("127.0.0.1", port)),
            (socket.AF_INET6, ("::1", port)),
            (socket.AF_UNIX, path),
        ]:
            with socket.socket(family, kind) as sender:
                sender.connect(address)
                for number in range(3):
                    sender.send(_line(number) + b"\n")
        manager.ready_at(daemon.admin_port)
        until(
            10,
            lambda: daemon.source("web")["counted"] == 9,
            lambda: (daemon.source("web"), manager.output),
        )
        assert Path(path).is_socket()
    finally:
        manager.stop()
    # The manager's socket is not ours to remove.
    assert Path(path).is_socket()
