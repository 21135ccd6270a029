"""The intake: where a line without a usable stamp counts, and what a run of rejects is."""

from __future__ import annotations

from typing import Any

import pytest

from logmond.ingest.formats.table import format_of
from logmond.ingest.intake import Intake
from logmond.ingest.kernel.python import PythonKernel
from logmond.ingest.scenarios import syslog_message, time_local

T0 = 1795453200
REST = b'"GET /a HTTP/1.1" 200 3'


def intake(spec: str = "common", **settings: Any) -> Intake:
    """A fresh one, a minute after T0."""
    return Intake("web", PythonKernel("web", format_of(spec)), lambda: T0 + 60.0, **settings)


def stamped(stamp: bytes) -> bytes:
    """A line in the common format."""
    return b"192.0.2.1 - - [%b] %b" % (stamp, REST)


GOOD = stamped(time_local(T0 + 50))
TIMELESS = b'{"remote_addr":"192.0.2.1","request":"GET /a HTTP/1.1","status":200}'


@pytest.mark.parametrize("spec", ["common", "auto"])
@pytest.mark.parametrize("alone", [True, False])
def test_a_stamp_that_names_no_second_gives_way_to_the_header(spec: str, alone: bool) -> None:
    """Wherever the line stands among others, and whichever format was seen first."""
    taken = intake(spec)
    unstamped = [stamped(b"31/Feb/2026:17:00:00 +0000"), *([TIMELESS] if spec == "auto" else [])]
    messages = [syslog_message(T0 + at, line) for at, line in enumerate(unstamped)]
    around = syslog_message(T0 + 9, GOOD)
    batches = [[around], *([one] for one in messages)] if alone else [[around, *messages, around]]
    for batch in batches:
        taken.messages(batch, believed=False)
    counted = {second: exact.hits for second, exact in taken.take(0).exact.items() if exact.hits}
    goods = 1 if alone else 2
    assert counted == {T0 + 50: goods} | {T0 + at: 1 for at in range(len(messages))}


@pytest.mark.parametrize(
    ("lines", "run"),
    [
        ([b"x", b"y", GOOD], 0),
        ([GOOD, b"x", b"y"], 2),
        ([b"x", GOOD, b"y"], 1),
        ([b"x", GOOD, b"y", GOOD], 0),
        ([GOOD, b"x", b"2026/11/23 17:00:00 [error] 1#1: *1 y"], 1),
        ([b"x", b"y", b"z"], 3),
    ],
)
def test_a_run_of_rejects_ends_with_the_last_line_that_was_counted(
    lines: list[bytes], run: int
) -> None:
    """In one chunk as line by line: what came before a good line tells nothing of now."""
    whole, single = intake(), intake()
    whole.lines(b"".join(line + b"\n" for line in lines))
    for line in lines:
        single.lines(line + b"\n")
    assert whole.ledger.rejects_since_good == single.ledger.rejects_since_good == run
    assert whole.ledger.totals == single.ledger.totals


@pytest.mark.parametrize("rejects", [[], [b"x"], [b"x", b"y"]])
def test_a_sample_of_what_was_counted_is_a_line_that_was(rejects: list[bytes]) -> None:
    """Not the rejects that came behind it in the same batch."""
    taken = intake()
    taken.lines(b"".join(line + b"\n" for line in [b"z", GOOD, *rejects]))
    taken.messages([GOOD, *rejects], believed=True)
    taken.messages([*rejects, b"z"], believed=True)
    assert list(taken.recent) == [GOOD, GOOD]


def test_the_sample_of_a_reject_ends_with_the_line() -> None:
    """CRLF ends a line of a file too."""
    taken = intake()
    taken.lines(b"x\r\n%b\r\n" % GOOD)
    assert list(taken.ledger.samples["unparsed"]) == [b"x"]


@pytest.mark.parametrize("length", [1024, 2048, 8192])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_messages_as_long_as_senders_cut_are_suspected(length: int, more: int) -> None:
    """HAProxy ends what it cut with an LF; logger counts without its header."""
    taken = intake()
    haproxy, logger = b"<134>Nov 23 17:00:00 haproxy[7]: ", b"<13>1 - vm nginx - - - "
    room = length + more - len(GOOD)
    long = GOOD.replace(b"/a", b"/a" + b"a" * (room - len(haproxy)))
    taken.messages([haproxy + long], believed=True)
    taken.messages([haproxy + long + b"\n"], believed=True)
    taken.messages([logger + GOOD.replace(b"/a", b"/a" + b"a" * room)], believed=True)
    assert taken.ledger.totals["truncated_suspect"] == (0 if more else 3)
    assert taken.ledger.totals["counted"] == 3


def test_the_ledger_of_old_lines_moves_where_the_lines_count() -> None:
    """Rejects beside a counted line; what tells no second, where somebody says, and not before."""
    subject = intake()
    rows = [b"x", stamped(time_local(T0 + 3)), b"y", stamped(time_local(T0 + 9)), b"z", b"z"]
    subject.lines(b"".join(row + b"\n" for row in rows))
    subject.lines(b"nobody knows when\n")

    def moved(second: int | None) -> dict[int, dict[str, int]]:
        exacts = subject.take(second).exact.items()
        return {at - T0: {name: n for (_, name), n in it.ledger.items()} for at, it in exacts}

    assert moved(None) == {
        3: {"counted": 1, "unparsed": 2, "received": 3},
        9: {"counted": 1, "unparsed": 2, "received": 3},
    }
    assert moved(T0 + 60) == {60: {"unparsed": 1, "received": 1}}


@pytest.mark.parametrize("head", [b"Nov 23 17:00:50 web1 ", b"2026-11-23T17:00:50+00:00 web1 "])
def test_a_file_that_syslog_writes_is_read_behind_its_headers(head: bytes) -> None:
    """As if the lines had come by syslog; those that say something else are filtered."""
    taken = intake()
    rows = [b"haproxy[8]: " + GOOD, b"rsyslogd: began", b"haproxy[8]: Proxy web started."]
    taken.lines(b"".join(head + row + b"\n" for row in rows) + GOOD + b"\n")
    assert (taken.ledger.totals["counted"], taken.ledger.totals["filtered"]) == (2, 2)
    assert {second: exact.hits for second, exact in taken.take(0).exact.items() if exact.hits} == {
        T0 + 50: 2
    }


def test_a_file_that_changes_hands_counts_alike_however_it_is_cut() -> None:
    """Bare lines at first, headers from the middle of a chunk on, and what is neither."""
    rows = [GOOD, b"x", b"Nov 23 17:00:51 web1 nginx: " + GOOD, b"Nov 23 17:00:51 web1 nginx: y"]
    rows += [GOOD, b"Nov 23 17:00:52 web1 rsyslogd: began", b"<134>Nov 23 17:00:52 nginx: " + GOOD]
    found = []
    for pieces in ([rows], [[row] for row in rows], [rows[:3], rows[3:]], [rows[:2], rows[2:]]):
        taken = intake()
        for piece in pieces:
            taken.lines(b"".join(row + b"\n" for row in piece))
        delta = taken.take(0)
        hits = {second: exact.hits for second, exact in delta.exact.items() if exact.hits}
        found.append((hits, taken.ledger.totals))
    assert found[0][0] == {T0 + 50: 4}
    totals = {name: n for name, n in found[0][1].items() if n}
    assert totals == {"received": 7, "counted": 4, "unparsed": 2, "filtered": 1}
    assert all(one == found[0] for one in found)


def test_a_file_of_many_programs_is_read_by_tag() -> None:
    """What another program wrote is filtered, also where its line could be read."""
    taken = intake(tags=frozenset([b"nginx"]))
    for tag in (b"nginx", b"other", b"nginx"):
        taken.lines(b"Nov 23 17:00:50 web1 %b: %b\n" % (tag, GOOD))
    taken.lines(GOOD + b"\n")
    assert (taken.ledger.totals["counted"], taken.ledger.totals["filtered"]) == (2, 2)


def test_a_pasted_format_that_begins_like_a_header_is_that_format() -> None:
    """The line is read whole where it can be."""
    spec = "log_format x '$time_iso8601 $host $request_method: \"$request\" $status';"
    taken = intake(spec)
    line = b'2026-11-23T17:00:50+00:00 shop.example GET: "GET /a HTTP/1.1" 200'
    taken.lines(line + b"\n")
    taken.messages([line], believed=False)
    assert {second: exact.hits for second, exact in taken.take(0).exact.items() if exact.hits} == {
        T0 + 50: 2
    }
