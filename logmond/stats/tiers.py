"""Frames kept in memory: open ones as they grow, closed ones packed.

Seconds for `SECONDS_KEPT`, blocks of ten for `BLOCKS_KEPT_S`. A second is
closed once, in order, when it is evaluated: cut to its caps and packed. A
block closes with its last second. Late lines are admitted to a closed span
where its caps leave room, else under ``(other)``. Answers about spans are
given from blocks where a whole block fits, else from seconds. No clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from logmond.frame.admit import admit
from logmond.frame.caps import Caps
from logmond.frame.cut import cut_bounded, cut_exact
from logmond.frame.frame import BLOCK_S, Bounded, CellKey, Delta, Exact
from logmond.frame.packing import (
    pack_bounded,
    pack_exact,
    unpack_bounded,
    unpack_clients,
    unpack_exact,
    unpack_samples,
    unpack_tops,
)
from logmond.frame.sketches import HyperLogLog, Top
from logmond.stats.rollups import ROLLUP_S, Rollups

SECONDS_KEPT = 300
"""Closed seconds kept one by one."""

BLOCKS_KEPT_S = 3600
"""Seconds of closed blocks kept."""

SECOND, BLOCK, BOUNDED = "second", "block", "bounded"
"""The kinds of packed frames in the durable state."""


def block_of(second: int) -> int:
    """The start of the block a second belongs to."""
    return second - second % BLOCK_S


class Tiers:
    """All frames of one daemon."""

    def __init__(self, caps: Caps, protects: Callable[[CellKey], bool] | None = None) -> None:
        self._caps = caps
        self._protects = protects or (lambda _key: False)
        self._open: dict[int, Exact] = {}
        self._seconds: dict[int, bytes] = {}
        self._blocks: dict[int, bytes] = {}
        self._bounded_open: dict[int, Bounded] = {}
        self._bounded: dict[int, bytes] = {}
        self._rollups = Rollups(caps)
        self._touched: set[tuple[str, int]] = set()
        self.evaluated: int | None = None

    def add(self, delta: Delta) -> dict[int, Exact]:
        """File what was counted; return what was added to already evaluated seconds."""
        late: dict[int, Exact] = {}
        for second, exact in delta.exact.items():
            if self.evaluated is None or second > self.evaluated:
                mine = self._open.setdefault(second, Exact())
                admit(mine, exact, self._caps.open_cells, self._caps.open_durations)
                self._touched.add((SECOND, second))
            elif second > self.evaluated - BLOCKS_KEPT_S:
                late[second] = self._add_late(second, exact)
        for start, bounded in delta.bounded.items():
            self._add_bounded(start, bounded)
        return late

    def _add_late(self, second: int, exact: Exact) -> Exact:
        """Admit late lines to their closed second and block; return them as admitted."""
        assert self.evaluated is not None
        added = exact
        if second > self.evaluated - SECONDS_KEPT:
            closed = self.second(second)
            added = admit(closed, exact, self._caps.second_cells, self._caps.second_durations)
            self._seconds[second] = pack_exact(closed)
            self._touched.add((SECOND, second))
        start = block_of(second)
        if start + BLOCK_S <= self.evaluated + 1:
            block = self.block(start)
            admit(block, exact, self._caps.block_cells, self._caps.block_durations)
            self._blocks[start] = pack_exact(block)
            self._rollups.add(start, exact)
            self._touched.add((BLOCK, start))
        return added

    def _add_bounded(self, start: int, bounded: Bounded) -> None:
        evaluated = self.evaluated
        if evaluated is not None and start <= evaluated - BLOCKS_KEPT_S:
            return
        if evaluated is not None and start + BLOCK_S <= evaluated + 1:
            closed = self.bounded(start)
            closed.merge(bounded)
            cut_bounded(closed, self._caps.top_keys)
            self._bounded[start] = pack_bounded(closed)
        else:
            mine = self._bounded_open.get(start)
            if mine is None:
                self._bounded_open[start] = bounded
            else:
                mine.merge(bounded)
        self._touched.add((BOUNDED, start))

    def close(self, second: int) -> Exact:
        """Close the next second to be evaluated; return its cut exact part."""
        self.evaluated = second
        exact = self._open.pop(second, None)
        if exact is None:
            exact = Exact()
        else:
            caps = self._caps
            cut_exact(exact, caps.second_cells, caps.second_durations, self._protects)
            self._seconds[second] = pack_exact(exact)
            self._touched.add((SECOND, second))
        if second % BLOCK_S == BLOCK_S - 1:
            self._close_block(block_of(second))
        self._seconds.pop(second - SECONDS_KEPT, None)
        return exact

    def _close_block(self, start: int) -> None:
        total = Exact()
        for second in range(start, start + BLOCK_S):
            packed = self._seconds.get(second)
            if packed is not None:
                total.merge(unpack_exact(packed))
        if total.cells or total.ledger:
            cut_exact(total, self._caps.block_cells, self._caps.block_durations, self._protects)
            self._blocks[start] = pack_exact(total)
            self._rollups.add(start, total)
            self._touched.add((BLOCK, start))
        self._rollups.close(start)
        self._rollups.drop(start - BLOCKS_KEPT_S)
        bounded = self._bounded_open.pop(start, None)
        if bounded is not None:
            cut_bounded(bounded, self._caps.top_keys)
            self._bounded[start] = pack_bounded(bounded)
            self._touched.add((BOUNDED, start))
        self._blocks.pop(start - BLOCKS_KEPT_S, None)
        self._bounded.pop(start - BLOCKS_KEPT_S, None)

    def second(self, second: int) -> Exact:
        """The exact part of one second still kept, open or closed."""
        packed = self._seconds.get(second)
        return self._open.get(second) or (unpack_exact(packed) if packed else Exact())

    def block(self, start: int) -> Exact:
        """The exact part of one closed block."""
        packed = self._blocks.get(start)
        return unpack_exact(packed) if packed else Exact()

    def bounded(self, start: int) -> Bounded:
        """The bounded part of one block, open or closed."""
        packed = self._bounded.get(start)
        return self._bounded_open.get(start) or (unpack_bounded(packed) if packed else Bounded())

    def exacts(self, first: int, last: int) -> Iterator[Exact]:
        """The exact parts of seconds `first` to `last`, both included, as few as there are.

        Whole closed blocks stand for their seconds, and rollups for their
        blocks; where single seconds are no longer kept, the span is rounded
        down to the block.
        """
        if self.evaluated is None:
            return
        second = first
        oldest = self.evaluated - SECONDS_KEPT
        if second <= oldest:
            second = block_of(second + BLOCK_S - 1)
        while second <= last:
            rollup = self._rollups.get(second) if second + ROLLUP_S - 1 <= last else None
            if rollup is not None:
                packed: bytes | None = rollup
                second += ROLLUP_S
            elif second % BLOCK_S == 0 and second + BLOCK_S - 1 <= min(last, self.evaluated):
                packed = self._blocks.get(second)
                second += BLOCK_S
            else:
                packed = self._seconds.get(second)
                second += 1
            if packed is not None:
                yield unpack_exact(packed)

    def tops(self, first: int, last: int, *, errors: bool) -> Iterator[dict[str, Top]]:
        """The tops of the blocks that hold seconds `first` to `last`, by dimension.

        Those over all lines, or those over failed ones.
        """
        for start in range(block_of(first), block_of(last) + 1, BLOCK_S):
            packed = self._bounded.get(start)
            if start in self._bounded_open:
                tops = self._bounded_open[start].tops
                yield {name: top for (name, failed), top in tops.items() if failed == errors}
            elif packed is not None:
                yield unpack_tops(packed, errors)

    def samples(self, start: int) -> list[tuple[str, str, str]]:
        """The sample lines of the block that starts here."""
        packed = self._bounded.get(start)
        if start in self._bounded_open:
            return self._bounded_open[start].samples
        return unpack_samples(packed) if packed else []

    def clients(self, first: int, last: int) -> Iterator[HyperLogLog]:
        """The distinct clients of the blocks that hold seconds `first` to `last`."""
        for start in range(block_of(first), block_of(last) + 1, BLOCK_S):
            packed = self._bounded.get(start)
            if start in self._bounded_open:
                yield self._bounded_open[start].clients
            elif packed is not None:
                yield unpack_clients(packed)

    def changed(self) -> dict[tuple[str, int], bytes | None]:
        """Every frame changed since the last call, packed, by (kind, start); None: it is gone."""
        changed: dict[tuple[str, int], bytes | None] = {}
        for kind, start in self._touched:
            if kind == SECOND:
                still_open = self._open.get(start)
                packed = pack_exact(still_open) if still_open else self._seconds.get(start)
            elif kind == BLOCK:
                packed = self._blocks.get(start)
            else:
                growing = self._bounded_open.get(start)
                packed = pack_bounded(growing) if growing else self._bounded.get(start)
            changed[kind, start] = packed
        self._touched.clear()
        return changed

    def forget_changes(self) -> None:
        """Nobody keeps what changed until now."""
        self._touched.clear()

    def expired(self) -> dict[str, int]:
        """By kind, the start before which no frame is kept any more."""
        if self.evaluated is None:
            return {}
        block = block_of(self.evaluated + 1) - BLOCKS_KEPT_S
        return {SECOND: self.evaluated - SECONDS_KEPT + 1, BLOCK: block, BOUNDED: block}

    def restore(self, frames: Mapping[tuple[str, int], bytes], evaluated: int) -> None:
        """Take back what `changed` gave over time, as of the second last evaluated."""
        self.evaluated = evaluated
        for (kind, start), packed in frames.items():
            if kind == SECOND and start > evaluated:
                self._open[start] = unpack_exact(packed)
            elif kind == SECOND:
                self._seconds[start] = packed
            elif kind == BLOCK:
                self._blocks[start] = packed
            elif start + BLOCK_S > evaluated + 1:
                self._bounded_open[start] = unpack_bounded(packed)
            else:
                self._bounded[start] = packed
        self._roll_again(evaluated)

    def jump(self, second: int) -> None:
        """Begin a new epoch, evaluated up to `second`.

        Set forward, what is recent enough stays. Set back, all is forgotten:
        nothing tells what was filed an hour ago under these seconds from what
        belongs to them now.
        """
        kept = self.evaluated is not None and second >= self.evaluated
        shelves: tuple[tuple[str, dict[int, Any], int], ...] = (
            (SECOND, self._seconds, second - SECONDS_KEPT),
            (SECOND, self._open, second),
            (BLOCK, self._blocks, second - BLOCKS_KEPT_S),
            (BOUNDED, self._bounded, second - BLOCKS_KEPT_S),
            (BOUNDED, self._bounded_open, block_of(second) - 1),
        )
        for kind, shelf, before in shelves:
            for start in [start for start in shelf if not kept or start <= before]:
                del shelf[start]
                self._touched.add((kind, start))
        self.evaluated = second
        self._roll_again(second)

    def _roll_again(self, evaluated: int) -> None:
        """Make the rollups from the blocks that are kept."""
        newest = block_of(evaluated + 1) - BLOCK_S
        self._rollups.rebuild(self.kept_blocks(), newest, newest + BLOCK_S - BLOCKS_KEPT_S)

    def oldest_open(self) -> int | None:
        """The oldest second that holds lines and is not evaluated, None without any."""
        return min((s for s, exact in self._open.items() if exact.cells), default=None)

    def kept_seconds(self) -> Iterator[tuple[int, Exact]]:
        """Every closed second kept, oldest first."""
        for second in sorted(self._seconds):
            yield second, unpack_exact(self._seconds[second])

    def kept_blocks(self) -> Iterator[tuple[int, Exact]]:
        """Every closed block kept, oldest first."""
        for start in sorted(self._blocks):
            yield start, unpack_exact(self._blocks[start])
