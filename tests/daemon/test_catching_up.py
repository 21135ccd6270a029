"""Catching up with files at the start: slices, what is believed, and what it never waits for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from simulated import Simulated, simulated

from logmond.daemon import replay
from logmond.ingest.scenarios import time_local

T0 = 1795453200
RULE = {"name": "busy", "metric": "hits", "window": "10s", "above": 20}


def lines(second: int, count: int = 1, section: bytes = b"a") -> bytes:
    """So many lines of one second."""
    request = b"GET /%b/x HTTP/1.1" % section
    return b'192.0.2.1 - - [%b] "%b" 200 10\n' % (time_local(second), request) * count


def settings(*files: Path, **more: Any) -> dict[str, Any]:
    """A source for each file, read from its beginning, and a rule over all."""
    sources = [
        {"name": file.stem, "files": [str(file)], "start": "beginning", "format": "common"}
        for file in files
    ]
    return {"sources": sources, "rules": [RULE], "outputs": [], **more}


def until(simulation: Simulated, condition: Callable[[], Any]) -> None:
    """Let time pass until something is so."""
    for _ in range(2000):
        if condition():
            return
        simulation.turn()
    raise AssertionError("it never was so")


def live(simulation: Simulated) -> bool:
    """Whether evaluation has reached the present."""
    return (simulation.evaluated or 0) >= simulation.wall - 4


def fired(simulation: Simulated) -> list[int]:
    """When the rule fired, since T0."""
    return [one.triggered_at - T0 for one in simulation.running.alerts.incidents(all=True)]


@pytest.mark.parametrize("there", [b"", b"what no format takes\n", None])
def test_a_source_that_held_no_lines_is_watched_all_the_same(
    there: bytes | None, tmp_path: Path
) -> None:
    """A file that is empty, without a readable line, or not there at the start."""
    log = tmp_path / "access.log"
    if there is not None:
        log.write_bytes(there)
    with simulated(settings(log), T0) as simulation:
        simulation.start()
        until(simulation, lambda: simulation.wall > T0 + 5)
        with log.open("ab") as file:
            file.write(lines(T0 + 5, 30))
        until(simulation, lambda: fired(simulation))
        assert fired(simulation) == [5]


def test_a_long_gap_between_two_lines_is_evaluated_in_slices(tmp_path: Path) -> None:
    """Sockets, ticks and commits have their turn between: no slice is more than five steps."""
    log = tmp_path / "access.log"
    log.write_bytes(lines(T0 - 3000) + lines(T0 - 5))
    with simulated(settings(log), T0) as simulation:
        simulation.start()
        slices = []
        while not live(simulation):
            before = simulation.evaluated
            simulation.turn()
            if before is not None and simulation.evaluated is not None:
                slices.append(simulation.evaluated - before)
        assert max(slices) <= 6
        assert sum(slices) > 2900


def test_a_stamp_of_years_ago_does_not_hold_up_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing can change any more, evaluation goes on at the next line."""
    monkeypatch.setattr(replay, "STILL_S", 60)
    log = tmp_path / "access.log"
    old = T0 - 10 * 365 * 86400
    log.write_bytes(lines(old, 30) + lines(T0 - 20, 30) + lines(T0 - 4))
    with simulated(settings(log), T0) as simulation:
        simulation.start()
        until(simulation, lambda: live(simulation))
        assert fired(simulation) == [old - T0, -20]
        first = simulation.running.alerts.incidents(all=True)[0]
        # 10 seconds until the window is empty, 30 of hold.
        assert first.ended_at == old + 10 + 30


def test_nothing_is_kept_before_evaluation_has_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill while one file has told no second yet does not cost the lines of the other."""
    monkeypatch.setattr(replay, "CHUNK_BYTES", 8192)
    good, junk = tmp_path / "good.log", tmp_path / "junk.log"
    good.write_bytes(lines(T0 - 50, 30) + lines(T0 - 10))
    junk.write_bytes(b"what no format takes\n" * 60_000)
    with simulated(settings(good, junk), T0) as simulation:
        simulation.start()
        ledger = simulation.running.inputs["junk"].ledger
        until(simulation, lambda: simulation.wall > T0 + 1.1)
        assert ledger.totals["unparsed"]
        assert simulation.evaluated is None
        simulation.kill()
        junk.write_bytes(lines(T0 - 10))
        simulation.start()
        until(simulation, lambda: live(simulation))
        assert simulation.running.inputs["good"].ledger.totals["counted"] == 31
        assert simulation.running.stats.summary(300).hits == 32
        assert fired(simulation) == [-50]


def test_a_kill_while_catching_up_costs_and_doubles_nothing(tmp_path: Path) -> None:
    """Whenever it comes: what is counted, and how far, is of one moment."""
    log = tmp_path / "access.log"
    log.write_bytes(b"".join(lines(T0 - 290 + at, 20, b"s%d" % at) for at in range(280)))
    with simulated(settings(log), T0) as simulation:
        for turns in (7, 21, 3, 21, 1):
            simulation.start()
            for _ in range(turns):
                simulation.turn()
            assert not live(simulation)
            simulation.kill()
        simulation.start()
        until(simulation, lambda: live(simulation))
        assert simulation.running.inputs["access"].ledger.totals["counted"] == 280 * 20
        assert simulation.running.stats.summary(300).hits == 280 * 20


def gaps(simulation: Simulated, reason: str) -> list[tuple[int, int]]:
    """The unobserved spans of a kind of reason, as seconds since T0."""
    return [
        (gap.first - T0, gap.last - T0)
        for gap in simulation.running.stats.coverage.gaps()
        if reason in gap.reason
    ]


JUNK = b"what no format takes\n"


def test_rejects_of_old_lines_are_filed_where_the_lines_belong(tmp_path: Path) -> None:
    """What nobody could read of an hour ago says nothing of the present."""
    log = tmp_path / "access.log"
    log.write_bytes(JUNK * 100 + lines(T0 - 3000, 30) + lines(T0 - 4))
    with simulated(settings(log), T0) as simulation:
        simulation.start()
        until(simulation, lambda: live(simulation))
        stats = simulation.running.stats
        assert stats.ledger(T0 - 60, T0).get("unparsed", 0) == 0
        assert stats.ledger(T0 - 3600, T0)["unparsed"] == 100
        assert gaps(simulation, "") == [(-3000, -3000)]


def test_rejects_before_the_first_second_that_is_told_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks of nothing else are read first, while the daemon ticks."""
    monkeypatch.setattr(replay, "CHUNK_BYTES", 8192)
    log, other = tmp_path / "access.log", tmp_path / "other.log"
    log.write_bytes(JUNK * 60_000 + lines(T0 - 1500, 30) + lines(T0 - 4) * 300)
    other.write_bytes(lines(T0 - 4))
    with simulated(settings(log, other), T0) as simulation:
        simulation.start()
        ledger = simulation.running.inputs["access"].ledger
        until(simulation, lambda: simulation.wall > T0 + 1.1)
        assert ledger.totals["unparsed"]
        assert simulation.evaluated is None
        until(simulation, lambda: live(simulation))
        assert ledger.totals["unparsed"] == 60_000
        stats = simulation.running.stats
        assert stats.ledger(T0 - 600, T0).get("unparsed", 0) == 0
        assert stats.ledger(T0 - 3600, T0)["unparsed"] == 60_000
        assert all(last <= -4 for _, last in gaps(simulation, ""))


def test_a_step_of_the_clock_while_catching_up_leaves_a_gap(tmp_path: Path) -> None:
    """Seconds that the clock stepped over were observed by nobody, and none is evaluated."""
    log = tmp_path / "access.log"
    log.write_bytes(b"".join(lines(T0 - 3000 + at) for at in range(2990)))
    low = {"name": "low", "metric": "hits", "window": "10s", "below": 1}
    with simulated(settings(log, rules=[low]), T0) as simulation:
        simulation.start()
        until(simulation, lambda: simulation.wall > T0 + 1.5)
        assert not live(simulation)
        before = int(simulation.wall) - T0
        simulation.step_clock(600)
        until(simulation, lambda: live(simulation))
        ((first, last),) = gaps(simulation, "clock stepped by +600s")
        assert first <= before + 1
        assert last >= before + 600
        assert all(not first <= at <= last for at in fired(simulation))


def test_a_step_back_while_catching_up_leaves_a_gap(tmp_path: Path) -> None:
    """Seconds that come twice are not believed, wherever evaluation was."""
    log = tmp_path / "access.log"
    log.write_bytes(b"".join(lines(T0 - 3000 + at) for at in range(2500)))
    with simulated(settings(log), T0) as simulation:
        simulation.start()
        until(simulation, lambda: simulation.wall > T0 + 1.5)
        simulation.step_clock(-120)
        until(simulation, lambda: live(simulation))
        ((first, last),) = gaps(simulation, "clock stepped by -120s")
        assert first <= -115
        assert last >= -3
        assert simulation.evaluated is not None
        assert simulation.evaluated <= simulation.wall


def test_files_hold_what_a_process_that_stood_still_missed(tmp_path: Path) -> None:
    """Stopped while it catches up: of its files nothing is missing."""
    log = tmp_path / "access.log"
    log.write_bytes(b"".join(lines(T0 - 3000 + at) for at in range(2990)))
    with simulated(settings(log), T0) as simulation:
        simulation.start()
        until(simulation, lambda: simulation.wall > T0 + 1.5)
        simulation.stand_still(60)
        until(simulation, lambda: live(simulation))
        assert gaps(simulation, "") == []
