"""An incident outlives kill -9: the same one goes on, told under one id, missed never."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
from daemon import Daemon
from numbered import lines
from patience import until
from processes import free_port
from programs import soaking
from traffic import Visitors

Prepare = Callable[..., Daemon]

ROUNDS = 25 if soaking() else 1
AT_ONCE = 4

_BURST = 200
_DELAY_S, _WINDOW_S = 3, 2


def _settings(folder: Path, delay_s: int, hold_s: int, **source: Any) -> dict[str, Any]:
    """A rule that a burst sets off, told to a log file."""
    log = {"name": "log", "type": "file", "path": f"{folder}/events.json", "format": "json"}
    rule = {"name": "burst", "metric": "hits", "above": _BURST / 2, "window": f"{_WINDOW_S}s"}
    return {
        "sources": [{"name": "web", **source}],
        "stats": {"delay": f"{delay_s}s"},
        "rules": [{**rule, "hold": f"{hold_s}s"}],
        "outputs": [log],
    }


def _told(folder: Path, kind: str) -> list[dict[str, Any]]:
    """The events of a kind in the log file."""
    file = folder / "events.json"
    rows = file.read_bytes().splitlines() if file.exists() else []
    return [event for event in map(msgspec.json.decode, rows) if event["event"] == kind]


def test_an_open_incident_goes_on_after_a_kill(prepared_daemon: Prepare, tmp_path: Path) -> None:
    """Same id, trigger and peak, not told again; it recovers, once, when traffic ends."""
    port = free_port(socket.SOCK_DGRAM)
    # A machine that keeps the daemon waiting makes lines late: the hold bridges that.
    daemon = prepared_daemon(_settings(tmp_path, 1, 2, listen=[f"udp://localhost:{port}"]))
    daemon.start()
    with Visitors(port, _BURST) as visitors:
        until(20, lambda: daemon.json("incidents"), lambda: daemon.process.output)
        # A peak that is remembered, not seen again after the kill.
        visitors.per_second = 5 * _BURST
        until(20, lambda: _peak(daemon) > 3 * _BURST, lambda: daemon.json("incidents"))
        visitors.per_second = _BURST
        until(20, lambda: _value(daemon) < 3 * _BURST, lambda: daemon.json("incidents"))
        (before,) = daemon.json("incidents")
        _await_commit(daemon)
        daemon.kill()
        daemon.start()
        (after,) = daemon.json("incidents")
        same = ("id", "triggered_at", "severity", "peak_value", "peak_requests_per_second")
        assert {key: after[key] for key in same} == {key: before[key] for key in same}
    until(20, lambda: not daemon.json("incidents"), lambda: daemon.json("rules"))
    assert [event["id"] for event in _told(tmp_path, "alert")] == [before["id"]]
    assert [event["id"] for event in _told(tmp_path, "recovered")] == [before["id"]]


def _peak(daemon: Daemon) -> float:
    (incident,) = daemon.json("incidents")
    return float(incident["peak_requests_per_second"]["value"])


def _value(daemon: Daemon) -> float:
    (incident,) = daemon.json("incidents")
    return float(incident["value"] or 0)


def _await_commit(daemon: Daemon) -> None:
    """Wait until the state holds what is known now: two ticks later."""
    begin = daemon.json("status")["uptime_s"]
    until(20, lambda: daemon.json("status")["uptime_s"] > begin + 2)


@dataclass
class Scene:
    """A daemon that follows a file, and the moment it is killed."""

    daemon: Daemon
    folder: Path
    log: Path
    kill_at: float = 0.0

    def burst(self, after_s: float) -> None:
        """Write the lines that set the rule off; the kill comes `after_s` later."""
        with self.log.open("ab") as file:
            file.write(lines(range(_BURST)))
        self.kill_at = monotonic() + after_s

    def await_end(self, number: int) -> None:
        """Wait until the incident of the `number`th burst has been told and has ended."""
        until(
            30,
            lambda: len({event["id"] for event in _told(self.folder, "recovered")}) >= number,
            lambda: (self.daemon.json("rules"), self.daemon.process.output),
        )


def test_a_kill_around_the_decision_misses_and_doubles_nothing(
    prepared_daemon: Prepare, tmp_path: Path
) -> None:
    """Killed before, at or after it is told: it is told, twice at most, and under one id."""
    moments = random.Random(1)
    scenes = []
    for number in range(AT_ONCE):
        folder = tmp_path / str(number)
        folder.mkdir()
        log = folder / "access.log"
        log.touch()
        daemon = prepared_daemon(_settings(folder, _DELAY_S, 1, files=[str(log)]))
        scenes.append(Scene(daemon.launch(), folder, log))
    for scene in scenes:
        scene.daemon.ready()
    for done in range(ROUNDS):
        for part, scene in enumerate(scenes):
            # The second is decided `_DELAY_S` after its end, at a tick.
            scene.burst(_DELAY_S + 2 * (part + moments.random()) / AT_ONCE)
        for scene in scenes:
            until(20, lambda scene=scene: monotonic() >= scene.kill_at)
            scene.daemon.kill()
            scene.daemon.launch()
        for scene in scenes:
            scene.daemon.ready()
            scene.await_end(done + 1)
    for scene in scenes:
        for kind in ("alert", "recovered"):
            ids = [event["id"] for event in _told(scene.folder, kind)]
            assert len(set(ids)) == ROUNDS, ids
            assert max(map(ids.count, ids)) <= 2
        assert scene.daemon.source("web")["counted"] == ROUNDS * _BURST
