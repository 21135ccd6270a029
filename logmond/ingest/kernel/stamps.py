"""In which second a line counts.

A line counts in the second its own stamp names; else in the one of its syslog
header; else at arrival. A stamp ahead of arrival by more than `MAX_AHEAD_S`
counts at arrival, as does one behind by more than `max_skew_s` unless the
transport is believed (files and streams may rightly deliver old lines).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import tzinfo

from logmond.ingest.formats.values import second_of
from logmond.ingest.kernel.memo import Memo

Fallback = Callable[[int], int | None]
"""The second that the syslog header of a line names, by the line's number; None for none.

Asked only where a line has no stamp of its own: most have one.
"""

MAX_AHEAD_S = 5
"""Seconds a sender's clock may run ahead of ours."""

DEFAULT_MAX_SKEW_S = 600

_READ_ANEW_S = 900
"""How long a reading is remembered: an hour that local time has twice means another the next time.
"""


class Stamps:
    """Raw stamps of one source as seconds; counts those not believed in `skewed`."""

    def __init__(self, zone: tzinfo, max_skew_s: int = DEFAULT_MAX_SKEW_S) -> None:
        self._zone = zone
        self._max_skew_s = max_skew_s
        self._arrival = 0.0
        self._parsed: dict[str, Memo[int | None]] = {}
        self._turn = 0
        self.skewed = 0
        """Lines counted at arrival against their stamp, since somebody set it to 0."""
        self.first: int | None = None
        """What the first line named that was given seconds since `begin`, believed or not."""
        self._begun = True

    def begin(self) -> None:
        """A chunk of lines begins."""
        self.first = None
        self._begun = True

    def seconds(
        self,
        kind: str,
        stamps: Sequence[bytes] | None,
        fallback: Fallback | None,
        lines: int,
        arrival: float,
        *,
        believed: bool,
    ) -> list[int]:
        """The second each of `lines` lines counts in.

        Args:
            kind: how `stamps` are written (`formats.values.TIME_KINDS`).
            stamps: raw stamps, one a line, or None when the format has none.
            fallback: for lines whose stamp is missing or names no second.
            lines: how many lines there are.
            arrival: wall time in seconds.
            believed: old stamps count.
        """
        self._arrival = arrival
        turn = int(arrival // _READ_ANEW_S)
        if turn != self._turn:
            self._parsed.clear()
            self._turn = turn
        named: list[int | None]
        if stamps is None:
            named = [None] * lines
        else:
            memo = self._parsed.get(kind)
            if memo is None:
                memo = self._parsed[kind] = Memo(lambda raw: self._parse(kind, raw), cap=4096)
            known = {raw: memo[raw] for raw in set(stamps)}
            named = [known[raw] for raw in stamps]
        if fallback is not None and None in named:
            named = [
                fallback(number) if second is None else second
                for number, second in enumerate(named)
            ]
        if self._begun:
            self.first = named[0]
            self._begun = False
        return self._clamped(named, int(arrival), believed=believed)

    def _parse(self, kind: str, raw: bytes) -> int | None:
        return second_of(kind, raw, self._zone, self._arrival)

    def _clamped(self, named: list[int | None], arrival: int, *, believed: bool) -> list[int]:
        oldest = 0 if believed else arrival - self._max_skew_s
        newest = arrival + MAX_AHEAD_S
        counted: dict[int | None, int] = {None: arrival}
        outside = set()
        for second in set(named):
            if second is None:
                continue
            if oldest <= second <= newest:
                counted[second] = second
            else:
                counted[second] = arrival
                outside.add(second)
        if outside:
            self.skewed += sum(1 for second in named if second in outside)
        return [counted[second] for second in named]
