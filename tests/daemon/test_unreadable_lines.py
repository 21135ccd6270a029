"""Lines that cannot be read, or belong to nobody: told while they come, and not for longer."""

from __future__ import annotations

from pathlib import Path

from simulated import simulated

from logmond.alerts.event import Event
from logmond.ingest.scenarios import time_local

T0 = 1795453200
RULES = [
    {"name": "unreadable", "metric": "unparsed_ratio", "window": "20s", "above": "10%"},
    {"name": "failing", "metric": "ratio_5xx", "window": "20s", "above": "10%", "hold": "60s"},
]


def written(at: int) -> bytes:
    """The lines of a second: some failures, then a minute of a format nobody told of, then fine."""
    if 60 <= at < 120:
        return b'{"status": "in another format"}\n' * 20
    status = b"500" if at < 60 else b"200"
    return b'192.0.2.1 - - [%b] "GET / HTTP/1.1" %b 10\n' % (time_local(T0 + at), status) * 20


def test_a_format_that_changes_is_told_while_no_line_can_be_read(tmp_path: Path) -> None:
    """Nothing is known of the traffic then; of the rejects everything is."""
    log = tmp_path / "access.log"
    log.touch()
    source = {"name": "web", "files": [str(log)], "format": "common"}
    with simulated({"sources": [source], "rules": RULES, "outputs": []}, T0) as simulation:
        simulation.start()
        events: list[Event] = []
        simulation.running.alerts.subscribe(events.append)
        for at in range(240):
            while simulation.wall < T0 + at:
                simulation.turn()
            with log.open("ab") as file:
                file.write(written(at))
        told = {(event.rule, event.kind): event.at - T0 for event in events}
        assert 60 <= told["unreadable", "alert"] < 75
        assert told["unreadable", "recovered"] > 120
        assert 55 <= told["failing", "nodata"] < 65
        assert told["failing", "databack"] >= 115
        assert told["failing", "recovered"] > 180
        (back,) = [event.message for event in events if event.kind == "databack"]
        assert back.startswith("source web readable again after 1m")


def test_a_tag_that_nobody_sends_is_told_until_somebody_does(tmp_path: Path) -> None:
    """A wrong `accept` would count nothing in silence; a right one is left alone by the others."""
    source = {
        "name": "web",
        "listen": f"unixgram://{tmp_path}/log.sock",
        "accept": {"tag": ["nginx", "shop"]},
        "format": "common",
    }
    with simulated({"sources": [source], "rules": [], "outputs": []}, T0) as simulation:
        simulation.start()
        input_ = simulation.running.inputs["web"]

        def state_after(tag: bytes) -> tuple[str, str]:
            line = b'192.0.2.1 - - [%b] "GET /?a=b HTTP/1.1" 200 10' % time_local(T0)
            input_.intake.messages([b"<190>Nov 23 17:00:00 vm %b: %b" % (tag, line)], believed=True)
            input_.tick()
            return input_.health.state, input_.health.reason

        state, reason = state_after(b"ngnix")
        assert (state, input_.health.broken) == ("degraded", False)
        assert reason.startswith("has counted nothing: accept takes the tag nginx, shop only, ")
        assert "vm ngnix: 192.0.2.1" in reason
        assert state_after(b"shop")[0] == state_after(b"ngnix")[0] == "ok"


def test_an_error_log_in_place_of_the_access_log_is_told(tmp_path: Path) -> None:
    """Each line is filtered, and rightly so; but nothing is counted."""
    log = tmp_path / "error.log"
    log.write_bytes(b"2026/11/23 17:00:00 [error] 1#1: *1 open() failed\n")
    source = {"name": "web", "files": [str(log)], "start": "beginning"}
    with simulated({"sources": [source], "rules": [], "outputs": []}, T0) as simulation:
        simulation.start()
        while simulation.wall < T0 + 5:
            simulation.turn()
        health = simulation.running.inputs["web"].health
        assert health.state == "degraded"
        assert 'only lines of an error log came: "2026/11/23' in health.reason
