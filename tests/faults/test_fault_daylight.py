"""Stamps without a zone, while local time jumps an hour or comes twice."""

from __future__ import annotations

import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import time
from zoneinfo import ZoneInfo

import pytest
from daemon import Daemon
from faketime import SteppedClock
from ledgers import Movement
from patience import until
from processes import free_port

Prepare = Callable[..., Daemon]

ZONE = "Europe/Berlin"
BEFORE_S = 3
"""How long before the change the daemon starts, and after it the last line comes."""


@pytest.mark.peer("faketime")
@pytest.mark.parametrize(
    "change",
    [datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC)],
    ids=["to summer", "to winter"],
)
def test_lines_around_a_change_of_the_local_clock_count_in_their_seconds(
    prepared_daemon: Prepare, tmp_path: Path, change: datetime
) -> None:
    """HAProxy names no zone; 03:00:00 follows 01:59:59, or 02:00:00 follows 02:59:59."""
    at = int(change.timestamp())
    clock = SteppedClock(tmp_path, at - BEFORE_S - int(time()))
    port = free_port(socket.SOCK_DGRAM)
    source = {"name": "web", "listen": f"udp://127.0.0.1:{port}", "timezone": ZONE}
    daemon = prepared_daemon({"sources": [{**source, "format": "haproxy"}]})
    daemon.start(clock.environ)
    ledger, sent = Movement(daemon), 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        while clock.time() < at + BEFORE_S:
            sender.sendto(_line(clock.time()), ("127.0.0.1", port))
            sent += 1
            until(20, lambda sent=sent: daemon.source("web")["counted"] >= sent)
    said = ledger.until(counted=sent)
    assert said["skewed"] == 0
    until(20, lambda: daemon.json("stats 1m")["hits"] >= sent)
    assert daemon.json("stats 1m")["hits"] == sent
    assert "epoch" not in daemon.process.output


def _line(now: float) -> bytes:
    """An HTTP log line of HAProxy."""
    stamp = datetime.fromtimestamp(now, ZoneInfo(ZONE)).strftime("%d/%b/%Y:%H:%M:%S.000")
    return (
        b"<134>haproxy[1]: 192.0.2.1:5 [%b] web web/s1 0/0/1/2/3 200 5 - - ---- 1/1/0/0/0 0/0 "
        b'"GET /a HTTP/1.1"' % stamp.encode()
    )
