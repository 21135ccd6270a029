"""What is told of a story: while it happens, over restarts, or when its lines are read later."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import yaml
from processes import free_port
from simulated import Simulated, simulated
from stories import Event, Story, told

from logmond.alerts.render import encoded
from logmond.config.loading import loads
from logmond.config.trial import tried
from logmond.daemon.backtest import Backtest
from logmond.daemon.oldlogs import assigned
from logmond.ingest.scenarios import syslog_message
from logmond.ingest.sources.oldlog import OldLog

LATENESS_S = 1.7
"""Seconds after its second began until a line is written.

The delay is 3 s, the next look comes within one, and a turn may take a quarter.
"""


class Traffic:
    """The lines of a story on their way: each is sent at its moment, in the order of those."""

    def __init__(self, story: Story, begin: float, send: Callable[[int, bytes], Any]) -> None:
        rng = random.Random(f"{story.scenario.name} on its way")
        made = [
            (max(begin, second + rng.uniform(0, LATENESS_S)), second, line)
            for second, line in story.lines()
        ]
        self._coming = sorted(made, key=lambda one: one[0], reverse=True)
        self._send = send

    def flow(self, simulation: Simulated, until: float) -> None:
        """Let time pass, and lines come."""
        while simulation.wall < until:
            simulation.turn()
            while self._coming and self._coming[-1][0] <= simulation.wall:
                self._send(*self._coming.pop()[1:])


def followed(story: Story, folder: Path, kills: Sequence[tuple[float, float]] = ()) -> list[Event]:
    """What a daemon tells that follows a file while it is written.

    `kills` are the moments at which it is killed, and started again.
    """
    log, alerts = folder / "access.log", folder / "alerts.json"
    begin = story.first + 1.3
    settings = story.settings({"files": [str(log)]}, alerts)
    with log.open("wb", buffering=0) as file, simulated(settings, begin) as simulation:
        traffic = Traffic(story, begin, lambda _, line: file.write(line + b"\n"))
        simulation.start()
        for killed, started in kills:
            traffic.flow(simulation, killed)
            simulation.kill()
            traffic.flow(simulation, started)
            simulation.start()
        traffic.flow(simulation, story.last + 10)
        all_on_time(simulation, story)
    return told(alerts)


def received(story: Story, folder: Path) -> list[Event]:
    """What a daemon tells that is sent syslog datagrams as they come about."""
    alerts, begin = folder / "alerts.json", story.first + 1.3
    address = "127.0.0.1", free_port(socket.SOCK_DGRAM)
    settings = story.settings({"listen": [f"udp://127.0.0.1:{address[1]}"]}, alerts)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
        simulated(settings, begin) as simulation,
    ):
        simulation.start()
        sender.connect(address)
        traffic = Traffic(
            story, begin, lambda second, line: sender.send(syslog_message(second, line))
        )
        traffic.flow(simulation, story.last + 10)
        all_on_time(simulation, story)
    return told(alerts)


def replayed(story: Story, folder: Path, kills: Sequence[int] = ()) -> list[Event]:
    """What a daemon tells that finds the whole story in a file, a minute after its end.

    `kills` are numbers of turns after which it is killed, and started again.
    """
    log, alerts = folder / "access.log", folder / "alerts.json"
    log.write_bytes(b"".join(line + b"\n" for _, line in story.lines()))
    settings = story.settings({"files": [str(log)], "start": "beginning"}, alerts)
    with simulated(settings, story.last + 60) as simulation:
        simulation.start()
        for turns in kills:
            for _ in range(turns):
                simulation.turn()
            assert (simulation.evaluated or 0) < story.last, "it is over"
            simulation.kill()
            simulation.start()
        # Of the second that is evaluated now, not all may have been told.
        while (simulation.evaluated or 0) <= story.last:
            simulation.turn()
        all_on_time(simulation, story)
    return told(alerts)


def backtested(story: Story, *logs: Path) -> list[Event]:
    """What a backtest tells of a story that lies in some logs."""
    settings: dict[str, Any] = story.settings({"files": [str(log) for log in logs]}, logs[0])
    config = loads(yaml.safe_dump({"node": "test", **settings}), "test", {}).config
    found = assigned([OldLog(str(log)) for log in logs], config, None)
    run = Backtest(tried(config, ()), found, wall=lambda: story.last + 60.0)
    events: list[Event] = []
    run.alerts.subscribe(lambda event: events.append(msgspec.json.decode(encoded(event))))
    run.run()
    assert run.outcome("test").totals["counted"] == len(story.lines())
    return events


def all_on_time(simulation: Simulated, story: Story) -> None:
    """Every line was counted, none after its second had been evaluated."""
    totals = simulation.running.inputs["web"].ledger.totals
    assert (totals["counted"], totals["late"]) == (len(story.lines()), 0)
