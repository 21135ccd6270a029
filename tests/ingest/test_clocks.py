"""How far senders' clocks are off, told by their lines."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from logmond.ingest.clocks import MAX_SENDERS, SenderClocks
from logmond.ingest.formats.table import format_of
from logmond.ingest.intake import Intake
from logmond.ingest.kernel.python import PythonKernel

NOW = 1_795_453_200.0


def line(second: float) -> str:
    """A common line stamped `second`."""
    stamp = datetime.fromtimestamp(int(second), UTC).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'203.0.113.7 - - [{stamp}] "GET / HTTP/1.1" 200 5'


def message(second: float, host: str = "web1", tag: str = "nginx") -> bytes:
    """The same in a syslog header whose own stamp says nothing of it."""
    return f"<190>Nov 23 17:00:00 {host} {tag}: {line(second)}".encode()


def intake(spec: str = "common", **options: frozenset[bytes]) -> Intake:
    """An intake at NOW."""
    return Intake("web", PythonKernel("web", format_of(spec)), lambda: NOW, **options)


def found(clocks: SenderClocks, now: float = NOW) -> dict[str, float]:
    """Every sender's offset."""
    return {clock.sender: clock.behind_s for clock in clocks.clocks(now)}


@pytest.mark.parametrize("behind", [-3600.0, -40.0, 0.0, 45.0, 86_400.0])
def test_the_offset_is_that_of_the_lines_own_stamp(behind: float) -> None:
    """Also of a stamp so far off that the line counts at its arrival."""
    taken = intake()
    taken.messages([message(NOW - behind)], believed=False, peer="192.0.2.7")
    assert found(taken.clocks) == {"192.0.2.7 web1": behind}


def test_long_requests_do_not_make_a_clock_late() -> None:
    """Apache stamps the start: the least late of many lines tells the clock."""
    clocks = SenderClocks()
    for number, took in enumerate((90, 3, 600, 45, 0.4, 120)):
        clocks.note("192.0.2.7", b"", took, NOW + number)
    assert found(clocks) == {"192.0.2.7": 0.4}


def test_a_clock_that_was_set_is_right_once_the_window_has_passed() -> None:
    """Old minutes are forgotten, and so is a sender that is gone."""
    clocks = SenderClocks()
    clocks.note("a", b"", -400.0, NOW)
    clocks.note("b", b"", 2.0, NOW)
    clocks.note("a", b"", 1.0, NOW + 120)
    assert found(clocks, NOW + 120) == {"a": -400.0, "b": 2.0}
    clocks.note("a", b"", 1.0, NOW + 301)
    assert found(clocks, NOW + 360) == {"a": 1.0}


def test_one_relay_speaks_for_many_hosts() -> None:
    """The host of the header tells them apart; an address alone is a sender too."""
    taken = intake()
    for host, behind in (("web1", 0), ("web2", 50), ("web1", 10)):
        taken.messages([message(NOW - behind, host)], believed=True, peer="192.0.2.7")
    taken.messages([line(NOW - 7).encode()], believed=True, peer="192.0.2.8")
    taken.messages([line(NOW - 8).encode()], believed=True)
    assert found(taken.clocks) == {
        "192.0.2.7 web1": 0.0,
        "192.0.2.7 web2": 50.0,
        "192.0.2.8": 7.0,
        "unix socket": 8.0,
    }


def test_only_the_first_message_of_a_batch_is_the_peers() -> None:
    """The others may be of other senders; a first one that is not counted tells nothing."""
    taken = intake(tags=frozenset([b"nginx"]))
    other = message(NOW - 99, tag="cron")
    taken.messages([message(NOW - 1), message(NOW - 50)], believed=False, peer="a")
    taken.messages([other, message(NOW - 50)], believed=False, peer="b")
    taken.messages([b"<1>Nov 23 17:00:00 w nginx: junk", message(NOW)], believed=False, peer="c")
    assert found(taken.clocks) == {"a web1": 1.0}


def test_a_stamp_that_is_missing_is_the_headers() -> None:
    """Lines without a time of their own count by their header, which is the sender's clock."""
    taken = intake("%h %>s")
    header = datetime.fromtimestamp(NOW - 42, UTC).strftime("%b %d %H:%M:%S")
    taken.messages([f"<190>{header} web1 t: ::1 200".encode()], believed=True, peer="a")
    assert found(taken.clocks) == {"a web1": 42.0}


def test_senders_beyond_the_cap_are_one() -> None:
    """Invented hosts cost no memory; who went silent makes room."""
    clocks = SenderClocks()
    for number in range(1000):
        clocks.note("192.0.2.7", b"h%d" % number, 5.0, NOW)
    assert len(clocks.clocks(NOW)) == MAX_SENDERS + 1
    assert found(clocks)["(others)"] == 5.0
    clocks.note("192.0.2.9", b"new", 1.0, NOW + 900)
    assert found(clocks, NOW + 900) == {"192.0.2.9 new": 1.0}


def test_notes_name_the_clock_that_is_off_and_the_cure() -> None:
    """Thirty seconds are forgiven; hostile hosts are shown harmless."""
    clocks = SenderClocks()
    clocks.note("192.0.2.7", b"web1", 30.0, NOW)
    clocks.note("192.0.2.8", b"\x1b[31m", -3601.0, NOW)
    first, last = clocks.notes(NOW)
    assert first.startswith("clock of sender 192.0.2.8 \\x1b[31m is 1h0m ahead")
    assert "timedatectl set-ntp true" in first
    assert last == "sender clocks behind ours: 192.0.2.8 \\x1b[31m -3601s, 192.0.2.7 web1 +30s"
    assert SenderClocks().notes(NOW) == []


def test_many_clocks_are_a_few_lines() -> None:
    """The furthest off are named, the others counted."""
    clocks = SenderClocks()
    for number in range(20):
        clocks.note(f"192.0.2.{number}", b"", 100.0 + number, NOW)
    notes = clocks.notes(NOW)
    assert len(notes) == 6
    assert notes[-1].endswith("192.0.2.15 +115s, 15 more")
