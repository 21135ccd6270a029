"""The demonstration keeps its promise: an alert within 30 s, its end within 3 minutes."""

from __future__ import annotations

import re
import socket
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from oracle import Found
from patience import until
from processes import Process, free_port
from programs import soaking
from stories import Story

import logmond
from logmond.ingest.scenarios import SCENARIOS
from logmond.telemetry import moment

ALERT_S, RECOVERY_S = 30, 180
"""What the README promises, from the command to the line."""

SPIKE = SCENARIOS["spike"]
DAY_S = 86400


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Process]:
    """``logmond demo`` on free ports; it shows the spike."""
    sets = {
        "admin.listen": f"tcp://localhost:{free_port()}",
        "sources.syslog.listen": f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}",
    }
    command = [sys.executable, "-m", "logmond", "demo", "--seed", "1"]
    for key, value in sets.items():
        command += ["--set", f"{key}={value}"]
    environ = {"PYTHONPATH": str(Path(logmond.__file__).parents[1])}
    running = Process(command, tmp_path, environ)
    yield running
    running.stop()


def line(demo: Process, kind: str, seconds: float) -> str:
    """The first line of an event of a kind."""
    pattern = re.compile(rf"^\S+ {kind} warning high-traffic .*$", re.MULTILINE)
    found = until(seconds, lambda: pattern.search(demo.output), lambda: demo.output)
    assert found is not None
    return found[0]


def expected(alert: str) -> Found:
    """The incident of the spike that was triggered when `alert` says."""
    found = re.search(r"triggered at (\S+)\.", alert)
    assert found is not None
    triggered = int(datetime.fromisoformat(found[1]).timestamp())
    [some_day] = Story(SPIKE, DAY_S).brute_force()
    [one] = Story(SPIKE, triggered - some_day.triggered_at + DAY_S).brute_force()
    return one


def test_the_spike_alerts_within_30_seconds_of_the_command(demo: Process) -> None:
    """With the value and the peak of brute force, the offender named."""
    begun = time.time()
    alert = line(demo, "ALERT", ALERT_S)
    one = expected(alert)
    assert begun - 1 < one.triggered_at < time.time()
    assert f"hits = {one.value:.1f}, triggered at {moment(one.triggered_at)}" in alert
    assert "client 203.0.113.7" in alert
    assert "script python-requests" in alert


@pytest.mark.skipif(not soaking(), reason="takes 3 minutes; LOGMOND_SOAK=1 runs it")
def test_the_spike_recovers_within_3_minutes_of_the_command(demo: Process) -> None:
    """With the peak of brute force and the second of its recovery."""
    recovered = line(demo, "RECOVERED", RECOVERY_S)
    one = expected(line(demo, "ALERT", 0))
    assert one.recovered_at is not None
    peak, at = one.peak_requests
    assert f"hits = {one.recovered_value:.1f}, recovered at {moment(one.recovered_at)}" in recovered
    assert f"Peak {peak} requests/s at {moment(at)[11:]}" in recovered
