"""kill -9 loses no line of a file and counts none twice, in totals and in windows."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from shutil import copyfile
from time import time
from typing import Any

import pytest
from daemon import Daemon
from faketime import SteppedClock
from numbered import Account, assert_counted_once, line
from patience import until
from programs import soaking
from ticks import Ticks
from weblog import WebLog, Writing

KILLS, LINES = (100, 1_000_000) if soaking() else (10, 100_000)

Prepare = Callable[..., Daemon]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[WebLog]:
    """An empty access.log that a server writes to."""
    (tmp_path / "log").mkdir()
    log = WebLog(tmp_path / "log")
    yield log
    log.close()


@pytest.fixture
def daemon(prepared_daemon: Prepare, log: WebLog) -> Daemon:
    """A daemon, not started, that follows the log as the source "web"."""
    return prepared_daemon({"sources": [{"name": "web", "files": [str(log.path)]}]})


def _traces(daemon: Daemon) -> list[str]:
    """What went wrong in any of its lives."""
    return [
        row
        for printed in daemon.folder.glob("*.out")
        for row in printed.read_text(errors="replace").splitlines()
        if "Traceback" in row or " error " in row or " critical " in row
    ]


def _assert_still_so(daemon: Daemon, numbers: range) -> dict[str, Any]:
    """Counted once now, and after one more restart in order."""
    assert_counted_once(daemon, numbers)
    assert daemon.stop() == 0
    daemon.start()
    return assert_counted_once(daemon, numbers)


def test_kills_at_random_moments_lose_and_double_nothing(daemon: Daemon, log: WebLog) -> None:
    """Killed while it reads, catches up or starts, with the log rotated under it."""
    moments = random.Random(1)
    kills = sorted(moments.sample(range(LINES), KILLS))
    rotations = moments.sample(range(LINES), KILLS)
    daemon.start()
    with Writing(log, LINES, 10_000, rotations) as writing:
        for kill in kills:
            until(60, lambda kill=kill: writing.written >= kill)
            daemon.kill()
            daemon.launch()
        until(LINES / 1000, lambda: writing.done)
    daemon.ready()
    _assert_still_so(daemon, range(LINES))
    assert log.rotations == KILLS
    assert not _traces(daemon)


def test_a_kill_before_the_first_tick_loses_nothing(
    prepared_daemon: Prepare, log: WebLog, tmp_path: Path
) -> None:
    """Where a file ends at the very first start is known from then on, not a second later."""
    log.write(range(100))
    daemon = _killed_before_its_first_tick(prepared_daemon, log, tmp_path)
    log.write(range(100, 200))
    log.rotate()
    log.write(range(200, 300))
    daemon.start()
    assert_counted_once(daemon, range(100, 300))


def _killed_before_its_first_tick(prepare: Prepare, log: WebLog, folder: Path) -> Daemon:
    """A daemon killed once its state had a position; a machine may be slow, so it may try again."""
    for _ in range(5):
        daemon = prepare({"sources": [{"name": "web", "files": [str(log.path)]}]})
        with Ticks(folder) as ticks:
            daemon.start(ticks.environ)
            until(20, lambda daemon=daemon: _positions(daemon))
            daemon.kill()
        if not ticks.heard:
            return daemon
    raise AssertionError("no position was kept before the first tick")


def _positions(daemon: Daemon) -> int:
    """How many positions of files the state of a running daemon holds."""
    with closing(sqlite3.connect(f"file:{daemon.folder}/state.db?mode=ro", uri=True)) as state:
        (count,) = state.execute("SELECT count(*) FROM files").fetchone()
        return int(count)


def _end(daemon: Daemon, *, killed: bool) -> None:
    """One way or the other."""
    if killed:
        daemon.kill()
    else:
        assert daemon.stop() == 0


def test_rotations_while_down_lose_nothing(daemon: Daemon, log: WebLog) -> None:
    """Three of them, with lines before, between and after, and in the file just renamed."""
    log.write(range(100))
    daemon.start()
    written = 100
    for killed in (False, True):
        log.write(range(written, written + 100))
        until(20, lambda end=written: daemon.source("web")["counted"] >= end)
        _end(daemon, killed=killed)
        log.write(range(written + 100, written + 200))
        written += 200
        for _ in range(3):
            log.rename()
            log.write(range(written, written + 50))
            log.reopen()
            log.write(range(written + 50, written + 100))
            written += 100
        daemon.start()
        # At the very first start a file is read from its end.
        assert_counted_once(daemon, range(100, written))
    assert not _traces(daemon)


def test_half_a_line_across_a_restart_is_counted_once(
    prepared_daemon: Prepare, tmp_path: Path
) -> None:
    """Its beginning was read in one life, nothing came in the next, its end before the third."""
    logs = {}
    for name in ("stays", "rotated"):
        (tmp_path / name).mkdir()
        logs[name] = WebLog(tmp_path / name)
    sources = [{"name": name, "files": [str(log.path)]} for name, log in logs.items()]
    daemon = prepared_daemon({"sources": sources}).start()
    written = 0
    for killed in (False, True):
        half = line(written + 10)
        for log in logs.values():
            log.write(range(written, written + 10))
            log.write_bytes(half[:60])
        until(20, lambda end=written + 10: daemon.source("stays")["counted"] >= end)
        _await_look(daemon)
        for end in (half[60:100], half[100:] + b"\n"):
            _end(daemon, killed=killed)
            for log in logs.values():
                log.write_bytes(end)
            if end.endswith(b"\n"):
                logs["rotated"].rotate()
                written += 11
            daemon.start()
            so_far = range(written) if end.endswith(b"\n") else range(written + 10)
            for name in logs:
                assert_counted_once(daemon, so_far, name)
    for log in logs.values():
        log.close()


def _await_look(daemon: Daemon) -> None:
    """Wait until the daemon has looked at its files again, which it does at every tick."""
    begin = daemon.json("status")["uptime_s"]
    until(20, lambda: daemon.json("status")["uptime_s"] > begin + 1)


@pytest.mark.peer("faketime")
def test_an_older_state_counts_again_exactly_once(
    daemon: Daemon, log: WebLog, tmp_path: Path
) -> None:
    """A state two hours older than the files: what it did not know is read, and the jump said."""
    clock = SteppedClock(tmp_path, -7200)
    older, state = tmp_path / "older.db", daemon.folder / "state.db"
    daemon.start(clock.environ)
    log.write_bytes(b"".join(line(n, clock.time()) + b"\n" for n in range(100)))
    until(20, lambda: daemon.source("web")["counted"] >= 100)
    assert daemon.stop() == 0
    copyfile(state, older)
    log.rotate()
    now = time()
    log.write_bytes(b"".join(line(n, now - 7000 + n) + b"\n" for n in range(100, 1500)))
    log.write_bytes(b"".join(line(n, now - 6000 + 2 * n) + b"\n" for n in range(1500, 2900)))
    log.rotate()
    recent = Account.of(range(1500, 3000))  # what the last hour holds
    for life in range(2):
        daemon.start()
        assert "the state ends 2h" in daemon.process.output
        if not life:
            log.write(range(2900, 3000))
        until(30, lambda: Account.told(daemon) == recent, lambda: daemon.process.output)
        said = daemon.source("web")
        assert said["counted"] == said["received"] == 3000
        assert daemon.stop() == 0
        copyfile(older, state)


def test_without_its_state_a_source_begins_where_it_says(
    prepared_daemon: Prepare, log: WebLog
) -> None:
    """Files that lie there are read whole or not at all, and the log says so."""
    settings = {"name": "whole", "files": [str(log.path)], "start": "beginning"}
    daemon = prepared_daemon(
        {"sources": [settings, {"name": "new", "files": [str(log.path)], "start": "end"}]}
    )
    log.write(range(100))
    daemon.start()
    log.write(range(100, 200))
    assert_counted_once(daemon, range(200), "whole")
    assert_counted_once(daemon, range(100, 200), "new")
    daemon.kill()
    for file in daemon.folder.glob("state.db*"):
        file.unlink()
    daemon.start()
    assert f"no earlier state in {daemon.folder}/state.db" in daemon.process.output
    log.write(range(200, 300))
    assert_counted_once(daemon, range(300), "whole")
    assert_counted_once(daemon, range(200, 300), "new")
