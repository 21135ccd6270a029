"""What alerts read of the statistics, as protocols.

`logmond.stats.service.StatisticsService` is the real one; tests bring a fake.
Nothing here reads a source, a window store or a clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from logmond.frame.minutes import Minute
from logmond.frame.selector import Selector
from logmond.stats.changes import Comparison, Question

Group = tuple[str, ...]
"""The values of a rule's `group_by`, in its order; empty without one."""


class Tally(Protocol):
    """What one group amounted to over some seconds."""

    @property
    def hits(self) -> int:
        """Lines."""

    @property
    def bytes(self) -> int:
        """Bytes of the responses."""

    @property
    def hits_4xx(self) -> int:
        """Lines with status 400 to 499."""

    @property
    def hits_5xx(self) -> int:
        """Lines with status 500 to 599."""

    @property
    def durations(self) -> Mapping[int, int]:
        """Lines by duration bucket, those that carried a duration."""


class WindowSums(Protocol):
    """The running sums of one window length; groups without hits are absent."""

    @property
    def groups(self) -> Mapping[Group, Tally]:
        """The groups with hits in the window."""

    def timed(self, group: Group) -> int:
        """Hits of a group that carried a duration."""

    def slower(self, group: Group, limit_s: float) -> int:
        """Hits of a group that took longer than `limit_s`."""


class Series(Protocol):
    """What the cells of one (where, group_by) amounted to."""

    kept: set[Group]

    def sums(self, window_s: int) -> WindowSums:
        """The running sums as of the evaluated second."""

    def second(self, group: Group, second: int) -> Tally | None:
        """One evaluated second of a group, or None when it had no hits."""

    def folded(self, window_s: int) -> bool:
        """Whether lines of the window lost a dimension this series reads."""


class Coverage(Protocol):
    """What was observed."""

    def state(
        self, sources: frozenset[str] | None, start: int, end: int, *, account: bool = False
    ) -> str:
        """ "whole", "partial" or "empty" for seconds `start` to `end`, both included.

        Here and below, `account` asks what the ledger knows: of rejects and drops, too.
        """

    def broken(self, sources: frozenset[str] | None, *, account: bool = False) -> str | None:
        """Why what the sources would deliver is unknown, or None."""

    def ailing(self, sources: frozenset[str] | None, *, account: bool = False) -> str | None:
        """Which of the sources is broken and why, or None."""


class Statistics(Protocol):
    """The shared statistics, as of one evaluated second."""

    @property
    def coverage(self) -> Coverage:
        """What was observed."""

    def series(self, selector: Selector, group_by: tuple[str, ...] = ()) -> Series:
        """The series of (selector, group_by), shared between rules."""

    def drop_unused(self, used: set[tuple[Selector, tuple[str, ...]]]) -> None:
        """Forget the series that are not in `used`."""

    def minute(self, start: int) -> Minute | None:
        """An evaluated minute of the last hour, None when it is not kept."""

    def distinct_clients(self, first: int, last: int) -> int:
        """Distinct clients of seconds `first` to `last`, which is the end of a block."""

    def ledger(
        self, first: int, last: int, sources: frozenset[str] | None = None
    ) -> dict[str, int]:
        """Counters of the loss ledger over seconds `first` to `last`."""

    def samples(
        self, window_s: int, *, errors: bool = False
    ) -> Iterable[Sequence[tuple[str, str, str]]]:
        """Redacted sample lines, as (status, section, text), a block at a time."""

    def changes(self, question: Question) -> Comparison:
        """What makes up the rise of a window, in pieces."""
