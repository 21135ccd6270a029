"""Commands that change something need the token, where one is set."""

from __future__ import annotations

import pytest
from admin_wire import Client, ask
from fake_surface import FakeAlerts, surface
from surface_values import incident
from twisted.internet.task import Clock

from logmond.interfaces.admin.factory import AdminFactory

TOKEN = "s3cret-ü"


@pytest.fixture
def client() -> Client:
    """A client of a daemon with a token, and one incident."""
    clock = Clock()
    shown = surface(alerts=FakeAlerts([incident()]))
    client = Client(AdminFactory(shown, clock, TOKEN), clock)
    client.got()
    return client


WRITING = [
    "ack high-traffic eva",
    "unack high-traffic",
    "silence add high-traffic 2h",
    "silence remove 1",
    "reload",
]


@pytest.mark.parametrize("command", WRITING)
def test_what_changes_something_is_refused_without_the_token(client: Client, command: str) -> None:
    """And says how to show it."""
    name = command.split(maxsplit=1)[0]
    assert client.ask(command) == f"ERR {name} needs the token: auth TOKEN first\n\n"
    assert '"code":"token_needed"' in client.ask(f"json {command.upper()}")


@pytest.mark.parametrize("command", WRITING)
def test_the_token_once_shown_opens_them(client: Client, command: str) -> None:
    """For the rest of the connection."""
    assert client.ask(f"auth {TOKEN}") == "ok\n\n"
    client.ask("version")
    assert "token" not in client.ask(command)


@pytest.mark.parametrize("command", ["status", "silence list", "silence", "incidents", "config"])
def test_reading_needs_no_token(client: Client, command: str) -> None:
    """Looking is free."""
    assert not client.ask(command).startswith("ERR")


def test_the_third_wrong_token_closes_the_connection(client: Client) -> None:
    """Nobody guesses at speed; forgetting to type one is no guess."""
    assert client.ask("auth wrong") == "ERR wrong token\n\n"
    assert client.ask("auth") == "ERR usage: auth TOKEN\n\n"
    assert client.ask("json auth s3cret") == (
        '{"error":{"code":"wrong_token","message":"wrong token"}}\n\n'
    )
    assert not client.parted
    assert client.ask(f"auth {TOKEN}x") == "ERR wrong token\n\n"
    assert client.parted


def test_where_no_token_is_set_none_is_needed() -> None:
    """The port is on loopback only then."""
    assert ask("auth anything") == "ok: no token is set\n"
    assert ask("reload") == "reloaded\n"
