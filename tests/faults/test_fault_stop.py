"""SIGTERM under load: out in time, nothing lost of what files hold and TCP has accepted."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from time import monotonic

from daemon import Daemon
from numbered import Account, assert_counted_once
from patience import until
from processes import free_port
from programs import soaking
from senders_tcp import Sender
from weblog import WebLog, Writing

Prepare = Callable[..., Daemon]

STOPS = 100 if soaking() else 4

_OUT_S = 5
_APART = 100_000_000


def test_stopping_under_load_loses_nothing(prepared_daemon: Prepare, tmp_path: Path) -> None:
    """A file is written throughout, three senders send as fast as the daemon reads."""
    moments = random.Random(1)
    (tmp_path / "log").mkdir()
    log, port = WebLog(tmp_path / "log"), free_port()
    daemon = prepared_daemon(
        {
            "sources": [
                {"name": "file", "files": [str(log.path)], "start": "beginning"},
                {"name": "tcp", "listen": [f"tcp://localhost:{port}"]},
            ]
        }
    )
    senders = [Sender(port, number * _APART) for number in range(3)]
    with Writing(log, 10_000_000, 2000) as writing:
        for _ in range(STOPS):
            daemon.start()
            counted = daemon.source("tcp")["counted"]
            for sender in senders:
                sender.start()
            enough = counted + moments.randrange(1000, 20_000)
            until(20, lambda enough=enough: daemon.source("tcp")["counted"] >= enough)
            asked_at = monotonic()
            assert daemon.stop() == 0
            assert monotonic() - asked_at <= _OUT_S
            for sender in senders:
                sender.wait()
            assert "Traceback" not in daemon.process.output
    log.close()
    daemon.start()
    assert_counted_once(daemon, range(writing.written), "file")
    sent = Account.of(chain.from_iterable(range(each.begin, each.end) for each in senders))
    said = daemon.source("tcp")
    assert said["counted"] == sent.hits
    assert said["received"] == said["counted"] + said["cut"]
    # A line that was taken in part is cut, and was sent again whole.
    assert said["cut"] <= STOPS * len(senders)
    assert Account.told(daemon, "tcp") == sent


def test_an_impatient_second_signal_changes_nothing(prepared_daemon: Prepare) -> None:
    """Ctrl-C held down, or `timeout`, which signals the process and then its group."""
    daemon = prepared_daemon({"sources": [{"name": "in", "stdin": True}]})
    daemon.start()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        daemon.process.popen.send_signal(number)
    assert daemon.process.popen.wait(_OUT_S) == 0
    assert daemon.process.output.splitlines()[-1].endswith("stopped; 0 lines counted")
    assert "Traceback" not in daemon.process.output
