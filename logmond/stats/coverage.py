"""What was observed: which seconds of which source can be believed.

A window is *whole* when every second of it was observed for every source it
reads, *empty* when none was, else *partial*. Seconds before a source was first
observed count as unobserved.

The *account* of a source knows more than its windows: what could not be read,
or was dropped, is in no statistics, and counted all the same. No clock.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass

WHOLE, PARTIAL, EMPTY = "whole", "partial", "empty"

REJECTS, DROPS = "rejects", "kernel drops"
"""Why a second was not observed, though the account has it."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Seconds `first` to `last`, both included, of a source that were not observed."""

    source: str
    first: int
    last: int
    reason: str


class Coverage:
    """Since when, with which gaps, and in what health each source is observed."""

    def __init__(self) -> None:
        self._since: dict[str, int] = {}
        self._gaps: list[Gap] = []
        self._broken: dict[str, str] = {}
        self._rejecting: set[str] = set()
        """The broken ones of which all arrives, and nothing can be read."""

    def observe(self, source: str, since: int) -> None:
        """`source` is read, and believed from second `since` on; an earlier start stands."""
        self._since[source] = min(since, self._since.get(source, since))

    def known(self, source: str) -> bool:
        """Whether `source` was observed before."""
        return source in self._since

    def forget(self, source: str) -> None:
        """`source` is no longer configured."""
        self._since.pop(source, None)
        self.mark_broken(source, None)
        self._gaps = [gap for gap in self._gaps if gap.source != source]

    def gap(self, source: str, first: int, last: int, reason: str) -> None:
        """Seconds `first` to `last` of `source` were not observed; adjacent gaps join."""
        if last < first:
            return
        for index, old in enumerate(self._gaps):
            same = old.source == source and old.reason == reason
            if same and old.first <= last + 1 and first <= old.last + 1:
                self._gaps[index] = Gap(source, min(old.first, first), max(old.last, last), reason)
                return
        self._gaps.append(Gap(source, first, last, reason))

    def begin_again(self, since: int) -> None:
        """The clock was set back: every source is believed from second `since` on, no earlier.

        Starts and gaps of the time that has not come again yet would make
        windows empty until it has.
        """
        self._since = dict.fromkeys(self._since, since)
        self._gaps = []

    def mark_broken(self, source: str, reason: str | None, *, rejecting: bool = False) -> None:
        """`source` is known to be broken for `reason`, or (None) in order again.

        With `rejecting` it is so because nothing of what it delivers can be read.
        """
        self._rejecting.discard(source)
        if reason is None:
            self._broken.pop(source, None)
        else:
            self._broken[source] = reason
            if rejecting:
                self._rejecting.add(source)

    def broken(self, sources: frozenset[str] | None, *, account: bool = False) -> str | None:
        """Why a metric over `sources` (None: all) is unknown: not one of them is in order.

        None while any is. Then what the others would say is missing, as in any
        partial window, and `ailing` names the first of them. With `account` as
        far as the account is concerned.
        """
        known = self._since.keys() if sources is None else self._since.keys() & sources
        if not known <= self._broken.keys() - (self._rejecting if account else set()):
            return None
        return self.ailing(sources, account=account)

    def ailing(self, sources: frozenset[str] | None, *, account: bool = False) -> str | None:
        """Which of `sources` (None: all) is broken and why, or None when all are in order."""
        for source, reason in self._broken.items():
            if (sources is None or source in sources) and not (
                account and source in self._rejecting
            ):
                return f"source {source} {reason}"
        return None

    def state(
        self, sources: frozenset[str] | None, start: int, end: int, *, account: bool = False
    ) -> str:
        """The coverage of seconds `start` to `end`, both included, over `sources` (None: all).

        With `account` that of the account.
        """
        names = self._since if sources is None else [s for s in self._since if s in sources]
        seen_any, seen_all = False, bool(names)
        for name in names:
            missing = self._missing(name, start, end, account=account)
            seen_any = seen_any or missing < end - start + 1
            seen_all = seen_all and missing == 0
        if not seen_any:
            return EMPTY
        return WHOLE if seen_all else PARTIAL

    def unobserved(self, start: int, end: int) -> list[str]:
        """The sources that were not observed in each of seconds `start` to `end`, by name."""
        return sorted(name for name in self._since if self._missing(name, start, end))

    def seen(self, start: int, end: int) -> bool:
        """Whether any source was observed at any of seconds `start` to `end`."""
        return self.state(None, start, end) != EMPTY

    def _missing(self, source: str, start: int, end: int, *, account: bool = False) -> int:
        """How many of the seconds of a source were not observed; overlaps count once."""
        holes = [(start, min(end, self._since[source] - 1))]
        holes += [
            (max(start, gap.first), min(end, gap.last))
            for gap in self._gaps
            if gap.source == source and not (account and gap.reason in (REJECTS, DROPS))
        ]
        missing, reached = 0, start - 1
        for first, last in sorted(holes):
            if last > reached and last >= first:
                missing += last - max(first, reached + 1) + 1
                reached = last
        return missing

    def gaps(self) -> tuple[Gap, ...]:
        """Every gap still remembered."""
        return tuple(self._gaps)

    def trim(self, before: int) -> None:
        """Forget gaps that end before second `before`."""
        if self._gaps and any(gap.last < before for gap in self._gaps):
            self._gaps = [gap for gap in self._gaps if gap.last >= before]

    def snapshot(self) -> dict[str, object]:
        """Plain data for the durable state."""
        return {"since": dict(self._since), "gaps": [asdict(gap) for gap in self._gaps]}

    def restore(self, since: dict[str, int], gaps: Iterable[dict[str, object]]) -> None:
        """Take back what `snapshot` gave."""
        self._since.update(since)
        for gap in gaps:
            self._gaps.append(Gap(**gap))  # type: ignore[arg-type]  # our own snapshot
