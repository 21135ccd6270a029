"""Bytes of an admin connection become command lines, whatever client typed them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.interfaces.admin.lines import MAX_REFUSALS, CommandLines, TooLong

LONGEST = 32


def lines_of(*pieces: bytes) -> list[bytes | TooLong]:
    """The lines of a stream that arrives in these pieces."""
    lines = CommandLines(max_bytes=LONGEST)
    return [line for piece in pieces for line in lines.feed(piece)]


@pytest.mark.parametrize(
    ("typed", "lines"),
    [
        (b"status\n", [b"status"]),
        (b"status\r\n", [b"status"]),
        (b"status\r\0", [b"status"]),
        (b"\n\r\n", [b"", b""]),
        (b"st\0atus\n", [b"status"]),
        (b"a\nb\r\nc", [b"a", b"b"]),
        (b"\xff\xfd\x03status\n", [b"status"]),
        (b"sta\xff\xf1tus\n", [b"status"]),
        (b"\xff\xfa\x18\x00xterm\xff\xf0status\n", [b"status"]),
        (b"a\xff\xffb\n", [b"a\xffb"]),
        (b"oops\x03status\n", [b"status"]),
        (b"\x16\x03\x01r\nstatus\n", [b"\x16\x03\x01r", b"status"]),
    ],
    ids=[
        *("lf", "crlf", "crnul", "empty", "nul", "two", "offer", "nop", "sub", "0xff", "ctrl-c"),
        "tls",
    ],
)
def test_lines_come_without_their_ends_and_without_telnet(typed: bytes, lines: list[bytes]) -> None:
    """LF, CRLF and CR NUL end a line; IAC sequences are no part of it."""
    assert lines_of(typed) == lines


def test_an_interrupt_of_telnet_ends_the_line_and_empties_it() -> None:
    """Ctrl-C in telnet arrives as IAC IP: what was typed before it is not run."""
    assert lines_of(b"reloa\xff\xf4", b"status\n") == [b"", b"status"]


def test_a_line_of_the_longest_length_passes_and_a_longer_one_is_reported_once() -> None:
    """The limit counts the line without its end; the rest of a longer one is not kept."""
    assert lines_of(b"x" * LONGEST + b"\r\n") == [b"x" * LONGEST]
    pieces = [b"GET /" + b"x" * LONGEST, b"x" * 5000, b"x\nstatus\n"]
    assert lines_of(*pieces) == [TooLong(b"GET /" + b"x" * LONGEST), b"status"]


def test_memory_stays_bounded_on_a_line_that_never_ends() -> None:
    """A mebibyte without a newline makes a connection hopeless, and none of it is kept."""
    lines = CommandLines()
    reported = [line for _ in range(17) for line in lines.feed(b"x" * 65536)]
    assert len(reported) == 1
    assert lines.hopeless
    assert lines.close() == b""


def test_a_subnegotiation_that_never_ends_is_hopeless_too() -> None:
    """What a telnet sequence may hold back is bounded."""
    lines = CommandLines()
    lines.feed(b"\xff\xfa" + b"x" * 5000)
    assert lines.hopeless


def test_the_last_line_may_lack_its_end() -> None:
    """`printf status | nc -N` sends no newline."""
    lines = CommandLines()
    assert lines.feed(b"version\nstatus") == [b"version"]
    assert lines.unfinished
    assert lines.close() == b"status"


def test_offers_are_refused_and_refusals_are_bounded() -> None:
    """DO is answered by WONT, WILL by DONT; nobody can make us talk for ever."""
    lines = CommandLines()
    lines.feed(b"\xff\xfd\x06\xff\xfb\x1f\xff\xfe\x01\xff\xfc\x01")
    assert lines.take_refusals() == b"\xff\xfc\x06\xff\xfe\x1f"
    assert lines.take_refusals() == b""
    lines.feed(b"\xff\xfd\x01" * 1000)
    assert len(lines.take_refusals()) == 3 * (MAX_REFUSALS - 2)


PIECES = st.lists(
    st.sampled_from(
        [b"status", b"\r", b"\n", b"\0", b"\xff", b"\xfd", b"\xfa", b"\xf0", b"\x03", b"x" * 33]
    ),
    max_size=14,
).map(b"".join)


@settings(max_examples=200)
@given(PIECES, st.lists(st.integers(0, 200), max_size=8))
def test_any_cut_of_the_stream_gives_the_same_lines(stream: bytes, cuts: list[int]) -> None:
    """How the bytes were cut into packets changes nothing."""
    places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    pieces = [stream[a:b] for a, b in pairwise(places)]

    def shape(line: bytes | TooLong) -> object:
        return "too long" if isinstance(line, TooLong) else line

    assert list(map(shape, lines_of(*pieces))) == list(map(shape, lines_of(stream)))
