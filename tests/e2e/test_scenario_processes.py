"""Each scenario read from a file by a real daemon: its incidents, and those after three kills."""

from __future__ import annotations

import random
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from daemon import Daemon
from lives import replayed
from patience import until
from stories import Event, Story, in_words, plain, told

from logmond.ingest.scenarios import SCENARIOS

DYING = str(Path(__file__).with_name("dying.py"))


@pytest.fixture(scope="module", params=SCENARIOS)
def story(request: pytest.FixtureRequest) -> Story:
    """Each scenario, over for a minute."""
    return Story(SCENARIOS[request.param], (int(time.time()) - 300) // 60 * 60)


@pytest.fixture(scope="module")
def past(story: Story, tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """What a daemon tells whose time is simulated, which is what one told live."""
    return replayed(story, tmp_path_factory.mktemp("past"))


def settings(story: Story, folder: Path) -> dict[str, Any]:
    """The whole story in a file, read from its beginning."""
    log = folder / "access.log"
    log.write_bytes(b"".join(line + b"\n" for _, line in story.lines()))
    return story.settings({"files": [str(log)], "start": "beginning"}, folder / "alerts.json")


def evaluated(daemon: Daemon) -> int:
    """The newest evaluated second, 0 before the first."""
    moment = daemon.json("status")["evaluated_at"]
    return int(datetime.fromisoformat(moment).timestamp()) if moment else 0


def reaches(daemon: Daemon, second: int) -> None:
    """Wait until a second is evaluated."""
    until(30, lambda: evaluated(daemon) >= second, lambda: daemon.process.output)


def kept(daemon: Daemon) -> int:
    """The newest evaluated second that was committed, 0 before the first commit."""
    database = sqlite3.connect(f"file:{daemon.folder}/state.db?mode=ro", uri=True)
    with closing(database):
        found = database.execute("SELECT body FROM snapshots WHERE name = 'evaluated'").fetchone()
    return int(msgspec.msgpack.decode(found[0])) if found else 0


def dies(daemon: Daemon, second: int, *, kept: bool) -> None:
    """Start it; it crashes before it evaluates `second`, or right after a commit of that moment."""
    environ = {"DIES_AT": str(second), **({"DIES_KEPT": ""} if kept else {})}
    process = daemon.launch(environ).process
    until(30, lambda: process.popen.poll() == -signal.SIGKILL, lambda: process.output)


def read_to_the_end(daemon: Daemon, story: Story) -> None:
    """Wait until every line was evaluated and told; stop in order."""
    reaches(daemon, story.last + 1)
    assert daemon.source("web")["counted"] == len(story.lines())
    assert daemon.source("web")["late"] == 0
    assert daemon.stop() == 0


def test_a_real_daemon_reads_the_same_incidents_from_a_file(
    story: Story, past: list[Event], daemon_of: Callable[..., Daemon], tmp_path: Path
) -> None:
    """As by brute force, and word by word as in simulated time."""
    daemon = daemon_of(settings(story, tmp_path))
    read_to_the_end(daemon, story)
    events = told(tmp_path / "alerts.json")
    assert in_words(events) == story.brute_force()
    assert plain(events) == plain(past)


def test_three_kills_change_nothing_for_a_real_daemon(
    story: Story, past: list[Event], prepared_daemon: Callable[..., Daemon], tmp_path: Path
) -> None:
    """Killed while it catches up, at moments that a seed decides: the same events, the same ids."""
    rng = random.Random(story.scenario.name)
    daemon = prepared_daemon(settings(story, tmp_path), under=(sys.executable, "-P", DYING))
    moments = [story.zero + begin + rng.randrange(50) for begin in (-200, -60, 20)]
    left = []
    for moment, committed in zip(moments, (False, True, True), strict=True):
        dies(daemon, moment, kept=committed)
        left.append(kept(daemon))
    assert left[0] < moments[0]
    assert moments[1] <= left[1] < moments[2] <= left[2] < story.last
    daemon.start()
    read_to_the_end(daemon, story)
    events = told(tmp_path / "alerts.json")
    assert plain(events) == plain(past)
