"""Running sums: what a group amounted to, and the window of one length over it. No clock."""

from __future__ import annotations

from collections.abc import Mapping

from logmond.frame.frame import BLOCK_S
from logmond.frame.sketches import bucket_of

FINE_S = 300
"""Windows up to this many seconds advance every second, longer ones by the block."""

Group = tuple[str, ...]
"""The values of `group_by`, in its order; empty without one."""


_NONE: dict[int, int] = {}
"""Stands for the durations of lines that carried none; never changed."""


class Tally:
    """What one group amounted to over some seconds: lines, bytes, and duration buckets."""

    __slots__ = ("bytes", "durations", "hits", "hits_4xx", "hits_5xx")

    def __init__(self) -> None:
        self.hits = 0
        self.bytes = 0
        self.hits_4xx = 0
        self.hits_5xx = 0
        self.durations = _NONE

    def add(self, other: Tally, sign: int = 1) -> None:
        """Add `other`, or with sign -1 subtract it."""
        self.hits += sign * other.hits
        self.bytes += sign * other.bytes
        self.hits_4xx += sign * other.hits_4xx
        self.hits_5xx += sign * other.hits_5xx
        if other.durations:
            self.time(other.durations, sign)

    def time(self, histogram: Mapping[int, int], sign: int = 1) -> None:
        """Add (or subtract) a histogram of durations, ``{bucket: hits}``."""
        if self.durations is _NONE:
            self.durations = {}
        mine = self.durations
        for bucket, hits in histogram.items():
            left = mine.get(bucket, 0) + sign * hits
            if left:
                mine[bucket] = left
            else:
                mine.pop(bucket, None)

    def __bool__(self) -> bool:
        return bool(self.hits)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Tally):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]  # it changes


Step = dict[Group, Tally]
"""One second, or one block, of a series."""


class WindowSums:
    """The running sums of one window length; `groups` holds the groups with hits in it."""

    def __init__(self, window_s: int) -> None:
        self.window_s = window_s
        self.step_s = 1 if window_s <= FINE_S else BLOCK_S
        self.groups: dict[Group, Tally] = {}

    def total(self, group: Group) -> Tally:
        """The sum of a group; zero when it had no hits."""
        return self.groups.get(group) or Tally()

    def timed(self, group: Group) -> int:
        """Hits of a group that carried a duration."""
        return sum(self.total(group).durations.values())

    def slower(self, group: Group, limit_s: float) -> int:
        """Hits of a group that took longer than `limit_s`, to the width of a bucket (2 %)."""
        limit = bucket_of(limit_s)
        return sum(n for bucket, n in self.total(group).durations.items() if bucket > limit)

    def move(self, step: Step, sign: int) -> None:
        """Let a step enter (+1) or leave (-1)."""
        move(self.groups, step, sign)


def move(total: Step, step: Mapping[Group, Tally], sign: int) -> None:
    """Add the groups of `step` to `total`, or with sign -1 subtract them."""
    for group, tally in step.items():
        mine = total.get(group)
        if mine is None:
            mine = total[group] = Tally()
        mine.add(tally, sign)
        if not mine:
            del total[group]
