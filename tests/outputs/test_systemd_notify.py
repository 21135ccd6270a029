"""The service manager is told the truth over its socket, and never stops us."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from twisted.logger import capturedLogs

from logmond.outputs.systemd import Notifier

_PID = 4242


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A bound notification socket, and its name as NOTIFY_SOCKET has it."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@logmond-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:] if name.startswith("@") else name)
        listener.setblocking(False)
        yield listener, name


def _heard(listener: socket.socket) -> list[str]:
    return listener.recv(4096).decode().split("\n")


def test_the_life_of_a_daemon_is_told_in_order(manager: tuple[socket.socket, str]) -> None:
    """Ready, reloading, ready again and stopping arrive as sd_notify spells them."""
    listener, name = manager
    with closing(Notifier.of({"NOTIFY_SOCKET": name}, _PID)) as notifier:
        notifier.ready("3 sources")
        assert _heard(listener) == ["READY=1", "STATUS=3 sources"]
        notifier.reloading(12.5)
        assert _heard(listener) == ["RELOADING=1", "MONOTONIC_USEC=12500000"]
        notifier.ready("3 sources")
        assert _heard(listener) == ["READY=1"]
        notifier.stopping()
        assert _heard(listener) == ["STOPPING=1"]


def test_each_tick_feeds_the_watchdog(manager: tuple[socket.socket, str]) -> None:
    """With a watchdog every tick says so; the status goes along only when it changed."""
    listener, name = manager
    environ = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(_PID)}
    with closing(Notifier.of(environ, _PID)) as notifier:
        assert notifier.watchdog_s == 30
        notifier.alive("ok")
        notifier.alive("ok")
        notifier.alive("degraded: apache unreadable")
        assert _heard(listener) == ["WATCHDOG=1", "STATUS=ok"]
        assert _heard(listener) == ["WATCHDOG=1"]
        assert _heard(listener) == ["WATCHDOG=1", "STATUS=degraded: apache unreadable"]


def test_a_status_cannot_forge_a_line(manager: tuple[socket.socket, str]) -> None:
    """A newline in a status does not become a second assignment."""
    listener, name = manager
    with closing(Notifier.of({"NOTIFY_SOCKET": name}, _PID)) as notifier:
        notifier.alive("source x\nSTOPPING=1")
        assert _heard(listener) == ["STATUS=source x\\x0aSTOPPING=1"]


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"},
        {"WATCHDOG_USEC": "0"},
        {"WATCHDOG_USEC": "soon"},
        {"WATCHDOG_USEC": "-5"},
    ],
)
def test_a_watchdog_of_another_process_is_not_ours(environ: dict[str, str]) -> None:
    """Without a usable WATCHDOG_USEC meant for this process nobody watches."""
    assert Notifier.of(environ, _PID).watchdog_s is None


def test_without_a_manager_nothing_happens() -> None:
    """Outside a service manager every call is silent."""
    notifier = Notifier.of({"NOTIFY_SOCKET": "vsock:2:1"}, _PID)
    with capturedLogs() as events:
        notifier.ready("x")
        notifier.alive("x")
        notifier.reloading(1)
        notifier.stopping()
        notifier.close()
    assert events == []


def test_a_manager_that_is_gone_is_said_once(tmp_path: Path) -> None:
    """A socket nobody listens on costs one warning, not one a tick."""
    with closing(Notifier(str(tmp_path / "gone"), 30)) as notifier, capturedLogs() as events:
        notifier.alive()
        notifier.alive()
    assert [event["log_level"].name for event in events] == ["warn"]


def test_a_manager_that_does_not_read_does_not_hold_us(tmp_path: Path) -> None:
    """A full socket drops notifications instead of blocking the tick."""
    path = str(tmp_path / "full")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(path)
        with closing(Notifier(path, 30)) as notifier, capturedLogs() as events:
            for _ in range(2000):
                notifier.alive()
    assert len(events) == 1
