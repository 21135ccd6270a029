"""How far bytes have been counted, line by line. Pure: whoever reads the bytes owns them.

A cursor is given what follows its place and hands whole lines on. It moves past
what it handed on or counted, in the same call; an unterminated last line stays
before it until the line is whole. Only two things may be longer than a chunk
without an LF, and are passed by with nothing kept: a line that is too long,
counted once when it ends, and a hole of NUL bytes.
"""

from __future__ import annotations

from logmond.ingest.ledger import SAMPLE_BYTES
from logmond.ingest.sources.seam import Intake
from logmond.ingest.sources.wholelines import MAX_BYTES, leading_nuls, pieces, without_holes

CHUNK_BYTES = 128 * 1024
"""The most bytes given at once; more than the longest line."""


class Cursor:
    """A place in a stream of lines.

    Attributes:
        offset: of the first byte not counted; always the beginning of a line.
        ahead: bytes after it that were given and need not be given again.
        in_hole: whether those are NUL bytes, rather than a line that is too long.
        newest: the newest second counted.
    """

    __slots__ = ("_intake", "_max_bytes", "_sample", "ahead", "in_hole", "newest", "offset")

    def __init__(self, intake: Intake, max_bytes: int = MAX_BYTES) -> None:
        if max_bytes >= CHUNK_BYTES:
            raise ValueError(f"a line of {max_bytes} bytes does not fit a chunk")
        self.offset = 0
        self.ahead = 0
        self.in_hole = False
        self.newest: int | None = None
        self._intake = intake
        self._max_bytes = max_bytes
        self._sample = b""

    def take(self, data: bytes) -> bool:
        """Count what can be counted of the bytes that follow `offset` + `ahead`.

        False if some of them were not looked at: give what follows again.
        """
        if not self.ahead:
            self._take_lines(data)
            return True
        return self._pass_hole(data) if self.in_hole else self._pass_oversize(data)

    def look_again(self) -> None:
        """Want everything after `offset` again."""
        self._stand(0)

    def forsake_tail(self) -> None:
        """Count the unterminated tail that was given, if any: it will not be whole."""
        if self.ahead and not self.in_hole:
            self._intake.ledger.reject("oversize", self._sample)
        elif self._sample:
            self._intake.ledger.reject("cut", self._sample)
        self._stand(0)

    def _take_lines(self, data: bytes) -> None:
        end = 0
        for begin, end, fits in pieces(data, self._max_bytes):
            if fits:
                self._hand_over(data[begin:end])
            else:
                text = begin + leading_nuls(data, begin)
                self._intake.ledger.reject("oversize", data[text : text + SAMPLE_BYTES])
            self.offset += end - begin
        rest = len(data) - end
        hole = leading_nuls(data, end)
        self._sample = data[end + hole : end + hole + SAMPLE_BYTES]
        if hole < rest:
            self.offset += hole
            if rest - hole > self._max_bytes:
                self.ahead = rest - hole
        elif rest >= CHUNK_BYTES:
            # A shorter one is given again: somebody may write into it.
            self.ahead, self.in_hole = rest, True

    def _pass_hole(self, data: bytes) -> bool:
        hole = leading_nuls(data)
        if hole == len(data):
            self.ahead += hole
            return True
        self._stand(self.ahead + hole)
        return False

    def _pass_oversize(self, data: bytes) -> bool:
        stop = data.find(b"\n")
        if stop < 0:
            self.ahead += len(data)
            return True
        self._intake.ledger.reject("oversize", self._sample)
        self._stand(self.ahead + stop + 1)
        return False

    def _stand(self, step: int) -> None:
        self.offset += step
        self.ahead, self.in_hole, self._sample = 0, False, b""

    def _hand_over(self, chunk: bytes) -> None:
        newest = self._intake.lines(without_holes(chunk))
        if newest is not None and (self.newest is None or newest > self.newest):
            self.newest = newest
