"""The shared statistics: one place where every frame goes in and every answer comes out.

Sources put in what they counted (`add`); the daemon's tick evaluates second by
second (`advance`); rules read running sums (`series`), people ask (`summary`,
`top`...). A late line is added where it belongs and changes later evaluations
only. No clock: the evaluated second is an argument.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from logmond.frame.caps import Caps
from logmond.frame.frame import CellKey, Delta
from logmond.frame.minutes import Minute
from logmond.frame.selector import Selector
from logmond.stats.changes import Comparison, Question, compared
from logmond.stats.coverage import Coverage
from logmond.stats.minutes import Minutes
from logmond.stats.queries import Queries
from logmond.stats.results import Summary, TopTable
from logmond.stats.series import Series
from logmond.stats.tiers import BLOCKS_KEPT_S, Tiers

GAP_MEMORY_S = 2 * BLOCKS_KEPT_S
"""Seconds after which a gap can no longer touch a window."""

PIECE = 1000
"""Cells that series take in one piece; a cell nobody has seen takes some microseconds."""

NAMED_KEPT = 4096
"""Cells of which it is remembered whether a rule names them."""


class StatisticsService:
    """Windows over everything that was counted, as of one evaluated second."""

    def __init__(
        self,
        caps: Caps | None = None,
        labels: tuple[str, ...] = (),
        *,
        keep_minutes: bool = False,
    ) -> None:
        """`keep_minutes`: minutes are rolled for a history, and asked for after every tick."""
        self.labels = labels
        self.coverage = Coverage()
        caps = caps or Caps()
        self.tiers = Tiers(caps, self._protects)
        self._minutes = Minutes(self.tiers, self.coverage, caps, self._protects, kept=keep_minutes)
        self._queries = Queries(self.tiers, self.coverage, labels)
        self._series: dict[tuple[Selector, tuple[str, ...]], Series] = {}
        self._distinct: dict[tuple[int, int], int] = {}
        self._named: dict[CellKey, bool] = {}
        self._holding: list[Series] = []

    @property
    def evaluated(self) -> int | None:
        """The newest evaluated second; None before the first."""
        return self.tiers.evaluated

    def start(self, evaluated: int) -> None:
        """Everything up to second `evaluated` counts as evaluated; the next one follows."""
        self.tiers.evaluated = evaluated
        for series in self._series.values():
            series.rebuild(evaluated)

    def add(self, delta: Delta) -> dict[str, int]:
        """Take what was counted; return how many lines of each source came late."""
        late: dict[str, int] = {}
        for second, exact in delta.exact.items():
            self._minutes.take(second, exact)
        for second, exact in self.tiers.add(delta).items():
            for series in self._series.values():
                series.late(second, exact)
            for key, (hits, _) in exact.cells.items():
                late[key[0]] = late.get(key[0], 0) + hits
        return late

    def advance(self, second: int) -> None:
        """Evaluate `second`, the one after the last: close it and roll every window."""
        for _ in self.advances(second):
            pass

    def advances(self, second: int) -> Iterator[None]:
        """The same in pieces of a millisecond or a few; between two, windows are of two seconds."""
        self._holding = [series for series in self._series.values() if series.kept]
        self._minutes.closing(second)
        exact = self.tiers.close(second)
        self._minutes.closed(second)
        work = 0
        for series in tuple(self._series.values()):
            series.put(second, exact)
            series.advance(second)
            work += 10 + len(exact.cells)
            if work > PIECE:
                yield
                work = 0
        self.coverage.trim(second - GAP_MEMORY_S)

    def jump(self, second: int) -> None:
        """Begin a new epoch at `second`; what lies between was not evaluated."""
        self._minutes.jumping(second)
        self.tiers.jump(second)
        self._distinct.clear()
        for series in self._series.values():
            series.rebuild(second)

    def series(self, selector: Selector, group_by: tuple[str, ...] = ()) -> Series:
        """The series of (selector, group_by), shared between rules."""
        key = (selector, group_by)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series(selector, group_by, self.labels, self._fill)
            self._named.clear()
            self._fill(series)
        return series

    def minute(self, start: int) -> Minute | None:
        """An evaluated minute of the last hour; None when it is older, or nothing observed it."""
        return self._minutes.minute(start)

    def minutes_changed(self) -> dict[int, bytes]:
        """Minutes that are new or changed since the last call, packed, by start: to be replaced."""
        return self._minutes.changed()

    def late_minutes(self) -> dict[int, bytes]:
        """Late lines of older minutes since the last call, packed: to be added to what is kept.

        See `logmond.frame.minutes.merge_minutes`.
        """
        return self._minutes.late()

    @property
    def late_dropped(self) -> int:
        """Late lines that no minute of the history holds, because there were too many minutes."""
        return self._minutes.dropped

    def drop_unused(self, used: set[tuple[Selector, tuple[str, ...]]]) -> None:
        """Forget series no rule reads any more."""
        self._series = {key: series for key, series in self._series.items() if key in used}
        self._named.clear()

    def summary(
        self, window_s: int, where: Selector | None = None, by: str | None = None
    ) -> Summary:
        """What a window amounted to (see `Queries.summary`)."""
        return self._queries.summary(window_s, where, by)

    def top(self, dimension: str, window_s: int, n: int = 10, *, errors: bool = False) -> TopTable:
        """The most frequent keys of a dimension (see `Queries.top`)."""
        return self._queries.top(dimension, window_s, n, errors=errors)

    def distinct_clients(self, first: int, last: int) -> int:
        """Distinct clients of a span; asked again, what it was."""
        known = self._distinct.get((first, last))
        if known is None:
            if len(self._distinct) > 64:
                self._distinct.clear()
            known = self._distinct[first, last] = self._queries.distinct_clients(first, last)
        return known

    def ledger(
        self, first: int, last: int, sources: frozenset[str] | None = None
    ) -> dict[str, int]:
        """Counters of the loss ledger over a span."""
        return self._queries.ledger(first, last, sources)

    def samples(
        self, window_s: int, *, errors: bool = False
    ) -> Iterator[list[tuple[str, str, str]]]:
        """Redacted sample lines, as (status, section, text), by block, the newest first."""
        return self._queries.samples(window_s, errors=errors)

    def changes(self, question: Question) -> Comparison:
        """What makes up the rise of a window, in pieces (see `logmond.stats.changes`)."""
        return compared(self.tiers, self._queries.dimensions, question)

    def restore(self, frames: Mapping[tuple[str, int], bytes], evaluated: int) -> None:
        """Take back the frames of the durable state and set every window as of `evaluated`."""
        self.tiers.restore(frames, evaluated)
        for series in self._series.values():
            self._fill(series)

    def _fill(self, series: Series) -> None:
        """Give a series what the tiers still hold."""
        if self.evaluated is None:
            return
        for second, exact in self.tiers.kept_seconds():
            series.put(second, exact)
        for start, exact in self.tiers.kept_blocks():
            series.put_block(start, exact)
        series.rebuild(self.evaluated)

    def _protects(self, key: CellKey) -> bool:
        """Whether any series needs a cell under its own key."""
        named = self._named.get(key)
        if named is None:
            if len(self._named) >= NAMED_KEPT:
                self._named.clear()
            named = self._named[key] = any(s.names(key) for s in self._series.values())
        return named or any(series.keeps(key) for series in self._holding)
