"""Reloads under load lose nothing, and nothing piles up."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from background import Background
from daemon import Daemon
from numbered import assert_counted_once, lines
from patience import until
from processes import accepts, free_port
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


class Busy(Background):
    """A peer that sends on, whatever it is told, until it is cut off."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def _run(self) -> None:
        with (
            socket.create_connection(("127.0.0.1", self._port), timeout=20) as stream,
            suppress(OSError),
        ):
            while not self._stopped.wait(_PAUSE_S):
                stream.sendall(lines(_BLOCKS[0]))


@pytest.fixture
def half_reloaded(daemon_of: Start) -> Iterator[Daemon]:
    """A daemon that takes leave of a busy peer, since the source `tcp` has changed."""
    port = free_port()
    daemon = daemon_of(_in_zone("Europe/Vienna", port))
    with Busy(port):
        until(20, lambda: daemon.source("tcp")["counted"], lambda: daemon.process.output)
        daemon.configure(_in_zone("Europe/Paris", port))
        daemon.reload()
        until(20, lambda: not accepts(port), lambda: daemon.process.output)
        daemon.configure(_in_zone("Europe/London", port))
        yield daemon


def _in_zone(zone: str, port: int) -> dict[str, Any]:
    source = {"name": "tcp", "listen": [f"tcp://127.0.0.1:{port}"], "timezone": zone}
    return {"sources": [source], "rules": []}


def test_a_reload_waits_for_the_one_before_it(half_reloaded: Daemon) -> None:
    """Both are done, one after the other, and the source listens again."""
    assert half_reloaded.ask("reload") == ["reloaded", "source tcp: changed"]
    assert half_reloaded.process.output.count("reloaded: source tcp: changed") == 2
    (config,) = (one for one in half_reloaded.json("config") if one["key"].endswith("timezone"))
    assert config["value"] == "Europe/London"
    assert accepts(_port_of(half_reloaded))


def test_a_stop_waits_for_a_reload(half_reloaded: Daemon) -> None:
    """What the peer sends till the end is counted, nothing is opened, and the state is whole."""
    assert half_reloaded.stop() == 0
    output = half_reloaded.process.output
    assert "failed" not in output
    (counted,) = re.findall(r"stopped; ([\d,]+) lines counted", output)
    half_reloaded.start()
    assert half_reloaded.source("tcp")["counted"] == int(counted.replace(",", ""))


def test_a_stop_refuses_reloads(half_reloaded: Daemon) -> None:
    """One that is asked for while the daemon stops holds nothing up, and breaks nothing."""
    half_reloaded.process.send(signal.SIGTERM)
    half_reloaded.reload()
    assert half_reloaded.stop() == 0
    assert "stopped; " in half_reloaded.process.output
    assert "failed" not in half_reloaded.process.output


def _port_of(daemon: Daemon) -> int:
    return int(daemon.source("tcp")["address"].rpartition(":")[2])
