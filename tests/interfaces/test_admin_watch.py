"""`watch`: what is wrong now, then every event as it happens, until something is typed."""

from __future__ import annotations

import msgspec
import pytest
from admin_wire import Client
from fake_surface import FakeAlerts, surface
from surface_values import NOW, ended, incident
from twisted.internet.task import Clock

from logmond.alerts import render
from logmond.interfaces.admin.factory import AdminFactory


@pytest.fixture
def alerts() -> FakeAlerts:
    """The alerts that are watched; nothing is open."""
    return FakeAlerts()


@pytest.fixture
def client(alerts: FakeAlerts) -> Client:
    """A client that has read its greeting."""
    clock = Clock()
    client = Client(AdminFactory(surface(alerts=alerts), clock), clock)
    client.got()
    return client


def test_watch_begins_with_how_the_open_incidents_stand(client: Client, alerts: FakeAlerts) -> None:
    """As update lines, the same as everywhere."""
    opened = incident()
    alerts.opened.append(opened)
    client.send("watch\n")
    assert client.got() == (
        f"2026-11-23T17:03:10Z UPDATE warning high-traffic {opened.short_id} web1: "
        "still above 10 for 1m0s: now 12.1 (falling), peak 31 requests/s at 17:02:04Z.\n"
    )


def test_watch_says_when_nothing_is_wrong(client: Client) -> None:
    """An empty screen would look like a fault."""
    client.send("watch\n")
    assert client.got() == "no open incidents; events follow, Enter ends\n"


def test_every_event_line_follows_as_it_happens(client: Client, alerts: FakeAlerts) -> None:
    """The same line as on the console and in the log file."""
    client.send("watch\n")
    client.got()
    event = incident().as_event("alert", NOW)
    alerts.tell(event)
    assert client.got() == render.line(event) + "\n"
    over = ended(incident()).as_event()
    alerts.tell(over)
    assert client.got() == render.line(over) + "\n"


def test_json_watch_is_one_object_a_line(client: Client, alerts: FakeAlerts) -> None:
    """NDJSON, without a line for people."""
    alerts.opened.append(incident())
    client.send("json watch\n")
    alerts.tell(incident().as_event("alert", NOW))
    lines = client.got().splitlines()
    assert [msgspec.json.decode(line)["event"] for line in lines] == ["update", "alert"]


@pytest.mark.parametrize("typed", ["\n", "\r\n", "q", b"\xff\xf4"])
def test_any_input_ends_it_like_every_reply(
    client: Client, alerts: FakeAlerts, typed: str | bytes
) -> None:
    """Enter, a letter, or Ctrl-C in telnet; one empty line, and events no more."""
    client.send("watch\n")
    client.got()
    client.send(typed)
    assert client.got() == "\n"
    alerts.tell(incident().as_event())
    assert client.got() == ""


def test_a_command_ends_it_and_is_answered(client: Client) -> None:
    """What was typed is not lost."""
    client.send("watch\n")
    client.got()
    assert client.ask("version") == "\nlogmond 0.1.0\n\n"


def test_telnet_noise_does_not_end_it(client: Client, alerts: FakeAlerts) -> None:
    """Only what somebody types is input."""
    client.send("watch\n")
    client.got()
    client.send(b"\xff\xfc\x01")
    alerts.tell(incident().as_event())
    assert client.got() != ""


def test_watch_of_a_client_that_ended_its_half_shows_what_is_open(
    client: Client, alerts: FakeAlerts
) -> None:
    """`echo watch | nc -N` cannot watch, but sees the state of things."""
    alerts.opened.append(incident())
    client.protocol.dataReceived(b"watch\n")
    client.end()
    assert client.got().startswith("2026-11-23T17:03:10Z UPDATE warning high-traffic")
    assert client.wire.closed


def test_commands_behind_watch_in_one_packet_are_answered(client: Client) -> None:
    """Input is there already, so the watch ends where it begins."""
    client.send("watch\nquit\n")
    assert client.got() == "no open incidents; events follow, Enter ends\n\nbye\n\n"
    assert client.parted


def test_events_of_a_gone_client_go_nowhere(client: Client, alerts: FakeAlerts) -> None:
    """A connection that broke is forgotten."""
    client.send("watch\n")
    client.wire.abortConnection()
    client.got()
    alerts.tell(incident().as_event())
    assert client.got() == ""
