"""Incidents of earlier lives of a daemon are found with all that happened to them."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from daemon import Daemon, prepared_daemons
from patience import until
from processes import free_port

LINE = b'192.0.2.7 - - [-] "GET /api/x?token=secret HTTP/1.1" 200 5 "-" "curl/8"'


@pytest.fixture
def prepare(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Prepares daemons, gone when the test ends."""
    with prepared_daemons(tmp_path) as prepare:
        yield prepare


def _send(port: int, count: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(count):
            sender.sendto(LINE, ("127.0.0.1", port))


def _incidents(daemon: Daemon) -> list[dict[str, Any]]:
    return list(daemon.json("incidents since 1h busy"))


def test_the_whole_life_of_an_incident_outlives_memory_and_restarts(
    prepare: Callable[..., Daemon],
) -> None:
    """Fired in one life, taken on in the next, over in that, asked for when memory is empty."""
    port = free_port(socket.SOCK_DGRAM)
    rule = {"name": "busy", "metric": "hits", "window": "5s", "above": 5, "hold": "1s"}
    daemon = prepare(
        {
            "sources": [
                {"name": "web", "listen": [f"udp://127.0.0.1:{port}"], "format": "combined"}
            ],
            "rules": [rule],
        }
    ).start()
    until(20, lambda: daemon.json("status")["evaluated_at"] is not None)
    _send(port, 20)
    until(20, lambda: _incidents(daemon), lambda: daemon.process.output)
    daemon.ask("silence add busy 1h deploy")
    assert daemon.stop() == 0
    daemon.start()
    daemon.ask("ack busy eva on it")
    until(60, lambda: _incidents(daemon)[0]["state"] == "recovered", lambda: _incidents(daemon))
    assert daemon.stop() == 0
    with closing(sqlite3.connect(daemon.folder / "state.db")) as state:
        assert state.execute("DELETE FROM snapshots WHERE name LIKE 'alerts%'").rowcount == 2
        state.commit()
    daemon.start()
    assert daemon.json("incidents") == []
    [one] = _incidents(daemon)
    assert daemon.json("incidents all") == [one]
    told = daemon.json(f"incident {one['short_id']}")
    assert told == daemon.json("incident busy")
    assert [moment["event"] for moment in told["life"]] == ["alert", "acknowledged", "recovered"]
    assert told["acknowledged"]["by"] == "eva"
    assert told["samples"]
    assert "secret" not in str(told)
    [silence] = daemon.json("silence list all")
    assert (silence["rule"], silence["comment"]) == ("busy", "deploy")
