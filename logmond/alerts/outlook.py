"""What is known of a window at all, whatever its value: whole, partial, empty or broken.

A thousand rules ask this of a hundred windows, so within one evaluated second
an answer is given again. No states, no clock: the second is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from logmond.alerts.baseline import Baselines
from logmond.alerts.measure import total
from logmond.alerts.rule import MAX_FINE_WINDOW_S, Rule
from logmond.alerts.seam import Group, Series, Statistics, Tally
from logmond.frame.frame import BLOCK_S
from logmond.telemetry import window

WHOLE, PARTIAL, EMPTY = "whole", "partial", "empty"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of a window at all.

    `broken` says that every source it reads is; `reason` is for people, None
    for a whole window.
    """

    state: str
    reason: str | None = None
    broken: bool = False

    @property
    def blind(self) -> bool:
        """Whether nothing can be said: all sources are broken, or nothing was observed."""
        return self.broken or self.state == EMPTY


def span_of(window_s: int, second: int, *, by_block: bool = False) -> tuple[int, int]:
    """The first and last second of a window as of `second`; long ones end with a block.

    So do those of what is merged `by_block`.
    """
    if by_block or window_s > MAX_FINE_WINDOW_S:
        second -= (second + 1) % BLOCK_S
    return second - window_s + 1, second


class Outlook:
    """The knowledge of windows, and of what is usual, shared by all rules."""

    def __init__(self, stats: Statistics, baselines: Baselines) -> None:
        self.baselines = baselines
        self._stats = stats
        self._observed: dict[tuple[frozenset[str] | None, int, bool, bool], Knowledge] = {}
        self._folded: dict[tuple[int, int], bool] = {}
        self._joint: dict[tuple[int, int], list[tuple[Sequence[Group], Tally]]] = {}
        self._stepping = False

    def begin(self) -> None:
        """A second is evaluated from here on: coverage and windows stay as they are until `end`."""
        self.end()
        self._stepping = True

    def end(self) -> None:
        """The second is evaluated; what was known may be different when next asked."""
        self._stepping = False
        self._observed.clear()
        self._folded.clear()
        self._joint.clear()

    def joint(
        self,
        of: tuple[int, int],
        members: Sequence[Group],
        tally: Callable[[Group], Tally | None],
    ) -> Tally:
        """The groups that are watched together, added up; rules mostly fold the same ones.

        `of` is the identity of what is asked, and the second where there are several.
        """
        known = self._joint.setdefault(of, []) if self._stepping else []
        for summed, found in known:
            if summed == members:
                return found
        known.append((members, total(map(tally, members))))
        return known[-1][1]

    def of(
        self, series: Series, sources: frozenset[str] | None, rule: Rule, second: int
    ) -> Knowledge:
        """What is known of a rule's window of a series as of `second`."""
        window_s, metric = rule.window_s, rule.kind
        key = sources, window_s, metric.by_block, metric.of_account
        found = self._observed.get(key)
        if found is None:
            span = span_of(window_s, second, by_block=metric.by_block)
            found = self._look(sources, window_s, span, account=metric.of_account)
            if self._stepping:
                self._observed[key] = found
        if found.state == WHOLE and not found.broken and self._is_folded(series, window_s):
            return _FOLDED
        return found

    def _look(
        self,
        sources: frozenset[str] | None,
        window_s: int,
        span: tuple[int, int],
        *,
        account: bool,
    ) -> Knowledge:
        coverage = self._stats.coverage
        state = coverage.state(sources, *span, account=account)
        broken = coverage.broken(sources, account=account)
        if broken is not None:
            return Knowledge(state, broken, broken=True)
        if state == EMPTY:
            return Knowledge(EMPTY, f"nothing was observed in the last {window(window_s)}")
        ailing = coverage.ailing(sources, account=account)
        if ailing is not None:
            return Knowledge(PARTIAL, ailing)
        if state == PARTIAL:
            return Knowledge(PARTIAL, f"only part of the last {window(window_s)} was observed")
        return _WHOLE

    def _is_folded(self, series: Series, window_s: int) -> bool:
        if not self._stepping:
            return series.folded(window_s)
        key = id(series), window_s
        found = self._folded.get(key)
        if found is None:
            found = self._folded[key] = series.folded(window_s)
        return found


_WHOLE = Knowledge(WHOLE)

_FOLDED = Knowledge(PARTIAL, "too many different keys, some are counted together")
