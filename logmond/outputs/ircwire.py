"""The language of IRC, as far as somebody who only tells something speaks it. No sockets.

RFC 1459 and 2812, and of IRCv3 message tags (skipped) and SASL PLAIN.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

TEXT_BYTES = 400
"""Bytes of text on one line.

A line has 512 (RFC 1459, section 2.3), and the server puts our name, host and
the channel before the text when it passes it on.
"""

_SASL_BYTES = 400


@dataclass(frozen=True, slots=True)
class IrcServer:
    """Where, and as whom.

    `target` is a channel (``#ops``) or somebody's nick. With an `account` the
    password is the account's, by SASL; else it is the server's.
    """

    host: str
    port: int
    tls: bool
    target: str
    nick: str = "logmond"
    account: str | None = None
    password: str | None = None
    key: str | None = None
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line from the server: who, what (upper case, or three digits), and its parameters."""

    prefix: str
    command: str
    params: tuple[str, ...]

    @property
    def nick(self) -> str:
        """Whose name stands first in the prefix; a server's is its host name."""
        return self.prefix.partition("!")[0]

    @property
    def last(self) -> str:
        """The last parameter, where servers put words for people."""
        return self.params[-1] if self.params else ""


def parsed(raw: bytes) -> Line | None:
    """A line without its end, None for an empty one; what is not UTF-8 is kept legible."""
    text = raw.decode("utf-8", "backslashreplace").strip(" \r\n\0")
    if text.startswith("@"):
        text = text.partition(" ")[2].lstrip(" ")
    prefix = ""
    if text.startswith(":"):
        prefix, _, text = text[1:].partition(" ")
    head, colon, trailing = text.lstrip(" ").partition(" :")
    words = head.split()
    if not words:
        return None
    params = (*words[1:], trailing) if colon else tuple(words[1:])
    return Line(prefix, words[0].upper(), params)


def pieces(text: str, limit: int = TEXT_BYTES) -> Iterator[str]:
    """A line of text as lines of at most `limit` bytes, cut between words where that can be."""
    rest = " ".join(text.split())
    while len(rest.encode()) > limit:
        # A character cut in two is dropped here, and stands whole at the start of the next.
        head = rest.encode()[:limit].decode("utf-8", "ignore")
        space = head.rfind(" ")
        if space > limit // 2:
            head = head[:space]
        yield head
        rest = rest[len(head) :].lstrip(" ")
    if rest:
        yield rest


def lines_of(text: str, most: int) -> list[str]:
    """A text as lines that may be sent, `most` of them; the last says how many were left out."""
    found = [piece for line in text.splitlines() for piece in pieces(line)]
    if len(found) <= most:
        return found
    left = len(found) - (most - 1)
    return [*found[: most - 1], f"... {left:,} more lines"]


def sasl_plain(account: str, password: str) -> Iterator[str]:
    """What AUTHENTICATE takes after ``PLAIN`` (RFC 4616), in the pieces IRCv3 asks for."""
    encoded = b64encode(f"\0{account}\0{password}".encode()).decode()
    for start in range(0, len(encoded), _SASL_BYTES):
        yield encoded[start : start + _SASL_BYTES]
    if len(encoded) % _SASL_BYTES == 0:
        yield "+"  # a full last piece is not known to be the last
