"""Reloads under load lose nothing, and nothing piles up."""

from __future__ import annotations

import socket
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

from background import Background
from daemon import Daemon
from numbered import assert_counted_once, lines
from patience import until
from processes import free_port
from programs import soaking
from resources import MIB, descriptors, resident_bytes

Start = Callable[..., Daemon]

RELOADS = 1000 if soaking() else 50
SETTLED = 10

_BLOCKS = [range(first, first + 50) for first in range(0, 1000, 50)]
_PAUSE_S = 0.01


class Load(Background):
    """Sends the same blocks of lines to a stream and to a file, from a thread."""

    def __init__(self, stream: socket.socket, file: Path) -> None:
        super().__init__()
        self.sent: list[int] = []
        self._stream = stream
        self._file = file

    def _run(self) -> None:
        with self._file.open("ab", buffering=0) as file:
            for block in cycle(_BLOCKS):
                if self._stopped.wait(_PAUSE_S):
                    return
                text = lines(block)
                self._stream.sendall(text)
                file.write(text)
                self.sent.extend(block)


def test_reloads_under_load_lose_nothing(daemon_of: Start, tmp_path: Path) -> None:
    """Of the same file, and of one with other rules: connections, files and memory stay."""
    port, log = free_port(), tmp_path / "access.log"
    log.touch()

    def settings(limit: int) -> dict[str, Any]:
        return {
            "sources": [
                {"name": "tcp", "listen": [f"tcp://127.0.0.1:{port}"]},
                {"name": "log", "files": [str(log)]},
            ],
            "rules": [{"name": "high", "metric": "hits", "above": limit}],
        }

    daemon = daemon_of(settings(10**9))
    pid = daemon.process.pid
    opened = resident = 0
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as stream,
        Load(stream, log) as load,
    ):
        for number in range(RELOADS):
            if number % 3 == 0:
                daemon.configure(settings(10**9 + number))
            daemon.reload()
            _await_reloads(daemon, number + 1)
            if number == SETTLED:
                opened, resident = descriptors(pid), resident_bytes(pid)
        assert descriptors(pid) <= opened
        # Signals faster than they are served may become one, and are served.
        for _ in range(RELOADS):
            daemon.reload()
    assert_counted_once(daemon, load.sent, "tcp")
    assert_counted_once(daemon, load.sent, "log")
    until(20, lambda: descriptors(pid) <= opened, lambda: (descriptors(pid), opened))
    assert resident_bytes(pid) - resident <= 8 * MIB
    assert "refused" not in daemon.process.output


def _await_reloads(daemon: Daemon, count: int) -> None:
    until(20, lambda: daemon.process.output.count("reloaded: ") >= count, lambda: daemon.process)
