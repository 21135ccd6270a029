"""Five-minute sums of blocks, so that an hour is answered from a dozen frames.

They hold nothing the blocks do not: after a restart they are made again from
them. No clock.
"""

from __future__ import annotations

from collections.abc import Iterable

from logmond.frame.admit import admit
from logmond.frame.caps import Caps
from logmond.frame.cut import cut_exact
from logmond.frame.frame import BLOCK_S, Exact
from logmond.frame.packing import pack_exact, unpack_exact

ROLLUP_S = 300
"""Seconds of a rollup; rollups start at multiples of it."""


class Rollups:
    """The closed rollups, packed, and the one that grows with every block."""

    def __init__(self, caps: Caps) -> None:
        self._caps = caps
        self._closed: dict[int, bytes] = {}
        self._open = Exact()
        self._open_start: int | None = None

    def add(self, block_start: int, exact: Exact) -> None:
        """Take a block that closed, or late lines of one that did."""
        start = block_start - block_start % ROLLUP_S
        packed = self._closed.get(start)
        caps = self._caps
        if packed is not None:
            rollup = unpack_exact(packed)
            admit(rollup, exact, caps.block_cells, caps.block_durations)
            self._closed[start] = pack_exact(rollup)
            return
        if self._open_start is None or start > self._open_start:
            self._open, self._open_start = Exact(), start
        if start == self._open_start:
            admit(self._open, exact, caps.open_cells, caps.open_durations)

    def close(self, block_start: int) -> None:
        """The block that starts here has closed; close the rollup it ends, if it does."""
        start = block_start - block_start % ROLLUP_S
        if block_start + BLOCK_S == start + ROLLUP_S:
            # Kept even when empty: that there was nothing is an answer too.
            rollup = self._open if self._open_start == start else Exact()
            cut_exact(rollup, self._caps.block_cells, self._caps.block_durations)
            self._closed[start] = pack_exact(rollup)
            self._open, self._open_start = Exact(), None

    def drop(self, before: int) -> None:
        """Forget rollups that start before a second."""
        for start in [start for start in self._closed if start < before]:
            del self._closed[start]

    def rebuild(self, blocks: Iterable[tuple[int, Exact]], last: int, first: int) -> None:
        """Make all anew from the blocks from second `first` to the last closed one's start."""
        self._closed.clear()
        self._open, self._open_start = Exact(), None
        kept = dict(blocks)
        for start in range(first - first % BLOCK_S, last + 1, BLOCK_S):
            if start in kept:
                self.add(start, kept[start])
            self.close(start)

    def get(self, start: int) -> bytes | None:
        """The closed rollup that starts here, packed; None when there is none."""
        return self._closed.get(start)
