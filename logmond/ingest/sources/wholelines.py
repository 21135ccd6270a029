"""Where whole lines end in a chunk of bytes, and which are too long. Pure.

Files and standard input are read by the chunk and handed on by the chunk: no
line is touched here unless it is oversize, or the chunk holds NUL bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MAX_BYTES = 65536
"""The longest line, without its LF."""

# A writer that does not append leaves a hole where copytruncate cut the file, a
# crash one where blocks were never written: NUL bytes before the next line.
_HOLES = re.compile(rb"^\0+", re.MULTILINE)


class Piece(NamedTuple):
    """``data[begin:end]``: whole lines that fit, or one whole line that does not."""

    begin: int
    end: int
    fits: bool


def pieces(data: bytes, max_bytes: int = MAX_BYTES) -> Iterator[Piece]:
    """Cut the whole lines of `data` into pieces that follow each other from 0 on.

    What follows the last piece has no LF. Lines over `max_bytes` are pieces of
    their own; NUL bytes before a line do not count.
    """
    end = data.rfind(b"\n") + 1
    begin = line = position = 0
    while position < end:
        # All lines up to the last LF in reach of the longest line fit.
        reach = data.rfind(b"\n", position, position + max_bytes + 1) + 1
        if reach:
            line = position = reach
        elif data[position] == 0:
            position += leading_nuls(data, position)
        else:
            if begin < line:
                yield Piece(begin, line, fits=True)
            begin = data.index(b"\n", position) + 1
            yield Piece(line, begin, fits=False)
            line = position = begin
    if begin < end:
        yield Piece(begin, end, fits=True)


def leading_nuls(data: bytes, position: int = 0) -> int:
    """How many NUL bytes there are at `position`."""
    rest = data[position:]
    return len(rest) - len(rest.lstrip(b"\0"))


def without_holes(lines: bytes) -> bytes:
    """The lines without the NUL bytes before them."""
    if b"\0" not in lines:
        return lines
    return _HOLES.sub(b"", lines)
