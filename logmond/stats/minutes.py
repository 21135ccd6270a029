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
        self._rolled: dict[int, bytes] = {}
        self._stale: set[int] = set()
        self._late: dict[int, Exact] = {}
        self._late_cells = 0

    def minute(self, start: int) -> Minute | None:
        """A minute that was evaluated and whose blocks are still kept, else None.

        None too when no source was observed in it and nothing is known of it.
        """
        evaluated = self._tiers.evaluated
        if evaluated is None or not self._first() <= start <= evaluated + 1 - MINUTE_S:
            return None
        total = Exact()
        for block in range(start, start + MINUTE_S, BLOCK_S):
            total.merge(self._block(block))
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
        if not self._kept or evaluated is None or start + MINUTE_S > evaluated + 1:
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
        if self._stale:
            self._roll_stale(block_of(second + 1) - BLOCKS_KEPT_S)

    def closed(self, second: int) -> None:
        """Second `second` was closed; roll the minute that it ends, if it does."""
        if self._kept and (second + 1) % MINUTE_S == 0:
            self._roll(second + 1 - MINUTE_S)

    def jumping(self, second: int) -> None:
        """A new epoch begins at `second`: frames may be forgotten, a minute stay unfinished."""
        evaluated = self._tiers.evaluated
        if not self._kept or evaluated is None:
            return
        self._roll_stale(None)
        if second > evaluated and (evaluated + 1) % MINUTE_S:
            self._stale.add(minute_of(evaluated))

    def changed(self) -> dict[int, bytes]:
        """Every minute that is new or changed since the last call, packed, by its start.

        Each stands for all that is known of its minute.
        """
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
