"""Steps of the clock, and a process that stood still, begin a new epoch and alarm nobody."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest
from daemon import Daemon, prepared_daemons
from faketime import SteppedClock
from patience import until
from processes import free_port
from programs import soaking
from ticks import Ticks
from traffic import Visitors
from weblog import WebLog, Writing

Prepare = Callable[..., Daemon]

_HOUR, _DAY = 3600, 86400
# The delay is what a loaded machine may keep the daemon waiting. A window is longer than
# it: one that lies in what a step hides is empty, and an open incident says so.
_WINDOW_S, _HOLD_S, _DELAY_S = 5, 1, 2
_BUSY = 50
STEPS = (-_HOUR, _DAY, -_DAY, _HOUR) * 10 if soaking() else (-_HOUR,)


def seconds(stamp: str) -> float:
    """An epoch second as it is written."""
    return datetime.fromisoformat(stamp).timestamp()


@dataclass
class Scene:
    """A daemon under traffic, its clock, its ticks, and what it told since `settle`."""

    daemon: Daemon
    clock: SteppedClock
    ticks: Ticks
    visitors: Visitors
    log: Path
    incident: str = ""
    _told: int = 0
    _epochs: int = 0

    def settle(self) -> None:
        """Wait until traffic is steady, seen whole, and "busy" is the only open incident."""
        self.visitors.per_second = _BUSY

        def settled() -> bool:
            found = self.daemon.json("incidents")
            return [each["rule"] for each in found] == ["busy"] and self.is_whole()

        until(30, settled, lambda: (self.daemon.json("rules"), self.daemon.process.output))
        (found,) = self.daemon.json("incidents")
        self.incident = found["id"]
        self._told = len(self._events())
        self._epochs = len(self._epochs_said())

    def events(self) -> list[dict[str, Any]]:
        """What was told since, but the updates."""
        return [each for each in self._events()[self._told :] if each["event"] != "update"]

    def _events(self) -> list[dict[str, Any]]:
        rows = self.log.read_bytes().splitlines() if self.log.exists() else []
        return [msgspec.json.decode(row) for row in rows]

    def is_whole(self) -> bool:
        """Whether no window holds a gap."""
        return bool(self.daemon.json(f"stats {_WINDOW_S}s")["coverage"] == "whole")

    def await_ticks(self, count: int) -> None:
        """Wait until the daemon has ticked so often; no tick may come in a burst."""
        begin, since = len(self.ticks.heard), monotonic()
        until(
            20, lambda: len(self.ticks.heard) >= begin + count, lambda: self.daemon.process.output
        )
        assert len(self.ticks.heard) - begin <= monotonic() - since + 2

    def await_present(self) -> None:
        """Wait until evaluation has come to the present by the daemon's clock."""

        def there() -> bool:
            evaluated = seconds(self.daemon.json("status")["evaluated_at"])
            return -1 <= self.clock.time() - _DELAY_S - evaluated <= 2

        until(20, there, lambda: (self.clock.time(), self.daemon.process.output))

    def _epochs_said(self) -> list[str]:
        return [row for row in self.daemon.process.output.splitlines() if "new epoch" in row]

    def await_epoch(self, reason: str) -> None:
        """Wait until the daemon has begun one more epoch and evaluates again, in the present."""
        self._epochs += 1
        until(
            20,
            lambda: len(self._epochs_said()) >= self._epochs,
            lambda: self.daemon.process.output,
        )
        assert len(self._epochs_said()) == self._epochs
        assert f"new epoch: {reason}" in self._epochs_said()[-1]
        # It waits for what was under way at the step before it evaluates the first second.
        self.await_ticks(_DELAY_S + 2)
        self.await_present()


def stand_still(daemon: Daemon, stopped_s: float) -> None:
    """Stop the process for so long."""
    resume_at = monotonic() + stopped_s
    daemon.process.send(signal.SIGSTOP)
    until(stopped_s + 20, lambda: monotonic() > resume_at)
    daemon.process.send(signal.SIGCONT)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A rule that fires, one far above it, two that would see silence."""
    folder = tmp_path_factory.mktemp("clock")
    port, log = free_port(socket.SOCK_DGRAM), folder / "events.json"
    common = {"window": f"{_WINDOW_S}s", "hold": f"{_HOLD_S}s"}
    settings = {
        "sources": [{"name": "web", "listen": [f"udp://localhost:{port}"]}],
        "stats": {"delay": f"{_DELAY_S}s"},
        "rules": [
            {"name": "busy", "metric": "hits_per_second", "above": _BUSY / 2.5, **common},
            {"name": "storm", "metric": "hits_per_second", "above": _BUSY * 1.5, **common},
            {"name": "silent", "metric": "hits", "below": 1, **common},
            {"name": "gone", "metric": "hits", "above": 1e9, "no_data": "alert", **common},
        ],
        "outputs": [{"name": "log", "type": "file", "path": str(log), "format": "json"}],
    }
    clock = SteppedClock(folder)
    with (
        prepared_daemons(folder) as prepare,
        Ticks(folder) as ticks,
        Visitors(port, _BUSY, clock.time) as visitors,
    ):
        daemon = prepare(settings).start({**clock.environ, **ticks.environ})
        yield Scene(daemon, clock, ticks, visitors, log)


@pytest.fixture
def scene(running: Scene) -> Scene:
    """Steady traffic, one open incident."""
    running.settle()
    return running


def _numbers(told: Any) -> Iterator[float]:
    """Every number in a JSON value."""
    if isinstance(told, dict):
        told = list(told.values())
    if isinstance(told, list):
        for each in told:
            yield from _numbers(each)
    elif isinstance(told, int | float):
        yield told


def _assert_nobody_alarmed(scene: Scene) -> None:
    """Nothing negative anywhere, the same incident open, nothing told."""
    questions = ("status", "stats 5m by section", "stats 1h", "sources", "rules", "top path")
    for question in questions:
        assert min(_numbers(scene.daemon.json(question))) >= 0, question
    assert [incident["id"] for incident in scene.daemon.json("incidents")] == [scene.incident]
    assert scene.events() == []


def _assert_all_counted(scene: Scene) -> None:
    """Every line sent so far is in the ledger as counted."""
    sent = scene.visitors.sent
    until(20, lambda: scene.daemon.source("web")["counted"] >= sent)
    said = scene.daemon.source("web")
    assert said["received"] == said["counted"]
    assert said["kernel_drops"] == 0


@pytest.mark.peer("faketime")
def test_new_epochs_alarm_nobody(scene: Scene) -> None:
    """Steps of the clock, a suspended machine, a stopped process: all goes on, nobody is told."""
    begin = len(scene.ticks.heard)
    for step in STEPS:
        scene.clock.step(step)
        scene.await_epoch(f"the clock stepped by {step:+d}s")
        _assert_nobody_alarmed(scene)
    if soaking():
        assert max(b - a for a, b in pairwise(scene.ticks.heard[begin:])) <= 1.5
    # Suspended: the monotonic clock stood still too, only the wall clock has moved.
    scene.daemon.process.send(signal.SIGSTOP)
    scene.clock.step(_HOUR)
    scene.daemon.process.send(signal.SIGCONT)
    scene.await_epoch("the clock stepped by +3600s")
    _assert_nobody_alarmed(scene)
    stand_still(scene.daemon, 6.5)
    scene.await_epoch("nothing ran for ")
    _assert_nobody_alarmed(scene)
    # What lies before an epoch is not waited for.
    until(20, scene.is_whole, lambda: scene.daemon.json("stats 5m"))
    scene.await_ticks(_HOLD_S + 1)
    _assert_nobody_alarmed(scene)
    _assert_all_counted(scene)


def test_a_short_stop_is_made_up_for(prepared_daemon: Prepare, tmp_path: Path) -> None:
    """Shorter than a step: what a file got meanwhile is read, then each second is evaluated."""
    (tmp_path / "log").mkdir()
    log = WebLog(tmp_path / "log")
    settings = {"sources": [{"name": "web", "files": [str(log.path)]}], "stats": {"delay": "3s"}}
    daemon = prepared_daemon(settings).start()
    with Writing(log, 100_000, 500) as writing:
        until(20, lambda: daemon.json("stats 2s")["hits"], lambda: daemon.source("web"))
        # Longer than the delay: what was not read by then would come late.
        stand_still(daemon, 3.8)
        written = writing.written
        until(20, lambda: daemon.json("stats 5m")["hits"] >= written)
        assert daemon.source("web")["late"] == 0
        assert "new epoch" not in daemon.process.output
    log.close()


@pytest.mark.peer("faketime")
@pytest.mark.parametrize("step", [_DAY, -_DAY], ids=["forth", "back"])
def test_nothing_recovers_because_of_a_step(scene: Scene, step: int) -> None:
    """Traffic ends with the step: the incident ends after a whole window and its hold, not before.

    What the step hides might as well have been more traffic. The `below` rule
    waits for a whole window, too, before it says that nothing comes.
    """
    scene.visitors.per_second = 0
    scene.clock.step(step)
    stepped_at = scene.clock.time()
    scene.await_epoch(f"the clock stepped by {step:+d}s")

    def ended() -> list[dict[str, Any]]:
        return [event for event in scene.events() if event["id"] == scene.incident]

    until(30, ended, lambda: scene.daemon.json("rules"))
    assert [event["event"] for event in ended()] == ["recovered"]
    begun_at = stepped_at - _DELAY_S - 1
    assert seconds(ended()[0]["time"]) >= begun_at + _WINDOW_S + _HOLD_S
    others = [event for event in scene.events() if event["id"] != scene.incident]
    assert {event["rule"] for event in others} <= {"silent", "gone"}
    assert all(seconds(event["time"]) >= begun_at for event in others)
