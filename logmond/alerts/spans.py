"""When the groups of rules had incidents of their own: minutes no baseline is made from.

Whole minutes, adjacent spans joined. Groups come from log lines, so from
strangers: the number of groups and of spans is capped, the oldest go first.
No clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from logmond.frame.minutes import MINUTE_S, minute_of
from logmond.stores.rows import IncidentRow

PAIRS = 4096
"""Groups of all rules together whose incidents are remembered."""

SPANS = 256
"""Spans remembered of each."""

Pair = tuple[str, tuple[str, ...]]
"""A rule's name, and a group of it."""

_NEVER = 1 << 62
"""The end of a span that has not ended."""


class Spans:
    """Minutes with an incident, by (rule, group)."""

    def __init__(self) -> None:
        self._spans: dict[Pair, list[list[int]]] = {}

    def add(self, pair: Pair, first: int, last: int | None) -> None:
        """An incident from second `first` to `last`; None: it is open."""
        span = [minute_of(first), _NEVER if last is None else minute_of(last)]
        spans = self._spans.pop(pair, [])
        if spans and span[0] < spans[-1][0]:
            spans = _joined(sorted([*spans, span]))
        elif spans and span[0] <= spans[-1][1] + MINUTE_S:
            spans[-1][1] = max(spans[-1][1], span[1])
        else:
            spans.append(span)
        self._spans[pair] = spans[-SPANS:]  # at the end: touched last
        if len(self._spans) > PAIRS:
            del self._spans[next(iter(self._spans))]

    def end(self, pair: Pair, last: int) -> None:
        """The open incident of a group has ended at second `last`."""
        spans = self._spans.get(pair)
        if spans and spans[-1][1] == _NEVER:
            spans[-1][1] = minute_of(last)

    def excluded(self, pair: Pair) -> Callable[[int], bool] | None:
        """Whether a minute had an incident, as a function of its start; None when none had."""
        spans = self._spans.get(pair)
        if not spans:
            return None
        starts = [first for first, _ in spans]

        def inside(minute: int) -> bool:
            place = bisect_right(starts, minute) - 1
            return place >= 0 and minute <= spans[place][1]

        return inside


def recalled(
    rows: Iterable[IncidentRow], rules: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, tuple[str, ...], int, int | None]]:
    """Ended incidents of a history as (rule, group, from, to).

    `rules` are those asked for, with their `group_by`. A body that cannot be
    read, or that was grouped otherwise, says nothing. Open incidents are known
    to whoever has them.
    """
    for row in rows:
        group_by = rules.get(row.rule)
        if group_by is None or row.ended_at is None:
            continue
        try:
            group = _body.decode(row.body).group
        except msgspec.MsgspecError:
            continue
        if group.keys() == set(group_by):
            key = tuple(group[dimension] for dimension in group_by)
            yield row.rule, key, row.triggered_at, row.ended_at


class _Body(msgspec.Struct):
    group: dict[str, str]


_body = msgspec.json.Decoder(_Body)


def _joined(spans: list[list[int]]) -> list[list[int]]:
    """Sorted spans, those that meet as one."""
    joined: list[list[int]] = []
    for first, last in spans:
        if joined and first <= joined[-1][1] + MINUTE_S:
            joined[-1][1] = max(joined[-1][1], last)
        else:
            joined.append([first, last])
    return joined
