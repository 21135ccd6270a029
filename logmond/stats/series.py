"""Running sums for rules: one series for every equal (where, group_by).

A series projects each closed second onto its groups and keeps the projections
(steps). A window of a length is a running sum over them: add the second that
enters, subtract the one that leaves. Late lines are added to their second and
to the sums that hold it. Windows over `FINE_S` seconds advance in whole
blocks. No clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from logmond.frame.frame import BLOCK_S, OTHER, CellKey, Exact
from logmond.frame.selector import Selector
from logmond.stats.admission import Admission
from logmond.stats.projection import DURATION_DIMENSIONS, Projection
from logmond.stats.sums import FINE_S, Group, Step, Tally, WindowSums, move

__all__ = ["DURATION_DIMENSIONS", "Series"]


class Series:
    """What the cells matching `selector` amounted to, by `group_by`, second by second."""

    def __init__(
        self,
        selector: Selector,
        group_by: tuple[str, ...],
        labels: tuple[str, ...] = (),
        fill: Callable[[Series], None] | None = None,
    ) -> None:
        self.selector = selector
        self.group_by = group_by
        self.kept: set[Group] = set()
        """Groups whose keys must never be folded: pending or firing ones."""
        self._projection = Projection(selector, group_by, labels)
        self._reads_foldable = self._projection.foldable
        # Patterns name no end of keys; literals name as many as the operator typed.
        self._named = bool(self.selector.dimensions - {"source", "status"}) and not any(
            "*" in pattern or "?" in pattern
            for dimension, patterns in selector.where
            if dimension not in {"source", "status"}
            for pattern in patterns
        )
        self._steps: dict[int, Step] = {}
        self._blocks: dict[int, Step] = {}
        self._windows: dict[int, WindowSums] = {}
        self._end: int | None = None
        self._admission = Admission()
        self._fill = fill

    def sums(self, window_s: int) -> WindowSums:
        """The running sums of the last `window_s` seconds, registered on first use."""
        window = self._windows.get(window_s)
        if window is None:
            window = self._windows[window_s] = WindowSums(window_s)
            if window.step_s > 1 and self._fill is not None:
                self._fill(self)  # blocks are kept from the first long window on
            else:
                self._refill(window)
        return window

    def second(self, group: Group, second: int) -> Tally | None:
        """One evaluated second of a group, or None when it had no hits."""
        return self._steps.get(second, {}).get(group)

    def folded(self, window_s: int) -> bool:
        """Whether lines in the window lost a dimension this series reads to the caps."""
        if not self._reads_foldable:
            return False
        window = self.sums(window_s)
        return any(OTHER in group for group in window.groups)

    def names(self, key: CellKey) -> bool:
        """Whether `where` names a cell literally, which must then not be folded."""
        return self._reads_foldable and self._named and self._projection.group(key) is not None

    def keeps(self, key: CellKey) -> bool:
        """Whether a cell is of a kept group, and must not be folded."""
        return self._reads_foldable and self._projection.group(key) in self.kept

    def protects(self, key: CellKey) -> bool:
        """Whether a cell must not be folded: named by `where`, or of a kept group."""
        return self.names(key) or self.keeps(key)

    def put(self, second: int, exact: Exact) -> None:
        """Take a closed second, before it is evaluated."""
        step = self._admitted(exact, second)
        if step:
            self._steps[second] = step

    def late(self, second: int, exact: Exact) -> None:
        """Add lines that arrived after their second was evaluated, wherever it still counts."""
        step = self._admitted(exact, second)
        if not step:
            return
        if self._end is not None and second > self._end - self._keep_s:
            move(self._steps.setdefault(second, {}), step, 1)
        start = second - second % BLOCK_S
        for window in self._windows.values():
            if self._holds(window, second):
                window.move(step, 1)
        if self._has_long and self._end is not None and start + BLOCK_S <= self._end + 1:
            move(self._blocks.setdefault(start, {}), step, 1)

    def put_block(self, start: int, exact: Exact) -> None:
        """Take a closed block that is older than the seconds kept (after a restart)."""
        if self._has_long:
            step = self._admitted(exact, start)
            if step:
                self._blocks[start] = step

    def advance(self, second: int) -> None:
        """Evaluate `second`: every window takes it in and lets its oldest go."""
        self._end = second
        ends_block = second % BLOCK_S == BLOCK_S - 1
        if ends_block and self._has_long:
            self._close_block(second - BLOCK_S + 1)
        for window in self._windows.values():
            if window.step_s == 1:
                self._enter_leave(window, self._steps, second, second - window.window_s)
            elif ends_block:
                start = second - BLOCK_S + 1
                self._enter_leave(window, self._blocks, start, start - window.window_s)
        self._steps.pop(second - self._keep_s, None)
        if ends_block and self._blocks:
            longest = max(self._windows)
            self._blocks.pop(second - BLOCK_S + 1 - longest - BLOCK_S, None)

    def rebuild(self, end: int) -> None:
        """Set every window anew as of second `end`, from the steps at hand."""
        self._end = end
        self._steps = {s: t for s, t in self._steps.items() if end - self._keep_s < s <= end}
        for window in self._windows.values():
            self._refill(window)

    @property
    def _keep_s(self) -> int:
        """How long single seconds are kept: for the windows, and for peaks to be found in."""
        return max((min(w, FINE_S) for w in self._windows), default=FINE_S) + 2 * BLOCK_S

    def _admitted(self, exact: Exact, second: int) -> Step:
        """The groups of a span, those folded that there is no place for."""
        step = self._projection.of(exact)
        longest = max(self._windows, default=FINE_S) + BLOCK_S
        return self._admission.admitted(step, second, longest, self.kept) if step else step

    @property
    def _has_long(self) -> bool:
        return any(window.step_s > 1 for window in self._windows.values())

    @staticmethod
    def _enter_leave(
        window: WindowSums, steps: Mapping[int, Step], enters: int, leaves: int
    ) -> None:
        new, old = steps.get(enters), steps.get(leaves)
        if new:
            window.move(new, 1)
        if old:
            window.move(old, -1)

    def _holds(self, window: WindowSums, second: int) -> bool:
        """Whether a window as it stands has taken in `second`."""
        if self._end is None:
            return False
        end = self._end
        if window.step_s > 1:
            end -= (end + 1) % BLOCK_S
        return end - window.window_s < second <= end

    def _refill(self, window: WindowSums) -> None:
        window.groups.clear()
        if self._end is None:
            return
        if window.step_s == 1:
            steps = [
                self._steps.get(s) for s in range(self._end - window.window_s + 1, self._end + 1)
            ]
        else:
            newest = self._end + 1 - (self._end + 1) % BLOCK_S
            starts = range(newest - window.window_s, newest, BLOCK_S)
            for start in starts:
                if start not in self._blocks:
                    self._close_block(start)
            steps = [self._blocks.get(start) for start in starts]
        for step in steps:
            if step:
                window.move(step, 1)

    def _close_block(self, start: int) -> None:
        total: Step = {}
        for second in range(start, start + BLOCK_S):
            move(total, self._steps.get(second, {}), 1)
        if total:
            self._blocks[start] = total
