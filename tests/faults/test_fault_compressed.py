"""Logs that logrotate compressed while the daemon was down."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from daemon import Daemon
from numbered import assert_counted_once, lines
from programs import program

Prepare = Callable[..., Daemon]

_PART = 2000


class Rotated:
    """A log that is rotated in one of logrotate's ways, and a daemon that reads it."""

    def __init__(self, prepare: Prepare, home: Path, how: str, delayed: str) -> None:
        self.log = home / "log" / "access.log"
        self.left_plain = 1 if delayed else 0
        self._config = home / "logrotate.conf"
        self._written = 0
        self.log.parent.mkdir(parents=True, mode=0o755)
        self._config.write_text(f"{self.log} {{\n rotate 9\n compress\n {delayed}\n {how}\n}}\n")
        self._config.chmod(0o644)
        self.log.touch()
        source = {"name": "web", "files": [str(self.log)], "start": "beginning"}
        self.daemon: Daemon = prepare({"sources": [source]})

    def write(self) -> None:
        """Append some lines."""
        with self.log.open("ab") as file:
            file.write(lines(range(self._written, self._written + _PART)))
        self._written += _PART

    def rotate(self) -> None:
        """What cron does every night."""
        logrotate = program("logrotate")
        assert logrotate is not None
        state = self._config.with_suffix(".state")
        command = [logrotate, "--force", "--state", str(state), str(self._config)]
        subprocess.run(command, check=True, capture_output=True, timeout=30)

    def assert_counted_once(self) -> None:
        """All that was ever written."""
        assert_counted_once(self.daemon, range(self._written))


@pytest.mark.peer("logrotate", "gzip")
def test_three_rotations_with_compress_while_down_lose_and_double_nothing(
    prepared_daemon: Prepare, tmp_path: Path
) -> None:
    """The rest of the file that was read last, then every generation, then the live file."""
    ways = product(("create", "copytruncate"), ("", "delaycompress"))
    logs = [Rotated(prepared_daemon, tmp_path / "-".join(way), *way) for way in ways]
    _start(logs)
    for log in logs:
        log.write()
    for log in logs:
        log.assert_counted_once()
        log.daemon.stop()
        for _ in range(3):
            log.write()
            log.rotate()
        log.write()
        assert len(list(log.log.parent.glob("*.gz"))) == 3 - log.left_plain
    _start(logs)
    for log in logs:
        log.assert_counted_once()
        log.daemon.stop()
    _start(logs)
    for log in logs:
        log.write()
    for log in logs:
        log.assert_counted_once()


def _start(logs: list[Rotated]) -> None:
    """All their daemons at once."""
    for log in logs:
        log.daemon.launch()
    for log in logs:
        log.daemon.ready()
