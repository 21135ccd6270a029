"""What a gzip file holds, from its beginning on, a bounded piece at a time.

Only forward: whoever wants to go on somewhere in it passes by what comes
before, and keeps nothing of that. A file that swells beyond all measure is no
log, and is not read to its end.
"""

from __future__ import annotations

import os
import zlib

MAX_RATIO = 400
"""Bytes a log may hold for each compressed one; access logs reach 10 to 50, deflate 1,030."""

_FREE_BYTES = 64 * 1024 * 1024  # before the ratio is looked at
_READ_BYTES = 64 * 1024
_GZIP = 31  # wbits: a gzip header and trailer, the largest window
_TRAILER_BYTES = 18  # the smallest file: header, no content, trailer


class Inflation:
    """Decompresses through a descriptor.

    Attributes:
        begin: of the held bytes in the content.
        ended: there is no more.
        fault: why it ended before its end, "" if it did not.
    """

    __slots__ = ("_decoder", "_held", "_read", "begin", "ended", "fault")

    def __init__(self) -> None:
        self.begin = 0
        self.ended = False
        self.fault = ""
        self._held = bytearray()
        self._decoder = zlib.decompressobj(_GZIP)
        self._read = 0

    @property
    def end(self) -> int:
        """How far the content is known."""
        return self.begin + len(self._held)

    def at(self, descriptor: int, place: int, wanted: int) -> bytes:
        """Up to `wanted` bytes at `place`, fewer only at the end; what is before is given up.

        Raises:
            OSError: the file cannot be read.
        """
        self._fill(descriptor, place + wanted)
        self._give_up(place)
        return bytes(self._held[:wanted])

    def pass_by(self, descriptor: int, place: int, most: int) -> bool:
        """Go towards `place`, at most `most` bytes; whether it, or the end, was reached.

        Raises:
            OSError: the file cannot be read.
        """
        stop = min(place, self.end + most)
        while self.end < stop and not self.ended:
            self._fill(descriptor, min(stop, self.end + _READ_BYTES))
            self._give_up(min(place, self.end))
        return self.ended or self.end >= place

    def _give_up(self, place: int) -> None:
        unwanted = min(max(0, place - self.begin), len(self._held))
        del self._held[:unwanted]
        self.begin += unwanted

    def _fill(self, descriptor: int, until: int) -> None:
        try:
            while self.end < until and not self.ended:
                self._step(descriptor, until - self.end)
        except zlib.error:
            self._stop("it is damaged")

    def _step(self, descriptor: int, most: int) -> None:
        if self._decoder.eof:
            more = self._decoder.unused_data or self._compressed(descriptor)
            if not more.strip(b"\0"):  # padding may follow the last member
                self.ended = True
                return
            self._decoder = zlib.decompressobj(_GZIP)
        else:
            more = self._decoder.unconsumed_tail or self._compressed(descriptor)
        data = self._decoder.decompress(more, most)
        self._held += data
        if not more and not data and not self._decoder.eof:
            self._stop("its end is missing")
        if self.end > _FREE_BYTES and self.end > MAX_RATIO * self._read:
            self._stop(f"it swells more than {MAX_RATIO} times")

    def _compressed(self, descriptor: int) -> bytes:
        data = os.pread(descriptor, _READ_BYTES, self._read)
        self._read += len(data)
        return data

    def _stop(self, fault: str) -> None:
        self.ended = True
        self.fault = fault


def beginning(descriptor: int, length: int) -> bytes:
    """The first bytes of what a gzip file holds; none if it is no such file.

    Raises:
        OSError: the file cannot be read.
    """
    return Inflation().at(descriptor, 0, length)


def announced_bytes(descriptor: int, size: int) -> int:
    """How much a gzip file of `size` says to hold, modulo 4 GiB, if it is of one member.

    Raises:
        OSError: the file cannot be read.
    """
    if size < _TRAILER_BYTES:
        return 0
    return int.from_bytes(os.pread(descriptor, 4, size - 4), "little")  # RFC 1952, ISIZE
