"""Whatever is done to the files a running daemon follows, each whole line counts once."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from daemon import Daemon
from numbered import LOST, assert_counted_once, lines
from patience import until
from programs import program, soaking
from resources import descriptors
from weblog import WebLog, Writing

from logmond.ingest.sources.register import MAX_OPEN

Prepare = Callable[..., Daemon]

ROTATIONS = 1000 if soaking() else 40
ROUNDS = 10 if soaking() else 1
LOGS = 100
CREATES = 21_000

_A_SECOND = 10
_LINES_A_ROTATION = 500


@pytest.fixture
def log(tmp_path: Path) -> Iterator[WebLog]:
    """An empty access.log that a server writes to."""
    (tmp_path / "log").mkdir()
    log = WebLog(tmp_path / "log")
    yield log
    log.close()


def _following(*files: Path, **more: Any) -> dict[str, Any]:
    """Settings of a daemon that follows files as the source "web"."""
    return {"sources": [{"name": "web", "files": [*map(str, files)], **more}]}


def test_ten_rotations_a_second_lose_nothing(daemon_of: Prepare, log: WebLog) -> None:
    """Under a steady writer; files that nobody writes any more are not held for ever."""
    daemon = daemon_of(_following(log.path))
    before, most = descriptors(daemon.process.pid), 0
    count = ROTATIONS * _LINES_A_ROTATION
    places = range(_LINES_A_ROTATION // 2, count, _LINES_A_ROTATION)
    with Writing(log, count, _A_SECOND * _LINES_A_ROTATION, places) as writing:

        def watched() -> bool:
            nonlocal most
            most = max(most, descriptors(daemon.process.pid))
            return writing.done

        until(count / 1000 + 20, watched, lambda: writing.written)
    assert_counted_once(daemon, range(count))
    assert log.rotations == ROTATIONS
    # A rotated file is kept for a minute (a server takes its time to reopen), up to a cap.
    assert most - before <= MAX_OPEN


@pytest.mark.peer("logrotate")
def test_copytruncate_at_a_quiet_point_loses_nothing(daemon_of: Prepare, log: WebLog) -> None:
    """logrotate's own, before and after the lines were read."""
    daemon = daemon_of(_following(log.path))
    end = 0
    for read_first in (True, True, False, True):
        log.write(range(end, end + 500))
        end += 500
        if read_first:
            until(20, lambda end=end: daemon.source("web")["counted"] >= end)
        _copytruncate(log)
    log.write(range(end, end + 10))
    assert_counted_once(daemon, range(end + 10))


@pytest.mark.peer("logrotate")
def test_copytruncate_under_a_writer_is_noticed_and_never_stalls(
    daemon_of: Prepare, log: WebLog
) -> None:
    """What logrotate itself loses is lost; no line that a file kept is, and none counts twice."""
    daemon = daemon_of(_following(log.path))
    count = 20_000
    with Writing(log, count, 5000) as writing:
        for part in range(1, 4):
            until(30, lambda part=part: writing.written >= part * count // 4)
            _copytruncate(log)
        until(30, lambda: writing.done)
    kept = sum(_lines_of(path) for path in log.path.parent.iterdir())
    ended = log.path.stat().st_ino
    log.write(range(count, count + 100))
    until(30, lambda: daemon.source("web")["counted"] >= kept + 100, lambda: daemon.source("web"))
    said = daemon.source("web")
    assert kept + 100 <= said["counted"] <= count + 100
    assert said["received"] == said["counted"] + said["cut"] + said["unparsed"]
    assert log.path.stat().st_ino == ended


def _copytruncate(log: WebLog) -> None:
    """What logrotate does when it is told to."""
    folder = log.path.parent.parent
    config = folder / "logrotate.conf"
    config.write_text(f"{log.path} {{\ncopytruncate\nrotate 10\nmissingok\nsu root root\n}}\n")
    if os.geteuid() != 0:
        config.write_text(config.read_text().replace("su root root\n", ""))
    config.chmod(0o644)
    path = program("logrotate")
    assert path is not None
    command = [path, "--force", "--state", str(folder / "status"), str(config)]
    subprocess.run(command, check=True, timeout=20)


def _lines_of(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def test_a_log_regrown_past_the_offset_while_down_is_read_whole(
    daemon_of: Prepare, log: WebLog
) -> None:
    """It is longer than what was counted of it, and begins with other lines."""
    daemon = daemon_of(_following(log.path))
    log.write(range(100))
    assert_counted_once(daemon, range(100))
    daemon.stop()
    os.truncate(log.path, 0)
    log.write(range(100, 400))
    daemon.start()
    log.write(range(400, 410))
    assert_counted_once(daemon, range(410))


def test_an_inode_used_again_is_another_file(daemon_of: Prepare, tmp_path: Path) -> None:
    """A hundred logs deleted and made anew, in one look and over a restart: all are read whole."""
    folder = tmp_path / "logs"
    folder.mkdir()
    daemon = daemon_of(_following(folder / "*.log"))
    paths = [folder / f"{number}.log" for number in range(LOGS)]
    written, reused = 0, 0
    for number in range(2 * ROUNDS):
        inodes = {path.stat().st_ino for path in paths if path.exists()}
        if number % 2:
            daemon.stop()
        for path in paths:
            path.unlink(missing_ok=True)
        for path in paths:
            path.write_bytes(lines(range(written, written + 3)))
            written += 3
        reused += len(inodes & {path.stat().st_ino for path in paths})
        if number % 2:
            daemon.start()
        assert_counted_once(daemon, range(written))
    if not reused:
        pytest.skip("this file system does not use inodes again")


def test_a_storm_of_new_files_hides_none(daemon_of: Prepare, tmp_path: Path) -> None:
    """Among 21,000 files that appear at once each log is found (inotify's queue holds 16,384)."""
    folder = tmp_path / "logs"
    folder.mkdir()
    daemon = daemon_of(_following(folder / "*.log"))
    for number in range(CREATES):
        (folder / f"{number}.tmp").touch()
        if number % (CREATES // LOGS) == 0:
            (folder / f"{number}.log").write_bytes(lines([number]))
    logs = range(0, CREATES, CREATES // LOGS)
    assert_counted_once(daemon, logs)
    for number in logs:
        with (folder / f"{number}.log").open("ab") as file:
            file.write(lines([number]))
    assert_counted_once(daemon, [*logs, *logs])


def test_a_deleted_directory_is_picked_up_again(daemon_of: Prepare, tmp_path: Path) -> None:
    """Logs in other directories are read on meanwhile; what comes back is read from its start."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    daemon = daemon_of(_following(here / "access.log", there / "*.log"))
    numbers = iter(range(0, 10_000, 10))
    counted: list[int] = []

    def write(folder: Path) -> None:
        first = next(numbers)
        with (folder / "access.log").open("ab") as file:
            file.write(lines(range(first, first + 10)))
        counted.extend(range(first, first + 10))

    for gone, other in ((there, here), (here, there)):
        write(here)
        write(there)
        assert_counted_once(daemon, counted)
        shutil.rmtree(gone)
        write(other)
        assert_counted_once(daemon, counted)
        gone.mkdir()
    write(here)
    assert_counted_once(daemon, counted)
    (here / "access.log").unlink()
    write(here)
    assert_counted_once(daemon, counted)


def test_a_swapped_link_leads_to_both_files(daemon_of: Prepare, tmp_path: Path) -> None:
    """As `current` of a dated log does: what was written to the old one before is read too."""
    link = tmp_path / "access.log"
    daemon = daemon_of(_following(link))
    end = 0
    for number in range(2):
        target, new = tmp_path / f"access-{number}", tmp_path / "new"
        target.write_bytes(lines(range(end, end + 50)))
        new.symlink_to(target)
        new.replace(link)
        end += 50
        assert_counted_once(daemon, range(end))
        with target.open("ab") as file:
            file.write(lines(range(end, end + 50)))
        end += 50
    assert_counted_once(daemon, range(end))


def test_a_file_that_may_not_be_read_for_a_while_is_read_on(
    prepared_daemon: Prepare, log: WebLog
) -> None:
    """Mode 000 and a rotation: degraded with the fix, then nothing is missing."""
    daemon = prepared_daemon(_following(log.path), under=_as_an_ordinary_user())
    daemon.start()
    log.write(range(100))
    assert_counted_once(daemon, range(100))
    log.rotate()
    log.path.chmod(0)
    log.write(range(100, 200))

    def state() -> str:
        return str(daemon.source("web")["state"])

    until(20, lambda: state() != "ok", lambda: daemon.source("web"))
    assert "permission denied" in daemon.ask("status")[0].lower()
    log.path.chmod(0o644)
    until(20, lambda: state() == "ok", lambda: daemon.source("web"))
    log.write(range(200, 300))
    assert_counted_once(daemon, range(300))
    assert not any(daemon.source("web")[name] for name in LOST)


def _as_an_ordinary_user() -> list[str]:
    """What takes from root the right to read what nobody may read."""
    if os.geteuid() != 0:
        return []
    path = program("setpriv")
    if path is None:
        pytest.skip("no setpriv here")
    return [path, "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
