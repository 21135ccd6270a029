"""Which groups a series counts by name: hostile keys must not cost memory.

A group once admitted is counted exactly while it goes on. When `GROUPS` are
known, a second may bring `NEW_A_SECOND` more, its largest, up to twice the cap;
the others are counted under ``(other)``. A group not seen for as long as the
longest window gives its place back. No clock.
"""

from __future__ import annotations

from collections.abc import Container

from logmond.frame.frame import OTHER
from logmond.stats.sums import Group, Step, Tally

GROUPS = 1000
"""Groups one series counts by name without further question."""

NEW_A_SECOND = 2
"""Groups a second may bring beyond that."""


class Admission:
    """The groups of one series."""

    def __init__(self) -> None:
        self._seen: dict[Group, int] = {}

    def admitted(self, step: Step, second: int, keep_s: int, spared: Container[Group]) -> Step:
        """The step with the groups folded that there is no place for.

        Args:
            step: what a second amounted to; may be given back as it is.
            second: the second.
            keep_s: how long a group that is not seen keeps its place.
            spared: groups that are never folded.
        """
        seen = self._seen
        new = [group for group in step if group not in seen]
        if len(seen) + len(new) > GROUPS:
            seen = self._seen = {g: last for g, last in seen.items() if last > second - keep_s}
            new = [group for group in step if group not in seen]
        room = GROUPS - len(seen)
        if len(new) > room:
            beyond = NEW_A_SECOND if len(seen) < 2 * GROUPS else 0
            new.sort(key=lambda group: (group not in spared, -step[group].hits, group))
            places = max(room, beyond)
            named = set(new[:places]) | {group for group in new[places:] if group in spared}
            step = _folded(step, [group for group in new if group not in named])
        for group in step:
            seen[group] = second
        return step


def _folded(step: Step, groups: list[Group]) -> Step:
    """A copy of `step` with `groups` counted together under ``(other)``."""
    kept = dict(step)
    other = Tally()
    for group in groups:
        other.add(kept.pop(group))
    if groups:
        name = tuple(OTHER for _ in groups[0])
        if name in kept:
            other.add(kept[name])
        kept[name] = other
    return kept
