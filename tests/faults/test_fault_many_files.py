"""A thousand logs under one glob: every line counts, and descriptors stay few."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from daemon import Daemon
from numbered import assert_counted_once
from programs import soaking
from resources import descriptors
from weblog import WebLog

from logmond.ingest.sources.register import MAX_OPEN

Prepare = Callable[..., Daemon]

LOGS = 1000
ROUNDS = 50 if soaking() else 3
LINES = 5
ROTATED = 7
"""In each round every so many-th log is rotated."""


def test_a_thousand_growing_logs_share_few_descriptors(
    prepared_daemon: Prepare, tmp_path: Path
) -> None:
    """Some are rotated, some while the daemon is down: each line counts once."""
    folders = [tmp_path / "logs" / f"{number:03}" for number in range(LOGS)]
    pattern = str(tmp_path / "logs" / "*" / "access.log")
    daemon = prepared_daemon({"sources": [{"name": "web", "files": [pattern]}]}).start()
    idle, written = descriptors(daemon.process.pid), 0
    with ExitStack() as stack:
        logs = []
        for folder in folders:
            folder.mkdir(parents=True)
            logs.append(stack.enter_context(closing(WebLog(folder))))
        for turn in range(ROUNDS):
            down = turn % 3 == 2
            if down:
                daemon.kill()
            for number, log in enumerate(logs):
                log.write(range(written, written + LINES))
                if number % ROTATED == turn % ROTATED:
                    log.rotate()
                    log.write(range(written + LINES, written + 2 * LINES))
                    written += LINES
                written += LINES
            if down:
                daemon.start()
            assert_counted_once(daemon, range(written))
            assert descriptors(daemon.process.pid) - idle <= MAX_OPEN
