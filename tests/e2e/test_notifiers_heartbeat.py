"""Somebody elsewhere hears the real daemon beat, and hears it stop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import monotonic

import pytest
from daemon import Daemon
from patience import until
from processes import free_port

EVERY_S = 5


class Watcher(ThreadingHTTPServer):
    """A server that keeps the beats it hears: how they came, what they said, when."""

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Beat)
        self.beats: list[tuple[str, str, str, float]] = []


class _Beat(BaseHTTPRequestHandler):
    server: Watcher

    def do_POST(self) -> None:
        """Keep it."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.beats.append((self.command, self.path, body.decode(), monotonic()))
        self.send_response(200)
        self.end_headers()

    do_GET = do_POST

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def watching(port: int) -> Iterator[Watcher]:
    """Somebody who listens."""
    with Watcher(port) as watcher:
        thread = Thread(target=watcher.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield watcher
        finally:
            watcher.shutdown()
            thread.join()


@pytest.fixture
def port() -> int:
    """Where somebody will listen."""
    return free_port()


def settings(port: int, folder: Path, **more: str) -> dict[str, object]:
    """A daemon that beats."""
    url = f"http://127.0.0.1:{port}/ping/3f1c"
    return {
        "sources": [{"name": "web", "files": [str(folder / "*.log")]}],
        "heartbeat": {
            "url": url,
            "every": f"{EVERY_S}s",
            "timeout": "2s",
            "allow_private": True,
            **more,
        },
    }


def test_it_beats_while_it_lives_and_stops_when_it_is_stopped(
    daemon_of: Callable[..., Daemon], tmp_path: Path, port: int
) -> None:
    """A stopped process is still there, and its connections with it."""
    (tmp_path / "access.log").touch()
    with watching(port) as watcher:
        daemon = daemon_of(settings(port, tmp_path))
        until(20, lambda: len(watcher.beats) >= 2, lambda: daemon.process.output)
        assert [beat[:3] for beat in watcher.beats] == [("POST", "/ping/3f1c", "ok")] * 2
        daemon.process.send(signal.SIGSTOP)
        stopped_at = monotonic()
        until(20, lambda: monotonic() > stopped_at + EVERY_S + 2)
        # One may have been on its way.
        assert [beat for beat in watcher.beats[2:] if beat[3] > stopped_at + 1] == []
        daemon.process.send(signal.SIGCONT)
        heard = len(watcher.beats)
        until(20, lambda: len(watcher.beats) > heard, lambda: daemon.process.output)
        daemon.kill()


def test_one_that_nobody_takes_is_shown_and_a_reload_mends_it(
    daemon_of: Callable[..., Daemon], tmp_path: Path, port: int
) -> None:
    """By GET this time; what is wrong with the daemon does not silence it."""
    daemon = daemon_of(settings(port, tmp_path, method="get"))

    def failed() -> bool:
        found = {one["name"]: one for one in daemon.json("outputs")}["heartbeat"]
        return found["failed"] == 1 and "refused" in found["reason"]

    until(20, failed, lambda: daemon.ask("outputs"))
    assert "beats by itself" in daemon.ask("test-output heartbeat")[0]
    with watching(port) as watcher:
        daemon.configure(settings(port, tmp_path, method="get", every="6s"))
        daemon.reload()
        until(20, lambda: watcher.beats, lambda: daemon.process.output)
        assert watcher.beats[0][:3] == ("GET", "/ping/3f1c", "")
