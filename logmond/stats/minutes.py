"""Minutes for the history: each is rolled once it has been evaluated to its end.

A minute is the sum of its six blocks, together with which sources were not
observed for all of it. While its blocks are kept, a late line makes it be
rolled anew; lines for older minutes are gathered, to be added to what the
history holds. Nothing is rolled that nobody keeps. No clock, no database.
"""

from __future__ import annotations

from collections.abc import Callable

from logmond.frame.admit import admit
from logmond.frame.caps import Caps
from logmond.frame.frame import BLOCK_S, CellKey, Exact
from logmond.frame.minutes import MINUTE_S, Minute, cut_minute, minute_of, pack_minute
from logmond.stats.coverage import Coverage
from logmond.stats.tiers import BLOCKS_KEPT_S, Tiers, block_of

LATE_MINUTES = 1440
"""Minutes that late lines are gathered for between two commits."""

LATE_CELLS = 16_384
"""Cells of all these minutes together; beyond them new keys are folded."""


class Minutes:
    """The minutes of one daemon, made from the frames that its tiers keep."""

    def __init__(
        self,
        tiers: Tiers,
        coverage: Coverage,
        caps: Caps,
        protects: Callable[[CellKey], bool],
        *,
        kept: bool,
    ) -> None:
        """`kept`: whether somebody asks for `changed` and `late` after every tick."""
        self.dropped = 0
        """Late lines of which not even the minute could be kept; they count in no minute."""
        self._tiers = tiers
        self._coverage = coverage
        self._caps = caps
        self._protects = protects
        self._kept = kept
        self._asked = False
        self._rolled: dict[int, bytes] = {}
        self._stale: set[int] = set()
        self._sum = Exact()
        """The closed blocks of the minute that runs, as long as each was seen to close."""
        self._sum_from: int | None = None
        self._sum_to = 0
        self._newest: tuple[int, Minute] | None = None
        self._ended: int | None = None
        self._late: dict[int, Exact] = {}
        self._late_cells = 0

    def minute(self, start: int) -> Minute | None:
        """A minute that was evaluated and whose blocks are still kept, else None.

        None too when no source was observed in it and nothing is known of it.
        """
        evaluated = self._tiers.evaluated
        self._asked = True
        self._end()
        if evaluated is None or not self._first() <= start <= evaluated + 1 - MINUTE_S:
            return None
        if self._newest is not None and self._newest[0] == start:
            return self._newest[1]
        total = Exact()
        for block in range(start, start + MINUTE_S, BLOCK_S):
            total.merge(self._block(block))
        return self._made(start, total)

    def _made(self, start: int, total: Exact) -> Minute | None:
        """The minute of which `total` is the sum."""
        unobserved = self._coverage.unobserved(start, start + MINUTE_S - 1)
        if not (total.cells or total.ledger) and not self._coverage.seen(
            start, start + MINUTE_S - 1
        ):
            return None
        cut_minute(total, self._caps, self._protects)
        return Minute(total, tuple(unobserved))

    def _block(self, start: int) -> Exact:
        """A block; one that a new epoch cut short, from its seconds."""
        block = self._tiers.block(start)
        if not (block.cells or block.ledger):
            for second in range(start, start + BLOCK_S):
                block.merge(self._tiers.second(second))
        return block

    def _first(self) -> int:
        """The oldest minute all of whose blocks are kept, at the earliest."""
        assert self._tiers.evaluated is not None
        return block_of(self._tiers.evaluated + 1) - BLOCKS_KEPT_S

    def take(self, second: int, exact: Exact) -> None:
        """Lines have arrived for a second; must be told before the tiers close another one."""
        evaluated = self._tiers.evaluated
        start = minute_of(second)
        if evaluated is None or second > evaluated:
            return
        if start == self._sum_from and second < self._sum_to:
            admit(self._sum, exact, self._caps.open_cells, self._caps.open_durations)
        if self._newest is not None and self._newest[0] == start:
            self._newest = None
        if not self._kept or start + MINUTE_S > evaluated + 1:
            return
        if start >= self._first():
            self._stale.add(start)
            return
        mine = self._late.get(start)
        if mine is None:
            if len(self._late) >= LATE_MINUTES:
                self.dropped += exact.hits
                return
            mine = self._late[start] = Exact()
        before = len(mine.cells)
        room = max(0, min(self._caps.minute_cells - before, LATE_CELLS - self._late_cells))
        admit(mine, exact, before + room, self._caps.minute_durations)
        self._late_cells += len(mine.cells) - before

    def closing(self, second: int) -> None:
        """Second `second` is about to be closed, whereupon the oldest block may go."""
        self._end()
        if self._stale:
            self._roll_stale(block_of(second + 1) - BLOCKS_KEPT_S)

    def closed(self, second: int) -> None:
        """Second `second` was closed; when it ends a minute, that is rolled when next asked."""
        if (second + 1) % BLOCK_S or not (self._kept or self._asked):
            return
        start = minute_of(second)
        if start != self._sum_from and start == second + 1 - BLOCK_S:
            self._sum, self._sum_from, self._sum_to = Exact(), start, start
        if start == self._sum_from and self._sum_to == second + 1 - BLOCK_S:
            self._sum.merge(self._tiers.block(self._sum_to))
            self._sum_to += BLOCK_S
        if (second + 1) % MINUTE_S == 0:
            self._ended = start

    def _end(self) -> None:
        """Roll the minute that was evaluated to its end.

        Not in the second that ends it, which closes a block and takes long enough.
        """
        start, self._ended = self._ended, None
        if start is None:
            return
        minute = None
        if self._sum_from == start and self._sum_to == start + MINUTE_S:
            minute = self._made(start, self._sum)
        self._sum, self._sum_from = Exact(), None
        self._newest = None if minute is None else (start, minute)
        if self._kept:
            self._roll(start)

    def jumping(self, second: int) -> None:
        """A new epoch begins at `second`: frames may be forgotten, a minute stay unfinished."""
        evaluated = self._tiers.evaluated
        self._end()
        self._sum, self._sum_from, self._newest = Exact(), None, None
        if not self._kept or evaluated is None:
            return
        self._roll_stale(None)
        if second > evaluated and (evaluated + 1) % MINUTE_S:
            self._stale.add(minute_of(evaluated))

    def changed(self) -> dict[int, bytes]:
        """Every minute that is new or changed since the last call, packed, by its start.

        Each stands for all that is known of its minute.
        """
        self._end()
        self._roll_stale(None)
        rolled, self._rolled = self._rolled, {}
        return rolled

    def late(self) -> dict[int, bytes]:
        """Packed lines for older minutes since the last call, to be added to what is kept."""
        late, self._late = self._late, {}
        self._late_cells = 0
        for exact in late.values():
            cut_minute(exact, self._caps)
        return {start: pack_minute(Minute(exact, None)) for start, exact in late.items()}

    def _roll_stale(self, before: int | None) -> None:
        """Roll the stale minutes anew that start before a second, or all."""
        for start in [start for start in self._stale if before is None or start < before]:
            self._stale.discard(start)
            self._roll(start)

    def _roll(self, start: int) -> None:
        minute = self.minute(start)
        if minute is not None:
            self._rolled[start] = pack_minute(minute)
