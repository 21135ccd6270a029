"""Every minute that was evaluated is in the state, with all its lines, over crashes too."""

from __future__ import annotations

from pathlib import Path

from simulated import simulated

from logmond.frame.minutes import unpack_minute
from logmond.ingest.scenarios import time_local

T0 = 1795453200
"""The beginning of a minute."""


def _line(second: int) -> bytes:
    return b'192.0.2.1 - - [%b] "GET /a/x HTTP/1.1" 200 10\n' % time_local(second)


def test_minutes_are_kept_over_crashes_with_lines_that_came_late(tmp_path: Path) -> None:
    """Two lines a second for four minutes, two kills, and lines of an hour and a half ago."""
    log = tmp_path / "access.log"
    settings = {
        "sources": [{"name": "web", "files": [str(log)], "start": "beginning", "format": "common"}],
        "rules": [{"name": "busy", "metric": "hits", "window": "10s", "above": 100}],
        "outputs": [],
    }
    with log.open("ab", buffering=0) as writing, simulated(settings, T0 - 1.0) as simulation:
        simulation.start()
        for second in range(T0, T0 + 250):
            while simulation.wall < second + 0.5:
                simulation.turn()
            if second < T0 + 240:
                writing.write(2 * _line(second))
            if second in (T0 + 70, T0 + 200):
                simulation.kill()
            if second in (T0 + 75, T0 + 230):
                simulation.start()
            if second == T0 + 100:
                writing.write(3 * _line(T0 - 5400))
            if second == T0 + 110:
                writing.write(4 * _line(T0 - 5390))
        while (simulation.evaluated or 0) < T0 + 245:
            simulation.turn()
        kept = {start: unpack_minute(body) for start, body in simulation.state.minutes(0, T0 * 2)}
    hits = {start - T0: minute.exact.hits for start, minute in kept.items() if minute.exact.hits}
    assert hits == {-5400: 7, 0: 120, 60: 120, 120: 120, 180: 120}
    assert all(kept[T0 + start].whole(None) for start in (60, 120, 180))
    assert not kept[T0 - 5400].whole(None)
