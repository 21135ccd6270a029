"""Out of descriptors, what runs goes on, what wants in waits, and the daemon does not spin."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest
from daemon import Daemon
from numbered import assert_counted_once, line, lines
from patience import until
from processes import free_port
from resources import descriptors

from logmond.interfaces.client import Client

Start = Callable[..., Daemon]

DESCRIPTORS = 64
CONNECTIONS = 100


@pytest.mark.peer("prlimit")
def test_out_of_descriptors_nothing_is_lost_and_nothing_spins(
    daemon_of: Start, tmp_path: Path
) -> None:
    """Connections beyond the limit wait with what they sent; the others, UDP and files go on."""
    tcp, udp, log = free_port(), free_port(socket.SOCK_DGRAM), tmp_path / "access.log"
    listen = [f"tcp://127.0.0.1:{tcp}", f"udp://127.0.0.1:{udp}"]
    daemon = daemon_of(
        {
            "sources": [
                {"name": "web", "listen": listen},
                {"name": "log", "files": [str(log)]},
            ]
        },
        under=["prlimit", f"--nofile={DESCRIPTORS}"],
    )
    pid = daemon.process.pid
    with ExitStack() as stack:
        client = stack.enter_context(Client("127.0.0.1", daemon.admin_port))

        def said(name: str) -> dict[str, Any]:
            (found,) = msgspec.json.decode(client.ask(f"json sources {name}")[0])
            return dict(found)

        crowd = stack.enter_context(ExitStack())
        for number in range(CONNECTIONS):
            peer = crowd.enter_context(socket.create_connection(("127.0.0.1", tcp), timeout=20))
            if number == 0:
                first = peer
            peer.sendall(line(number) + b"\n")
        until(20, lambda: "descriptors" in client.ask("status")[0], lambda: said("web"))
        assert descriptors(pid) <= DESCRIPTORS
        counted = said("web")["counted"]
        assert 0 < counted < CONNECTIONS
        # Those who are in are served; a file that appears now cannot be opened, and waits.
        log.write_bytes(lines(range(1000, 1010)))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(CONNECTIONS, 2 * CONNECTIONS):
                sender.sendto(line(number), ("127.0.0.1", udp))
        first.sendall(lines(range(200, 300)))
        until(20, lambda: said("web")["counted"] >= counted + 200, lambda: said("web"))
        _assert_no_busy_loop(pid, client)
        assert said("web")["counted"] == counted + 200
        crowd.close()
        until(20, lambda: said("web")["state"] == said("log")["state"] == "ok", lambda: said("web"))
    assert_counted_once(daemon, range(300))
    assert_counted_once(daemon, range(1000, 1010), "log")


def _assert_no_busy_loop(pid: int, client: Client) -> None:
    """It uses little of a processor while it looks at the clock two times."""

    def ticked() -> str:
        return str(msgspec.json.decode(client.ask("json status")[0])["evaluated_at"])

    def used_s() -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    begun, used = monotonic(), used_s()
    for _ in range(2):
        last = ticked()
        until(20, lambda last=last: ticked() != last)
    assert used_s() - used < (monotonic() - begun) / 2
