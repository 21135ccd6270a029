"""Logs that logrotate compressed while the daemon was down."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from daemon import Daemon
from numbered import assert_counted_once, lines
from programs import program

Prepare = Callable[..., Daemon]

_PART = 2000


@pytest.mark.peer("logrotate", "gzip")
@pytest.mark.parametrize("delayed", ["", "delaycompress"])
@pytest.mark.parametrize("how", ["create", "copytruncate"])
def test_three_rotations_with_compress_while_down_lose_and_double_nothing(
    prepared_daemon: Prepare, tmp_path: Path, how: str, delayed: str
) -> None:
    """The rest of the file that was read last, then every generation, then the live file."""
    folder = tmp_path / "log"
    folder.mkdir(mode=0o755)
    log, config = folder / "access.log", tmp_path / "logrotate.conf"
    config.write_text(f"{log} {{\n rotate 9\n compress\n {delayed}\n {how}\n}}\n")
    config.chmod(0o644)
    log.touch()
    written = 0

    def write() -> None:
        nonlocal written
        with log.open("ab") as file:
            file.write(lines(range(written, written + _PART)))
        written += _PART

    source = {"name": "web", "files": [str(log)], "start": "beginning"}
    daemon: Daemon = prepared_daemon({"sources": [source]}).start()
    write()
    assert_counted_once(daemon, range(written))
    daemon.stop()
    logrotate = program("logrotate")
    assert logrotate is not None
    for _ in range(3):
        write()
        command = [logrotate, "--force", "--state", str(tmp_path / "state"), str(config)]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
    write()
    assert len(list(folder.glob("*.gz"))) == (2 if delayed else 3)
    daemon.start()
    assert_counted_once(daemon, range(written))
    daemon.stop()
    daemon.start()
    write()
    assert_counted_once(daemon, range(written))
