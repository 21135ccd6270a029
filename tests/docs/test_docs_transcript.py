"""What the README shows of the demo is what the demo shows."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pages import README
from patience import until
from processes import Process, free_port
from shapes import shapes

import logmond
from logmond.alerts import render, wording
from logmond.alerts.event import Evidence, Peak
from logmond.alerts.incident import Incident
from logmond.alerts.lifecycle import State
from logmond.alerts.rule import DEFAULT_RULES
from logmond.interfaces.client import Client

_ALERT_S = 45  # 21 until the spike of the scenario fires, the rest for a busy machine


def _block(beginning: str) -> list[str]:
    """The paragraphs of the README's block that begins so."""
    (text,) = (b.text for b in README.of("text") if b.text.startswith(beginning))
    return text.rstrip("\n").split("\n\n")


_GREETING, *_REPLIES = _block("$ nc localhost 9000\n")
(_EVENTS,) = _block("2026-11-23T17:02:10Z ALERT")
_ALERT, _UPDATE, _RECOVERED = _EVENTS.splitlines()


class Demo:
    """``logmond demo`` on free ports."""

    def __init__(self, folder: Path) -> None:
        self.port, syslog = free_port(), free_port(socket.SOCK_DGRAM)
        settings = [
            "node=web1",
            f"admin.listen=tcp://localhost:{self.port}",
            f"sources.syslog.listen=[udp://localhost:{syslog}]",
        ]
        command = [sys.executable, "-m", "logmond", "demo"]
        for setting in settings:
            command += ["--set", setting]
        paths = {"PYTHONPATH": str(Path(logmond.__file__).parents[1])}
        self.process = Process(command, folder, paths)

    def ask(self, command: str) -> list[str]:
        """The lines of the reply to one admin command."""
        with Client("127.0.0.1", self.port) as client:
            return client.ask(command)

    def watch(self) -> str:
        """The first line of ``watch``."""
        with Client("127.0.0.1", self.port) as client:
            client.send("watch")
            return next(client.lines())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One demo for all of this file: its first alert takes a while."""
    running = Demo(tmp_path_factory.mktemp("demo"))
    try:
        running.process.ready_at(running.port)
        yield running
    finally:
        running.process.stop()


def test_the_greeting_is_the_one_shown(demo: Demo) -> None:
    """Which also says that something answers."""
    with Client("127.0.0.1", demo.port) as client:
        assert shapes(client.greeting) == shapes(_GREETING.splitlines()[1:])


@pytest.mark.parametrize("shown", _REPLIES, ids=[reply.splitlines()[0] for reply in _REPLIES])
def test_every_reply_looks_as_shown(demo: Demo, shown: str) -> None:
    """Once the alert is there, every line has the shape of one in the README, and the reverse."""
    command, *lines = shown.splitlines()
    expected = shapes(lines)

    def told() -> str:
        return "\n".join([command, *demo.ask(command), "", *shapes(demo.ask(command))])

    until(_ALERT_S, lambda: shapes(demo.ask(command)) == expected, told)


def test_the_alert_looks_as_shown(demo: Demo) -> None:
    """On the console, word for word but for figures and keys."""

    def alerts() -> list[str]:
        return [line for line in demo.process.output.splitlines() if " ALERT " in line]

    assert shapes(until(_ALERT_S, alerts, lambda: demo.process.output)) == shapes([_ALERT])


def test_the_update_looks_as_shown(demo: Demo) -> None:
    """As whoever begins to watch is told it."""
    until(_ALERT_S, lambda: len(demo.ask("incidents")) > 1, lambda: demo.process.output)
    assert shapes([demo.watch()]) == shapes([_UPDATE])


def test_the_recovery_looks_as_shown() -> None:
    """The line that an incident like the demo's ends with."""
    incident = Incident(
        id="019ab1c2-0000-7000-8000-00009f3c21ab",
        node="web1",
        definition=DEFAULT_RULES[0],
        key=(),
        severity="warning",
        limit=10.0,
        triggered_at=1_795_453_330,
        updated_at=1_795_453_468,
        ended_at=1_795_453_468,
        state=State.RECOVERED,
        value=6.4,
        peak_requests=Peak(36, 1_795_453_329),
        evidence=(Evidence("section", "/api", 0.87),),
    )
    event = incident.as_event("recovered", message=wording.recovered(incident))
    assert render.line(event) == _RECOVERED
