"""What docs/admin-protocol.md promises is what the admin port does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from admin_wire import ask, data
from fake_surface import FakeAlerts, surface
from surface_values import incident

from logmond.interfaces.admin.commands import COMMANDS
from logmond.interfaces.admin.limits import Limits
from logmond.interfaces.admin.lines import MAX_LINE_BYTES
from logmond.interfaces.admin.session import MAX_WRONG_TOKENS

PAGE = (Path(__file__).parents[2] / "docs" / "admin-protocol.md").read_text()


def section(title: str) -> str:
    """The text below a heading."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    """The rows of a section's first table, without its header."""
    lines = [line for line in section(title).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[1:]]


def test_every_command_is_documented_and_no_other() -> None:
    """As it is typed, with its arguments."""
    typed = {usage for row in rows("Commands") for usage in re.findall("`([^`]+)`", row[0])}
    assert {usage.split()[0] for usage in typed} == set(COMMANDS)
    for command in COMMANDS.values():
        if command.name != "silence":
            assert command.usage in typed


@pytest.mark.parametrize(
    ("row", "command"),
    [
        ("status", "status"),
        ("stats", "stats by vhost"),
        ("top", "top client"),
        ("sources", "sources"),
        ("loss", "loss"),
        ("samples", "samples nginx"),
        ("outputs", "outputs"),
        ("test-output", "test-output console"),
        ("config", "config"),
        ("reload", "reload"),
        ("help", "help"),
        ("silence list", "silence add high-traffic 1h"),
    ],
)
def test_json_replies_have_the_documented_keys(row: str, command: str) -> None:
    """In the documented order."""
    [documented] = [keys for name, keys in rows("JSON") if name.split(",")[0] == f"`{row}`"]
    outer = re.sub(r"\([^)]*\)", "", documented)
    reply = data(command)
    found = reply[0] if isinstance(reply, list) else reply
    assert list(found) == re.findall("`([^`]+)`", outer)


def test_the_event_object_has_the_documented_keys() -> None:
    """The same for incidents and events; one incident alone has what is kept of it besides."""
    shown = surface(alerts=FakeAlerts([incident()]))
    event = _documented("The event object has ")
    assert list(data("incidents", shown)[0]) == event
    assert list(data("incident high-traffic", shown)) == event + _documented("The record has also ")


def _documented(begin: str) -> list[str]:
    """The keys in the paragraph or sentence that begins so."""
    text = section("JSON").partition(begin)[2].partition(".")[0]
    return re.findall("`([^`]+)`", re.sub(r"\([^)]*\)", "", text))


def test_the_transcript_is_what_a_client_sees() -> None:
    """To the letter."""
    shown = PAGE.partition("nc localhost 9000\n")[2].partition("\n```")[0]
    status = ask("status")
    greeting = 'logmond 0.1.0 on web1. Type "help" for the commands.\n\n'
    assert shown == f"{greeting}{status}\nbye\n"


def test_the_documented_limits_are_those_in_force() -> None:
    """Numbers in a page go stale without notice."""
    limits = Limits()
    figures = [row[1] for row in rows("Limits")]
    assert figures == [
        f"{MAX_LINE_BYTES} bytes",
        "1 MiB",
        f"{limits.line_s} s",
        f"{limits.max_clients}",
        f"{limits.idle_s / 60:.0f} min",
        f"{limits.max_queued_bytes // 2**20} MiB",
        f"{limits.stalled_s} s",
        f"{MAX_WRONG_TOKENS}",
        "none",
    ]
