"""Lines made to be slow to read, or to land in seconds that never were."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from time import gmtime, strftime, time

import pytest
from daemon import Daemon
from ledgers import Movement
from numbered import line
from patience import until
from processes import free_port
from programs import soaking

Start = Callable[..., Daemon]

TIMES = 100 if soaking() else 10
"""How often each hostile line is sent."""

LONGEST = 65536

_LINE = line(1)
_OPEN = _LINE[: _LINE.index(b'"') + 1]
_USER_AGENT = _LINE.removesuffix(b'"-"') + b'"'


def _filled(begin: bytes, unit: bytes, end: bytes = b"") -> bytes:
    """As many units between begin and end as the longest line holds."""
    return begin + unit * ((LONGEST - len(begin) - len(end)) // len(unit)) + end


SLOW_UNPARSED = {
    "quotes": _filled(b"", b'"'),
    "quoted fields": _filled(b"", b'"" '),
    "quotes in a line": _filled(_OPEN, b'" '),
    "backslashes": _filled(_OPEN, b"\\"),
    "escaped quotes, never closed": _filled(_OPEN, rb"\""),
    "a pattern's own food": _filled(b"", b"a", b"!"),
    "spaces": _filled(b"", b" "),
    "dashes": _filled(b"", b"- "),
    "brackets": _filled(b"192.0.2.1 - - ", b"["),
    "numbers": _filled(b"192.0.2.1 - - ", b"1.1"),
    "JSON that goes deep": _filled(b"", b"["),
    "JSON objects that go deep": _filled(b"", b'{"a":'),
    "structured data": _filled(b"<13>1 2026-11-23T17:00:00Z h a - - [x", b' a="\\"'),
    "a long tag": _filled(b"<13>", b"a:b"),
    "repeats within repeats": _filled(b"", b"message repeated 2 times: [ "),
}
SLOW_COUNTED = {
    "escaped quotes": _filled(_USER_AGENT, rb"\"", b'"'),
    "escaped backslashes": _filled(_USER_AGENT, rb"\\", b'"'),
    "slashes": _filled(_OPEN + b"GET ", b"/", b' HTTP/1.1" 200 5 "-" "-"'),
    "a long query": _filled(_OPEN + b"GET /?", b"a=%22&", b' HTTP/1.1" 200 5 "-" "-"'),
}


def test_lines_made_to_be_slow_hold_nothing_up(daemon_of: Start) -> None:
    """64 KiB of what regular expressions trip over: each counted once, whatever it is."""
    port = free_port()
    daemon = daemon_of({"sources": [{"name": "web", "listen": [f"tcp://127.0.0.1:{port}"]}]})
    ledger = Movement(daemon)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sender:
        for _ in range(TIMES):
            for hostile in (*SLOW_UNPARSED.values(), *SLOW_COUNTED.values()):
                assert len(hostile) <= LONGEST
                sender.sendall(hostile + b"\n" + line(7) + b"\n")
    good = len(SLOW_UNPARSED) + 2 * len(SLOW_COUNTED)
    ledger.until(counted=TIMES * good, unparsed=TIMES * len(SLOW_UNPARSED))


_DAY = 86400
_TEN_YEARS = 3653 * _DAY


@pytest.fixture
def daemon(daemon_of: Start, tmp_path: Path) -> Daemon:
    """One source for each kind of road: stamps of datagrams are believed less than a stream's."""
    (tmp_path / "access.log").touch()
    return daemon_of(
        {
            "sources": [
                {"name": "udp", "listen": [f"udp://127.0.0.1:{free_port(socket.SOCK_DGRAM)}"]},
                {"name": "tcp", "listen": [f"tcp://127.0.0.1:{free_port()}"]},
                {"name": "file", "files": [str(tmp_path / "access.log")]},
            ]
        }
    )


def _send(daemon: Daemon, road: str, rows: list[bytes]) -> None:
    address = daemon.source(road)["address"]
    if road == "file":
        with Path(address).open("ab") as file:
            file.write(b"".join(row + b"\n" for row in rows))
        return
    place = ("127.0.0.1", int(address.rpartition(":")[2]))
    if road == "tcp":
        with socket.create_connection(place, timeout=20) as stream:
            stream.sendall(b"".join(row + b"\n" for row in rows))
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for row in rows:
            sender.sendto(row, place)


@pytest.mark.parametrize("road", ["udp", "tcp", "file"])
def test_stamps_of_other_years_are_clamped_and_counted(daemon: Daemon, road: str) -> None:
    """Far ahead is arrival on every road, far back for datagrams; second 60 is a second."""
    now = time()
    ahead = [line(n, now + away) for n, away in enumerate((_TEN_YEARS, _DAY, 600))]
    behind = [line(n, now - away) for n, away in enumerate((_TEN_YEARS, _DAY, 1200))]
    near = [line(n, now - away) for n, away in enumerate((0, 2, 60, 200))]
    near.append(_leap_second(now))
    ledger = Movement(daemon, road)
    _send(daemon, road, [*ahead, *behind, *near])
    said = ledger.until(counted=len(ahead) + len(behind) + len(near))
    clamped = [*ahead, *behind] if road == "udp" else ahead
    assert said["skewed"] == len(clamped)
    hits = len(clamped) + len(near)
    question = f"stats 5m source={road}"
    until(20, lambda: daemon.json(question)["hits"] >= hits, lambda: daemon.json(question))
    assert daemon.json(question)["hits"] == hits
    assert "Traceback" not in daemon.process.output


def _leap_second(now: float) -> bytes:
    """A line of second 60 of the minute before this one."""
    begun = now - now % 60
    stamp = strftime("%d/%b/%Y:%H:%M:60 +0000", gmtime(begun - 60)).encode()
    ordinary = strftime("%d/%b/%Y:%H:%M:%S +0000", gmtime(begun)).encode()
    return line(60, begun).replace(ordinary, stamp)
