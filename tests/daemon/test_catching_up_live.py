"""Lines that are written while a start catches up are read in time for their seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulated import simulated

from logmond.daemon import replay
from logmond.ingest.scenarios import time_local

T0 = 1795453200
LATENESS_S = 0.9


def lines(second: int, count: int = 1) -> bytes:
    """So many lines of one second."""
    return b'192.0.2.1 - - [%b] "GET / HTTP/1.1" 200 10\n' % time_local(second) * count


@pytest.mark.parametrize(("old", "ago_s"), [(1, 2040), (1, 2060), (30_000, 10)])
def test_what_is_written_while_catching_up_is_not_late(
    old: int, ago_s: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither while nothing but silence is evaluated, nor while old lines take seconds to read."""
    monkeypatch.setattr(replay, "CHUNK_BYTES", 2048)
    log = tmp_path / "access.log"
    log.write_bytes(lines(T0 - ago_s, old))
    source = {"name": "web", "files": [str(log)], "start": "beginning", "format": "common"}
    rule = {"name": "silent", "metric": "hits", "window": "5s", "below": 1, "hold": 0}
    settings = {"sources": [source], "rules": [rule], "outputs": []}
    written = 0
    with simulated(settings, T0 + 0.5) as simulation, log.open("ab", buffering=0) as file:
        simulation.start()
        while simulation.wall < T0 + 60.1:
            file.write(lines(int(simulation.wall - LATENESS_S)))
            written += 1
            simulation.turn()
        totals = simulation.running.inputs["web"].ledger.totals
        assert simulation.evaluated == T0 + 56
        assert totals["counted"] > old + written - 40
        assert totals["late"] == 0
        fired = simulation.running.alerts.incidents(all=True)
        assert [one.triggered_at - T0 for one in fired if one.triggered_at > T0] == []


def test_a_reload_while_catching_up_counts_no_line_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source that changes goes on in its files where it was, and lines stay in their seconds."""
    monkeypatch.setattr(replay, "CHUNK_BYTES", 2048)
    log = tmp_path / "access.log"
    log.write_bytes(b"".join(lines(T0 - 600 + second, 20) for second in range(500)))
    source = {"name": "web", "files": [str(log)], "start": "beginning", "format": "common"}
    with simulated({"sources": [source], "outputs": []}, T0 + 0.5) as simulation:
        simulation.start()
        before = simulation.running.inputs["web"]
        while not before.ledger.totals["counted"]:
            simulation.turn()
        assert before.ledger.totals["counted"] < 10_000
        simulation.configure({"sources": [{**source, "timezone": "Asia/Tokyo"}], "outputs": []})
        simulation.running.reload()
        after = simulation.running.inputs["web"]
        while simulation.wall < T0 + 60:
            simulation.turn()
        assert after is not before
        assert after.ledger.totals["counted"] == 10_000
        assert after.ledger.totals["late"] == 0
        assert before.files is not None
        assert before.files.open_descriptors == 0
