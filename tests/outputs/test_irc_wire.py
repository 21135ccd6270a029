"""IRC's lines, read and written."""

from __future__ import annotations

from base64 import b64decode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.outputs.ircwire import Line, lines_of, parsed, pieces, sasl_plain


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            b":irc.test 001 logmond :Hello there",
            Line("irc.test", "001", ("logmond", "Hello there")),
        ),
        (b"PING :irc.test\r", Line("", "PING", ("irc.test",))),
        (b"PING irc.test\r\n", Line("", "PING", ("irc.test",))),
        (b":bot!b@host JOIN #ops", Line("bot!b@host", "JOIN", ("#ops",))),
        (b":bot!b@host JOIN :#ops", Line("bot!b@host", "JOIN", ("#ops",))),
        (b"@t=1 :a!b@c PRIVMSG #ops :hi: there", Line("a!b@c", "PRIVMSG", ("#ops", "hi: there"))),
        (b"authenticate +", Line("", "AUTHENTICATE", ("+",))),
        (b":irc.test 404 x #ops :", Line("irc.test", "404", ("x", "#ops", ""))),
        (b"\xff\xfe x", Line("", "\\XFF\\XFE", ("x",))),
        (b"", None),
        (b":onlyprefix", None),
        (b"@tags", None),
    ],
)
def test_a_line_is_taken_apart(raw: bytes, expected: Line | None) -> None:
    """Prefix, command, parameters, the last with spaces."""
    assert parsed(raw) == expected


@settings(max_examples=200)
@given(st.binary(max_size=600))
def test_no_line_is_too_strange_to_read(raw: bytes) -> None:
    """Servers pass on what strangers write."""
    line = parsed(raw)
    assert line is None or line.command == line.command.upper()


@settings(max_examples=200)
@given(st.text(max_size=300), st.integers(8, 60))
def test_pieces_fit_and_lose_nothing_but_spaces(text: str, limit: int) -> None:
    """Whatever the characters: no piece is longer than allowed or cut within one."""
    text = text.encode("utf-8", "ignore").decode()
    found = list(pieces(text, limit))
    assert all(0 < len(piece.encode()) <= limit for piece in found)
    assert "".join("".join(found).split()) == "".join(text.split())


def test_a_long_line_is_cut_between_words() -> None:
    """So that it reads on."""
    assert list(pieces("aaaa bbbb cccc dddd", 10)) == ["aaaa bbbb", "cccc dddd"]


def test_a_long_message_says_how_much_it_left_out() -> None:
    """A channel is no place for fifty lines."""
    text = "\n".join(f"line {number}" for number in range(50))
    assert lines_of(text, 3) == ["line 0", "line 1", "... 48 more lines"]
    assert lines_of("one\n\ntwo", 3) == ["one", "two"]


@pytest.mark.parametrize("length", [1, 290, 298, 299, 300, 1000])
def test_sasl_comes_in_pieces_of_400_bytes_that_end_with_a_shorter_one(length: int) -> None:
    """IRCv3's rule; a last piece of exactly 400 is followed by a plus."""
    found = list(sasl_plain("me", "p" * length))
    assert all(len(piece) <= 400 for piece in found)
    assert len(found[-1]) < 400
    joined = "".join(piece for piece in found if piece != "+")
    assert b64decode(joined) == b"\0me\0" + b"p" * length
