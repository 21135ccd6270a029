"""rsyslog and syslog-ng forward over TCP while the daemon restarts: exact totals."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from daemon import Daemon
from numbered import assert_counted_once
from passing import UNDER, held_socket
from patience import until
from peers import Peers, running_peers
from programs import soaking
from snippets import snippet
from weblog import WebLog, Writing

Prepare = Callable[..., Daemon]

LINES = 2_000_000 if soaking() else 50_000
RESTARTS = 10 if soaking() else 2

PER_SECOND = 20_000 if soaking() else 10_000

_SLOWEST = 2000
"""Lines a second that any machine manages."""


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[Peers]:
    """Real programs for this test; all are stopped when it ends."""
    with running_peers(tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    "relay",
    [
        pytest.param("rsyslog", marks=pytest.mark.peer("rsyslogd")),
        pytest.param("syslog-ng", marks=pytest.mark.peer("syslog-ng")),
    ],
)
def test_a_relay_forwards_every_line_once_over_restarts(
    prepared_daemon: Prepare, peers: Peers, tmp_path: Path, relay: str
) -> None:
    """Stopped in the middle of the stream; the relay's queue holds what follows."""
    (tmp_path / "log").mkdir()
    log = WebLog(tmp_path / "log")
    with held_socket(socket.SOCK_STREAM) as held, closing(log):
        port = held.getsockname()[1]
        daemon = prepared_daemon(
            {"sources": [{"name": "web", "listen": [f"tcp://127.0.0.1:{port}"]}]}, under=UNDER
        )
        daemon.start(stdin=held.fileno())
        places = {"port": str(port), "file": str(log.path)}
        if relay == "rsyslog":
            peers.rsyslog(snippet("rsyslog-file", **places))
        else:
            peers.syslog_ng(snippet("syslog-ng", **places))
        # On a slow machine the stream waits for the restarts: they are in its middle.
        held_back = (RESTARTS + 1) * LINES // (RESTARTS + 2)
        with Writing(log, LINES, PER_SECOND, hold_at=held_back) as writing:
            for number in range(1, RESTARTS + 1):
                reached = number * LINES // (RESTARTS + 2)
                until(
                    LINES / _SLOWEST + 20,
                    lambda reached=reached: daemon.source("web")["counted"] >= reached,
                    lambda: (daemon.source("web"), writing.written),
                )
                assert daemon.stop() == 0
                daemon.start(stdin=held.fileno())
            writing.release()
            until(LINES / _SLOWEST + 20, lambda: writing.done)
        assert_counted_once(daemon, range(LINES), within_s=LINES / _SLOWEST + 20)
