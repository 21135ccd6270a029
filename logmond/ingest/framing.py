"""Bytes of a stream become whole messages. No sockets, no clock.

RFC 6587 knows two framings, senders use four (LF, CRLF, NUL, octet counting),
and relays mix them on one connection. So the framing is recognised anew at the
start of every message, never remembered, by one signature: an octet-counted
frame begins with ``DIGITS SP <PRI>``. Everything else runs to its LF or NUL.
A bare access line begins with digits too (``10.0.0.1 - - ...``), hence the
whole signature is asked for, and the answer has three outcomes: yes, no, need
more.

Between two calls the framer is in one of these states:

===== ============================================ ===========================
state what is held                                 what ends it
===== ============================================ ===========================
start nothing                                      any byte
count a possible beginning of the signature        the byte that decides
line  the beginning of a line                      LF, NUL, or `max_bytes`
frame the beginning of an octet-counted frame      its last byte
skip  nothing: the rest of a line over `max_bytes` LF or NUL
===== ============================================ ===========================

What is held never exceeds `max_bytes` and the count's few digits, whatever a
peer announces.
"""

from __future__ import annotations

import re
from typing import Literal

from logmond.errors import FramingError
from logmond.ingest.ledger import SAMPLE_BYTES

MAX_COUNT_DIGITS = 7
"""Digits of an octet count that are still read as a number (CVE-2022-24903: rsyslog
wrote the digits of a count past the end of its buffer)."""

_SIGNATURE = re.compile(rb"(-?[0-9]++) <(?:[0-9]|[1-9][0-9]|1[0-8][0-9]|19[01])>")
_UNDECIDED = re.compile(rb"-?(?:[0-9]++(?: (?:<[0-9]{0,3})?)?)?")
_COUNT_STARTS = frozenset(b"-0123456789")

_State = Literal["start", "count", "line", "frame", "skip"]


class StreamFramer:
    """Cuts one connection's bytes into messages.

    Messages come without their terminator (LF, CRLF or NUL; for octet-counted
    ones a trailing LF inside the count, as rsyslog and syslog-ng send it); empty
    ones are dropped. An LF inside an octet-counted frame is part of its message.
    However the stream is cut into calls, the messages are the same.
    """

    __slots__ = ("_held", "_max_bytes", "_needed", "_oversize", "_state")

    def __init__(self, max_bytes: int = 65536) -> None:
        self._max_bytes = max_bytes
        self._held = bytearray()
        self._state: _State = "start"
        self._needed = 0
        self._oversize: list[bytes] = []

    def feed(self, data: bytes) -> list[bytes]:
        """Take what arrived; return the messages it completed, oldest first.

        Raises:
            FramingError: an octet count is negative, too long, over `max_bytes`,
                or less than its own priority. Nothing is held any more, and the
                connection must be closed; the error carries the messages that
                were `completed` before it.
        """
        if self._waits(data):
            return []
        if self._held:
            data = bytes(self._held) + data
            self._held.clear()
        messages: list[bytes] = []
        # NUL ends a line as LF does: one byte for the other keeps every offset.
        marked = data.replace(b"\0", b"\n") if b"\0" in data else data
        position = 0
        if self._state == "skip":
            position = marked.index(b"\n") + 1
        self._state = "start"
        if b" <" in data:
            position = self._mixed(data, marked, position, messages)
        else:
            position = self._lines(marked, position, messages)
        if position < len(data):
            self._hold(data, position)
        return messages

    @property
    def held(self) -> int:
        """Bytes held of a message that has not ended."""
        return len(self._held)

    def close(self) -> bytes:
        """The connection has ended: return what was not terminated, empty when nothing was."""
        tail = bytes(self._held)
        self._held.clear()
        self._state = "start"
        return tail.rstrip(b"\r")

    def take_oversize(self) -> list[bytes]:
        """The beginnings of the lines over `max_bytes` since the last call, one for each line."""
        taken, self._oversize = self._oversize, []
        return taken

    def _waits(self, data: bytes) -> bool:
        """Whether `data` cannot complete anything; it is then held (or skipped) already."""
        size = len(self._held) + len(data)
        match self._state:
            case "start":
                return not data
            case "skip":
                return b"\n" not in data and b"\0" not in data
            case "frame":
                waits = size < self._needed
            case "line":
                waits = size <= self._max_bytes and b"\n" not in data and b"\0" not in data
            case "count":
                waits = size <= self._max_bytes and data.isdigit()
        if waits:
            self._held += data
        return waits

    def _lines(self, marked: bytes, position: int, messages: list[bytes]) -> int:
        """Cut lines where no octet-counted frame can be; return where the rest begins."""
        end = marked.rfind(b"\n") + 1
        if end <= position:
            return position
        lines = marked[position : end - 1].split(b"\n")
        if end - position > self._max_bytes:
            lines = [line for line in lines if self._fits(line)]
        if b"\r" in marked:
            lines = [line[:-1] if line[-1:] == b"\r" else line for line in lines]
        messages.extend(filter(None, lines))
        return end

    def _mixed(self, data: bytes, marked: bytes, position: int, messages: list[bytes]) -> int:
        """Cut message by message, looking for the signature; return where the rest begins."""
        size = len(data)
        max_bytes = self._max_bytes
        while position < size:
            if data[position] in _COUNT_STARTS and (
                found := _SIGNATURE.match(data, position, position + max_bytes)
            ):
                begin = found.end(1) + 1
                count = int(found[1]) if begin - position <= MAX_COUNT_DIGITS + 1 else -1
                if not found.end() - begin <= count <= max_bytes:
                    raise self._refused(found[1].decode(), messages)
                if begin + count > size:
                    self._state, self._needed = "frame", begin + count - position
                    return position
                position = begin + count
                messages.append(data[begin:position].rstrip(b"\r\n\0"))
                continue
            end = marked.find(b"\n", position)
            if end < 0:
                return position
            line = data[position:end]
            position = end + 1
            if self._fits(line):
                line = line[:-1] if line[-1:] == b"\r" else line
                if line:
                    messages.append(line)
        return position

    def _refused(self, count: str, messages: list[bytes]) -> FramingError:
        """What to raise for a count that no frame can have."""
        shown = count if len(count) <= 20 else f"{len(count)} digits"
        limit = f"frames up to {self._max_bytes} bytes are read"
        return FramingError(f"impossible octet count {shown}: {limit}", messages)

    def _fits(self, line: bytes) -> bool:
        """Whether a line is within `max_bytes`; if not, it is noted as oversize."""
        if len(line) <= self._max_bytes:
            return True
        self._oversize.append(line[: min(SAMPLE_BYTES, self._max_bytes)])
        return False

    def _hold(self, data: bytes, position: int) -> None:
        """Keep the unfinished rest for the next call, or skip it when it is too long already."""
        rest = data[position:]
        if self._state == "frame":
            self._held += rest
        elif not self._fits(rest):
            self._state = "skip"
        else:
            self._held += rest
            self._state = "count" if _UNDECIDED.fullmatch(rest) else "line"
