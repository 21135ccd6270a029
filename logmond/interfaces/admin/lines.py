r"""Bytes of an admin connection become command lines. No sockets, no clock.

Lines end in LF or CRLF; telnet's CR NUL will do too. Telnet's own talk
(RFC 854: IAC sequences) is taken out and its offers are refused. A line that is
too long is reported once and the rest of it is not kept.
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_LINE_BYTES = 4096
"""Longest command."""

MAX_DISCARDED_BYTES = 1024 * 1024
"""Bytes without a newline after which nothing sensible will follow."""

MAX_REFUSALS = 64
"""Telnet offers answered on one connection; no client makes as many."""

TLS_BEGINS = b"\x16\x03"
"""A handshake record of TLS (RFC 8446, section 5.1). A line that begins so is kept as it is."""

_KEPT_BYTES = 64

_IAC, _DONT, _DO, _WONT, _WILL, _SB, _IP, _BREAK, _SE = 255, 254, 253, 252, 251, 250, 244, 243, 240
_INTERRUPT = b"\x03"


@dataclass(frozen=True, slots=True)
class TooLong:
    """A line that was not kept, but for its `start`."""

    start: bytes


class CommandLines:
    """The reading side of one connection.

    `hopeless` is set once `MAX_DISCARDED_BYTES` came without a newline.
    """

    def __init__(
        self, max_bytes: int = MAX_LINE_BYTES, max_discarded: int = MAX_DISCARDED_BYTES
    ) -> None:
        self.hopeless = False
        self._max_bytes = max_bytes
        self._max_discarded = max_discarded
        self._line = b""
        self._telnet = b""
        self._discarded: int | None = None
        self._refusals = bytearray()
        self._refused = 0

    @property
    def unfinished(self) -> bool:
        """Whether a line has begun that has not ended."""
        return bool(self._line or self._telnet) or self._discarded is not None

    def feed(self, data: bytes) -> list[bytes | TooLong]:
        """Take what arrived; return the lines it completed, and those that are too long."""
        # CR NUL may come in two pieces: the CR then waits in the unfinished line.
        text = self._line + self._without_telnet(data)
        text = text.replace(b"\r\0", b"\n").replace(b"\0", b"")
        *ended, self._line = text.split(b"\n")
        lines = [line for raw in ended for line in self._ended(raw)]
        if self._discarded is not None:
            self._discard(len(self._line))
        elif self._too_long(self._line):
            lines.append(TooLong(self._line[:_KEPT_BYTES]))
            self._discard(len(self._line))
        return lines

    def close(self) -> bytes:
        """The last line, where the peer ended its side without ending the line."""
        rest, self._line = self._line, b""
        return _typed(rest)

    def take_refusals(self) -> bytes:
        """What to answer to the telnet offers since the last call."""
        refusals = bytes(self._refusals)
        self._refusals.clear()
        return refusals

    def _ended(self, raw: bytes) -> list[bytes | TooLong]:
        if self._discarded is not None:
            self._discarded = None
            return []
        return [TooLong(raw[:_KEPT_BYTES]) if self._too_long(raw) else _typed(raw)]

    def _too_long(self, raw: bytes) -> bool:
        return len(raw.removesuffix(b"\r")) > self._max_bytes

    def _discard(self, count: int) -> None:
        self._line = self._line[-1:] if self._line.endswith(b"\r") else b""
        self._discarded = (self._discarded or 0) + count
        self.hopeless = self._discarded > self._max_discarded

    def _without_telnet(self, data: bytes) -> bytes:
        """The data without IAC sequences; an unfinished one waits for the next call."""
        data = self._telnet + data
        self._telnet = b""
        kept, at = [], 0
        while (mark := data.find(_IAC, at)) >= 0:
            kept.append(data[at:mark])
            at = self._after_sequence(data, mark, kept)
            if at < 0:
                self._telnet = data[mark:]
                self.hopeless = self.hopeless or len(self._telnet) > self._max_bytes
                return b"".join(kept)
        kept.append(data[at:])
        return b"".join(kept)

    def _after_sequence(self, data: bytes, mark: int, kept: list[bytes]) -> int:
        """Where the sequence that begins at `mark` ends, or -1 when not all of it is here."""
        code = data[mark + 1] if mark + 1 < len(data) else None
        if code is None:
            return -1
        if code == _SB:
            end = data.find(bytes((_IAC, _SE)), mark + 2)
            return end + 2 if end >= 0 else -1
        if _WILL <= code <= _DONT:
            if mark + 2 >= len(data):
                return -1
            self._refuse(code, data[mark + 2])
            return mark + 3
        if code == _IAC:
            kept.append(b"\xff")
        elif code in (_IP, _BREAK):
            kept.append(_INTERRUPT + b"\n")
        return mark + 2

    def _refuse(self, code: int, option: int) -> None:
        # After Ctrl-C a telnet client shows nothing until its DO TIMING-MARK is answered.
        answer = {_DO: _WONT, _WILL: _DONT}.get(code)
        if answer is not None and self._refused < MAX_REFUSALS:
            self._refused += 1
            self._refusals += bytes((_IAC, answer, option))


def _typed(raw: bytes) -> bytes:
    """A line without its CR and without what was typed before an interrupt."""
    if raw.startswith(TLS_BEGINS):  # the version in it would pass for an interrupt
        return raw
    return raw.removesuffix(b"\r").rpartition(_INTERRUPT)[2]
