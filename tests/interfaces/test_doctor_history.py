"""What logmond doctor says of the history."""

from __future__ import annotations

from typing import Any

from logmond.interfaces.doctor import about_arriving

_STATUS: dict[str, Any] = {"version": "1", "node": "web1", "uptime_s": 3661.0, "reasons": []}


def test_what_the_daemon_says_of_its_history_is_handed_on() -> None:
    """What cannot be written wants mending; what is gone is a note."""
    history = {
        "since": "2026-11-22T17:02:00Z",
        "crowded_out": 9,
        "damaged": 1200,
        "problem": "/s.db cannot be written since 17:02:00Z: disk full",
    }
    found = list(about_arriving([], [], {**_STATUS, "history": history}))[1:]
    assert [(each.kind, each.text) for each in found] == [
        ("fix", "/s.db cannot be written since 17:02:00Z: disk full"),
        ("note", "1,200 damaged rows of the history are left out"),
        (
            "note",
            "the history begins at 2026-11-22T17:02:00Z: history.max_size is reached, the oldest "
            "goes ahead of history.keep",
        ),
    ]
    assert len(list(about_arriving([], [], {**_STATUS, "history": None}))) == 1
