"""From tallies to values, and from values to readings. No clock, no memory.

A rate divides by the whole window, however much of it was observed. A
percentile is never computed to judge it: p99 is above a limit when more than
1 % of the hits took longer, which is two integers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from logmond.alerts.lifecycle import Reading
from logmond.alerts.rule import Bounds, Metric, Rule
from logmond.alerts.seam import Tally
from logmond.frame.sketches import percentile


@dataclass(slots=True)
class Total:
    """A tally of several groups together."""

    hits: int = 0
    bytes: int = 0
    hits_4xx: int = 0
    hits_5xx: int = 0
    durations: dict[int, int] = field(default_factory=dict)


NOTHING = Total()
"""The tally of a group without hits."""


def total(tallies: Iterable[Tally | None]) -> Tally:
    """Several tallies added up."""
    found = [tally for tally in tallies if tally is not None]
    if len(found) == 1:
        return found[0]
    joint = Total()
    for tally in found:
        joint.hits += tally.hits
        joint.bytes += tally.bytes
        joint.hits_4xx += tally.hits_4xx
        joint.hits_5xx += tally.hits_5xx
        for bucket, hits in tally.durations.items():
            joint.durations[bucket] = joint.durations.get(bucket, 0) + hits
    return joint


def value_of(metric: Metric, tally: Tally, window_s: int) -> float | None:
    """The value of a tally over `window_s` seconds, or None without the hits it needs.

    Only for metrics that are read from tallies: not "distinct", not "ledger".
    """
    if metric.name == "hits":
        return tally.hits
    if metric.name == "hits_per_second":
        return tally.hits / window_s
    if metric.name == "bytes_per_second":
        return tally.bytes / window_s
    if metric.kind == "duration":
        return percentile(tally.durations, metric.permille / 1000)
    if not tally.hits:
        return None
    return (tally.hits_4xx if metric.name == "ratio_4xx" else tally.hits_5xx) / tally.hits


def ledger_value(metric: Metric, counters: Mapping[str, int]) -> float:
    """The value of a ledger metric."""
    if metric.name == "kernel_drops":
        return counters.get("kernel_drops", 0)
    return counters.get("unparsed", 0) / max(1, counters.get("received", 0))


def judge(bounds: Bounds, beyond: Callable[[float], bool]) -> tuple[Reading, int]:
    """The reading of a usable value, and the index of the gravest limit it is beyond (-1: none).

    `beyond` says whether the value is beyond a limit, in the rule's direction.
    """
    level = -1
    for index, limit in enumerate(bounds.limits):
        if beyond(limit):
            level = index
    if level >= 0:
        return Reading.BREACH, level
    return (Reading.BETWEEN if beyond(bounds.recover) else Reading.CLEAR), -1


def beyond_value(rule: Rule, value: float) -> Callable[[float], bool]:
    """How a plain value compares: above is greater, below is smaller, equal is neither."""
    if rule.rising:
        return lambda limit: value > limit
    return lambda limit: value < limit


def beyond_quantile(
    rule: Rule, timed: int, slower: Callable[[float], int]
) -> Callable[[float], bool]:
    """How a percentile compares, from the hits slower than a limit among the `timed` ones."""
    permille = rule.kind.permille

    def above(limit: float) -> bool:
        return 1000 * slower(limit) > (1000 - permille) * timed

    return above if rule.rising else lambda limit: not above(limit)


def suspect_beside(rule: Rule, tally: Tally, bounds: Bounds | None) -> bool:
    """The test of `suspect` for a group of a baseline rule; unknown bounds are not breached."""
    if bounds is None:
        return False
    metric, limit = rule.kind, bounds.limits[0]
    if rule.rising or metric.needs_hits:
        if tally.hits < max(1, rule.min_hits):
            return False
        if metric.kind == "duration":
            return True
    value = value_of(metric, tally, rule.window_s) or 0.0
    return value > limit if rule.rising else value < limit


def suspect(rule: Rule) -> Callable[[Tally], bool]:
    """A quick test of a quiet group: False only where its reading cannot be a breach."""
    metric, window_s, limit = rule.kind, rule.window_s, rule.limits[0][1]
    enough = max(1, rule.min_hits)
    if metric.name == "hits":
        return (lambda t: t.hits > limit) if rule.rising else (lambda t: t.hits < limit)
    if metric.name == "hits_per_second":
        if rule.rising:
            return lambda tally: tally.hits / window_s > limit
        return lambda tally: tally.hits / window_s < limit
    if metric.name == "bytes_per_second":
        if rule.rising:
            return lambda tally: tally.bytes / window_s > limit
        return lambda tally: tally.bytes / window_s < limit
    if not rule.rising or metric.kind != "ratio":
        return lambda tally: tally.hits >= enough
    if metric.name == "ratio_4xx":
        return lambda tally: tally.hits >= enough and tally.hits_4xx / tally.hits > limit
    return lambda tally: tally.hits >= enough and tally.hits_5xx / tally.hits > limit
