"""On a full disk ingest and alerts go on, and all is written once there is room."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from time import monotonic, time

import pytest
from daemon import Daemon
from numbered import assert_counted_once, line, lines
from patience import until
from processes import free_port

Start = Callable[..., Daemon]

RECOVERS_WITHIN_S = 10


class Disk:
    """A tmpfs of 2 MB, which `fill` keeps full: what becomes free is taken at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._free = Event()
        self._thread: Thread | None = None

    def fill(self) -> None:
        """Take all the room there is, and go on doing so."""
        self._free.clear()
        self._thread = Thread(target=self._hog)
        self._thread.start()

    def free(self) -> None:
        """Give it back."""
        self._free.set()
        if self._thread is not None:
            self._thread.join()
        (self.folder / "filler").unlink(missing_ok=True)

    def _hog(self) -> None:
        with (self.folder / "filler").open("ab", buffering=0) as filler:
            while not self._free.wait(0.02):
                for size in (65_536, 4096):
                    try:
                        while filler.write(bytes(size)):
                            pass
                    except OSError:
                        continue


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A small disk, gone with all that is on it when the test ends."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no right to mount a tmpfs: {mounted.stderr.decode().strip()}")
    disk = Disk(folder)
    try:
        yield disk
    finally:
        disk.free()
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log on another disk."""
    log = tmp_path / "access.log"
    log.touch()
    return log


class Sender:
    """Sends lines by UDP."""

    def __init__(self) -> None:
        self.port = free_port(socket.SOCK_DGRAM)

    def send(self, numbers: range) -> None:
        """Each as a datagram."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in numbers:
                sender.sendto(line(number), ("127.0.0.1", self.port))


def settings(disk: Disk, log: Path, sender: Sender) -> dict[str, object]:
    """A file, a socket, a rule that fires soon, and the state on the small disk."""
    return {
        "history": {"url": f"sqlite://{disk.folder}/state.db"},
        "sources": [
            {"name": "web", "files": [str(log)]},
            {"name": "udp", "listen": [f"udp://127.0.0.1:{sender.port}"]},
        ],
        "rules": [
            {"name": "busy", "metric": "hits", "where": {"source": "udp"}, "window": "2s"}
            | {"above": 5, "hold": "1s"}
        ],
    }


def state(daemon: Daemon) -> str:
    """The first line of its status."""
    return daemon.ask("status")[0]


@pytest.mark.peer("mount")
def test_a_full_disk_stops_neither_ingest_nor_alerts(
    prepared_daemon: Start, disk: Disk, log: Path
) -> None:
    """It is told while it lasts, over within seconds of room, and nothing that came is missing."""
    sender = Sender()
    daemon = prepared_daemon(settings(disk, log, sender)).start()
    with log.open("ab", buffering=0) as writing:
        writing.write(lines(range(100)))
        assert_counted_once(daemon, range(100))
        disk.fill()
        _until_full(daemon, writing.fileno())
        end = _written(daemon)
        sender.send(range(40))
        until(20, lambda: " ALERT warning busy" in daemon.process.output, lambda: state(daemon))
        assert_counted_once(daemon, range(40), "udp")
        os.write(writing.fileno(), lines(range(end, end + 50)))
        assert_counted_once(daemon, range(end + 50))
        until(20, lambda: " RECOVERED warning busy" in daemon.process.output)
        assert "cannot be written since" in state(daemon)
        disk.free()
        freed = monotonic()
        until(RECOVERS_WITHIN_S, lambda: state(daemon) == "ok", lambda: state(daemon))
        assert monotonic() - freed <= RECOVERS_WITHIN_S
    assert "state.db is written again after" in daemon.process.output
    daemon.kill()
    daemon.start()
    assert_counted_once(daemon, range(end + 50))
    assert_counted_once(daemon, range(40), "udp")
    [incident] = daemon.json("incidents all")
    assert (incident["rule"], incident["state"]) == ("busy", "recovered")


@pytest.mark.peer("mount")
def test_a_kill_while_the_disk_is_full_costs_what_no_file_holds(
    prepared_daemon: Start, disk: Disk, log: Path
) -> None:
    """Files are read on from the last commit; what came by UDP since then is a gap that is told."""
    sender = Sender()
    daemon = prepared_daemon(settings(disk, log, sender)).start()
    with log.open("ab", buffering=0) as writing:
        writing.write(lines(range(100)))
        sender.send(range(3))
        assert_counted_once(daemon, range(100))
        assert_counted_once(daemon, range(3), "udp")
        _await_commit(daemon)
        disk.fill()
        _until_full(daemon, writing.fileno())
        end = _written(daemon)
        sender.send(range(3, 5))
        until(20, lambda: daemon.source("udp")["counted"] == 5)
    since = time()
    daemon.kill()
    disk.free()
    daemon.start()
    assert_counted_once(daemon, range(end))
    assert daemon.source("udp")["counted"] == 3
    until(20, lambda: daemon.json("status")["evaluated_at"] is not None)
    lasted = int(time() - since) + 5
    assert daemon.json(f"stats {lasted}s source=udp")["coverage"] == "partial"


def _until_full(daemon: Daemon, log: int) -> None:
    """Write lines until a commit fails for want of room."""
    number = 100
    deadline = monotonic() + 60
    while state(daemon) == "ok":
        assert monotonic() < deadline, daemon.process.output
        os.write(log, lines(range(number, number + 10)))
        number += 10
        until(20, lambda wanted=number: daemon.source("web")["counted"] >= wanted)
    assert "state.db cannot be written since" in state(daemon)


def _await_commit(daemon: Daemon) -> None:
    """Wait until what is counted by now has been committed, as it is at every tick."""
    begin = daemon.json("status")["uptime_s"]
    until(20, lambda: daemon.json("status")["uptime_s"] > begin + 3)


def _written(daemon: Daemon) -> int:
    """How many lines of the log there are by now."""
    return int(daemon.source("web")["counted"])
