"""How much of a rise each key of one dimension explains: shares, their errors, their weight.

Numbers in, statements out. See `logmond.stats.changes` for what is measured
and why it is ordered so. No clock, no frames.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import nsmallest
from math import log
from typing import NamedTuple

from logmond.frame.agents import agent_of
from logmond.frame.sketches import Top
from logmond.stats.results import Evidence

MIN_SHARE = 0.1
"""A key that makes up less of the rise is not evidence."""

MIN_LIFT = 1.2
"""How much more of the rise a key must have than it has of the usual traffic."""

PER_DIMENSION = 2
"""Keys of one dimension that are told."""

PSEUDO_HITS = 20.0
"""What is known before anything was seen weighs like this many lines."""

WEIGHED = 200
"""Keys of one dimension that are weighed, the largest of those that may be evidence."""

NAMED = 128
"""The largest user agents whose versions are summed by the name they give."""


@dataclass(slots=True)
class Table:
    """What each key amounts to.

    For every key ``counts - outside <= true <= counts + error``; unkept keys
    count 0. `outside` are counted lines that the rule does not read. `names`
    tells the name that a summed key stands for.
    """

    counts: dict[str, float] = field(default_factory=dict)
    total: float = 0.0
    error: float = 0.0
    outside: float = 0.0
    names: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_top(cls, top: Top, scale: float = 1.0, outside: float = 0.0) -> Table:
        """A top, its counts times `scale`."""
        counts = {key: hits * scale for key, hits in top.counts.items()}
        return cls(counts, top.total * scale, top.error * scale, outside)

    @property
    def inside(self) -> float:
        """Lines that the rule reads."""
        return max(0.0, self.total - self.outside)


class Weighed(NamedTuple):
    """A statement, and how much it explains (in nats)."""

    weight: float
    evidence: Evidence


def explained(dimension: str, now: Table, before: Table, usual: Table) -> list[Weighed]:
    """The keys that explain most of the rise from `before` to `now`, the best first.

    `usual` says how all traffic is shared where `now` counts some lines only
    (failed ones, slow ones); it is empty where `before` says that itself.
    """
    if dimension == "user_agent":
        now, before, usual = _by_name(now, before, usual)
    rise = now.inside - before.inside
    prior = _Prior(before, usual, len(now.counts))
    if rise <= 0:
        # A slow breach, or one that was there before: shares are of the window itself.
        if usual.total:
            prior = _Prior(Table(), usual, len(now.counts))
        rise, before = now.inside, Table()
    if rise <= 0:
        return []
    found = []
    for key in _large(now.counts, MIN_SHARE * rise):
        if dimension == "status" and key < "400":
            continue  # success explains nothing
        share, error = _share(key, now, before, rise)
        likely, expected = share + error / 2, prior.of(key)
        if share >= MIN_SHARE and (not prior.known or likely >= MIN_LIFT * expected):
            weight = likely * log(max(1.0, likely / expected))
            found.append(
                Weighed(weight, Evidence(dimension, key, share, error, now.names.get(key)))
            )
    found.sort(key=lambda one: (-one.weight, one.evidence.key))
    return found[:PER_DIMENSION]


def _large(counts: dict[str, float], least: float) -> list[str]:
    """The keys with at least so many, of too many the largest.

    Most keys are too small. But of a rise of next to nothing, in traffic whose keys
    are all new each second, every key is a part that is large enough.
    """
    large = {key: count for key, count in counts.items() if count >= least}
    if len(large) <= WEIGHED:
        return list(large)
    bound = sorted(large.values(), reverse=True)[WEIGHED - 1]
    above = [key for key, count in large.items() if count > bound]
    even = (key for key, count in large.items() if count == bound)
    return above + nsmallest(WEIGHED - len(above), even)


def _share(key: str, now: Table, before: Table, rise: float) -> tuple[float, float]:
    """The least share of the rise that a key has, and how much more it may be."""
    earlier = before.counts.get(key, 0.0)
    # A key the earlier table dropped may have had up to its error there.
    least = now.counts[key] - now.outside - min(earlier + before.error, before.inside)
    most = min(now.counts[key] + now.error, now.inside) - max(0.0, earlier - before.outside)
    share = min(1.0, least / rise)
    return share, max(0.0, min(1.0, most / rise) - share)


class _Prior:
    """How likely a line has a key, by what was counted before anything happened.

    What was seen `before` decides as far as there was enough of it; the rest
    is as it is usual, or else alike for all keys.
    """

    def __init__(self, before: Table, usual: Table, keys: int) -> None:
        self._before = before
        self._usual = usual
        self._alike = 1.0 / max(2, keys)
        self.known = bool(before.total or usual.total)

    def of(self, key: str) -> float:
        """The prior share of a key, between 0 and 1."""
        usual, before = self._usual, self._before
        guess = self._alike
        if usual.total:
            counted = usual.counts.get(key, 0.0) + usual.error
            guess = (counted + 0.5) / (usual.total + 1.0)
        counted = before.counts.get(key, 0.0) + before.error
        return min(1.0, (counted + PSEUDO_HITS * guess) / (before.total + PSEUDO_HITS))


def _by_name(now: Table, before: Table, usual: Table) -> tuple[Table, Table, Table]:
    """The tables with versions of one bot summed, under the key that most of its lines have."""
    keys: dict[str, str] = {}
    names: dict[str, str] = {}
    shown: dict[str, str] = {}
    for table in (now, before, usual):
        for key in sorted(table.counts, key=lambda key: (-table.counts[key], key))[:NAMED]:
            agent = None if key in keys else agent_of(key)
            if agent is not None:
                keys[key] = shown.setdefault(str(agent), key)
                names[keys[key]] = str(agent)
    return _summed(now, keys, names), _summed(before, keys, {}), _summed(usual, keys, {})


def _summed(table: Table, keys: dict[str, str], names: dict[str, str]) -> Table:
    counts: dict[str, float] = {}
    for key, count in table.counts.items():
        shown = keys.get(key, key)
        counts[shown] = counts.get(shown, 0.0) + count
    return Table(counts, table.total, table.error, table.outside, names)
