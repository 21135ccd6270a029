"""What `status` says of the daemon."""

from __future__ import annotations

from dataclasses import replace

import pytest
from admin_wire import ask, data
from fake_surface import surface
from surface_values import NOW, STATUS

from logmond.stores.rows import Kept


def test_status_says_ok_and_the_figures_of_the_daemon() -> None:
    """One look tells whether logmond works."""
    assert ask("status") == (
        "ok\n"
        "version          0.1.0 on web1\n"
        "uptime           2h5m\n"
        "kernel           python\n"
        "memory           41.2 MiB / 100.0 MiB\n"
        "lines/s          14.2\n"
        "open incidents   1\n"
        "evaluated up to  17:02:10Z\n"
        "history          since 2026-11-22T17:02:00Z, 41.2 MiB / 512.0 MiB\n"
    )


def test_status_says_what_the_history_does_not_hold() -> None:
    """Each reason is a line of its own, and none is too wide for a terminal."""
    kept = Kept(NOW, 536_870_912, 536_870_912, crowded_out=123_456_789, damaged=1_234_567)
    short = surface(status=replace(STATUS, history=kept, late_dropped=123_456_789_012))
    lines = ask("status", short).splitlines()
    assert lines[-3:] == [
        "history cut      123,456,789 minutes and incidents, for history.max_size",
        "history short    123,456,789,012 late lines are in no minute of it",
        "history damaged  1,234,567 rows were left out",
    ]
    assert max(map(len, lines)) <= 78
    assert (data("status", short)["history"]["late_dropped"]) == 123_456_789_012


@pytest.mark.parametrize(
    ("kept", "line"),
    [
        (None, "none is kept"),
        (Kept(), "no minute yet, 0 B"),
        (Kept(since=NOW, used_bytes=1024), "since 2026-11-23T17:02:10Z, 1.0 KiB"),
    ],
)
def test_status_says_when_there_is_little_or_no_history(kept: Kept | None, line: str) -> None:
    """With `history: none`, in the first minute, and without a bound."""
    shown = surface(status=replace(STATUS, history=kept))
    assert ask("status", shown).splitlines()[-1] == f"history          {line}"
    assert (data("status", shown)["history"] is None) == (kept is None)


def test_status_of_a_degraded_daemon_gives_every_reason_first() -> None:
    """Each reason is a line that says degraded."""
    reasons = ("source apache unreadable (permission denied)", "history: disk full")
    shown = surface(status=replace(STATUS, state="degraded", reasons=reasons, evaluated_at=None))
    reply = ask("status", shown)
    assert reply.startswith(f"degraded: {reasons[0]}\ndegraded: {reasons[1]}\nversion")
    assert "evaluated up to  nothing yet\n" in reply


def test_status_as_json_has_the_published_keys() -> None:
    """Names and units as docs/admin-protocol.md gives them."""
    assert data("status") == {
        "version": "0.1.0",
        "node": "web1",
        "uptime_s": 7500,
        "state": "ok",
        "reasons": [],
        "kernel": "python",
        "memory_bytes": 43_200_000,
        "memory_limit_bytes": 104_857_600,
        "lines_per_second": 14.2,
        "incidents_open": 1,
        "evaluated_at": "2026-11-23T17:02:10Z",
        "history": {
            "since": "2026-11-22T17:02:00Z",
            "used_bytes": 43_200_000,
            "max_bytes": 536_870_912,
            "crowded_out": 0,
            "late_dropped": 0,
            "damaged": 0,
            "problem": None,
        },
    }
