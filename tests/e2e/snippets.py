"""The snippets of docs/senders.md, so that what operators paste is what the tests run."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "senders.md"

_SNIPPET = re.compile(r"^<!-- snippet: ([\w-]+) -->\n```([\w-]+)\n(.*?)^```$", re.M | re.S)


@cache
def snippets() -> dict[str, tuple[str, str]]:
    """Every named snippet: its language and its text."""
    return {name: (kind, text) for name, kind, text in _SNIPPET.findall(DOCUMENT.read_text())}


def snippet(name: str, **changes: str) -> str:
    """A snippet with what a test cannot use as it stands replaced.

    `changes` has the keys port, host, socket, file, devlog and certificates: the
    loopback port and the paths of this test in place of the defaults. One that the snippet does
    not hold is a mistake of the test.
    """
    _, text = snippets()[name]
    places = {
        "port": r"5514|6514",
        "host": r"logs\.example\.net",
        "certificates": r"/etc/(?:rsyslog\.d|syslog-ng)/logmond(?=/)",
        "socket": r"/run/logmond\.sock",
        "devlog": r"/dev/log",
        "file": r"/var/log/[\w/]+\.log",
    }
    for key, value in changes.items():
        text, found = re.subn(places[key], lambda _, value=value: value, text)
        assert found, f"snippet {name} names no {key}"
    return text
