"""Which groups of a rule are watched one by one, and which together as ``(other)``.

Group values come from log lines, so from strangers: their number is capped, a
rule and the daemon both. Groups keep their place while they have hits in the
window or are held; newcomers are admitted most hits first. No clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import product

from logmond.alerts.rule import Rule
from logmond.alerts.seam import Group, Tally
from logmond.frame.frame import OTHER

RULE_CAP = 200
"""Groups of one rule that are watched one by one."""

DAEMON_CAP = 10_000
"""Groups of all rules together."""


class Room:
    """The places of the daemon, shared by all rules."""

    def __init__(self, places: int = DAEMON_CAP) -> None:
        self.free = places


class Admission:
    """The groups of one rule."""

    def __init__(self, width: int, room: Room, cap: int = RULE_CAP) -> None:
        """`width` is how many dimensions the rule groups by."""
        self.other: Group = (OTHER,) * width
        """The group that stands for all that were not admitted."""
        self.rest: Sequence[Group] = ()
        """The groups that were not admitted."""
        self._admitted: dict[Group, None] = {}
        self._room = room
        self._cap = cap

    def __len__(self) -> int:
        return len(self._admitted)

    @property
    def remembered(self) -> list[Group]:
        """The groups with a place, where not all have one: who came first cannot be told later."""
        return list(self._admitted) if self.rest else []

    def update(self, groups: Mapping[Group, Tally], held: Collection[Group]) -> None:
        """Free the places of groups that are gone, admit newcomers.

        Args:
            groups: those with hits in the window.
            held: those that stay without hits.
        """
        admitted = self._admitted
        if not admitted.keys() <= groups.keys():
            for group in [g for g in admitted if g not in groups and g not in held]:
                del admitted[group]
                self._room.free += 1
        self.rest = ()
        if groups.keys() <= admitted.keys():
            return
        newcomers = [g for g in groups if g not in admitted and g != self.other]
        free = max(0, min(self._cap - len(admitted), self._room.free))
        if 0 < free < len(newcomers):
            newcomers.sort(key=lambda group: (-groups[group].hits, group))
        self.rest = newcomers[free:]
        self._take(newcomers[:free])

    def hold(self, groups: Iterable[Group]) -> None:
        """Give places to groups that must have one (restored, or named by the rule)."""
        self._take([g for g in groups if g not in self._admitted and g != self.other])

    def present(self, groups: Mapping[Group, Tally]) -> Iterable[tuple[Group, Tally]]:
        """The admitted groups that have hits, with their tallies."""
        if len(self._admitted) >= len(groups) and not self.rest:
            other = self.other
            return [item for item in groups.items() if item[0] != other]
        return [(group, groups[group]) for group in self._admitted if group in groups]

    def members(self, group: Group, groups: Mapping[Group, Tally]) -> Sequence[Group]:
        """The groups that a watched group stands for: itself, or all the rest."""
        if group != self.other:
            return (group,)
        return (*self.rest, group) if group in groups else self.rest

    def leave(self) -> None:
        """Give all places back: the rule is gone."""
        self._room.free += len(self._admitted)
        self._admitted.clear()

    def _take(self, groups: Sequence[Group]) -> None:
        self._admitted.update(dict.fromkeys(groups))
        self._room.free -= len(groups)


def named_groups(rule: Rule) -> list[Group]:
    """The groups a rule names outright: every grouped dimension is listed in its `where`.

    They are expected even before their first line.
    """
    columns = [rule.selector.values(dimension) for dimension in rule.group_by]
    if not columns or not all(columns):
        return []
    for dimension, values in zip(rule.group_by, columns, strict=True):
        if any("*" in v or "?" in v for v in values):
            return []
        if dimension == "status" and any(v.endswith("xx") for v in values):
            return []
    count = 1
    for values in columns:
        count *= len(values)
    return list(product(*columns)) if count <= RULE_CAP else []
