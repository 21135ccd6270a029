"""Rules as plain data: what is watched, over which window, and beyond which limit.

A rule is structured, not an expression. `METRICS` is the table of everything
that can be watched; `problems` says why a rule cannot work. Limits are in the
metric's base unit: ratios as fractions of 1, durations in seconds. No clock,
no configuration file.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import pairwise

from logmond.frame.frame import BLOCK_S, CELL_DIMENSIONS
from logmond.frame.selector import Selector

SEVERITIES = ("info", "warning", "critical")
"""What an incident can be worth, ascending."""

MAX_FINE_WINDOW_S = 300
"""Windows up to here advance every second, longer ones every `BLOCK_S`."""

MAX_WINDOW_S = 3600
"""The longest window kept in memory."""

DURATION_DIMENSIONS = frozenset({"source", "vhost", "section"})
"""The dimensions that durations are counted under."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that can be watched.

    `kind` says how it behaves without data: "count" and "rate" are 0, "ratio"
    and "duration" are thin, "distinct" counts clients, "ledger" reads what the
    sources account for. `unit` says how a value is written: "count", "rate",
    "bytes", "share" or "seconds". `label` stands before the value in an event,
    `phrase` before the window. `permille` is the quantile of a duration.
    """

    name: str
    kind: str
    unit: str
    label: str
    phrase: str
    permille: int = 0

    @property
    def by_block(self) -> bool:
        """Whether it is merged anew from whole blocks, however short the window."""
        return self.kind in ("distinct", "ledger")

    @property
    def of_account(self) -> bool:
        """Whether it reads the ledgers, which know of what could not be read."""
        return self.kind == "ledger"

    @property
    def needs_hits(self) -> bool:
        """Whether it means nothing with too few requests."""
        return self.kind in ("ratio", "duration") or self.name == "unparsed_ratio"


def _duration(name: str, permille: int, ordinal: str) -> Metric:
    return Metric(
        f"duration_{name}", "duration", "seconds", name, f"{ordinal} of durations", permille
    )


METRICS = {
    metric.name: metric
    for metric in (
        Metric("hits", "count", "count", "hits", "Requests"),
        Metric("hits_per_second", "rate", "rate", "hits", "Average requests/s"),
        Metric("bytes_per_second", "rate", "bytes", "bytes", "Average bytes/s"),
        Metric("ratio_4xx", "ratio", "share", "4xx", "Share of 4xx responses"),
        Metric("ratio_5xx", "ratio", "share", "5xx", "Share of 5xx responses"),
        _duration("p50", 500, "Median"),
        _duration("p75", 750, "75th percentile"),
        _duration("p90", 900, "90th percentile"),
        _duration("p95", 950, "95th percentile"),
        _duration("p99", 990, "99th percentile"),
        _duration("p999", 999, "99.9th percentile"),
        Metric("distinct_clients", "distinct", "count", "clients", "Distinct clients"),
        Metric("unparsed_ratio", "ledger", "share", "unparsed", "Share of unparsed messages"),
        Metric("kernel_drops", "ledger", "count", "kernel drops", "Datagrams the kernel dropped"),
    )
}

Limits = tuple[tuple[str, float], ...]
"""(severity, limit) pairs, ascending by severity."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The limits of one group at one second, the mildest first, in the unit of the metric.

    `usual` is what they are multiples of, over the rule's window; None where
    they are plain limits.
    """

    limits: tuple[float, ...]
    recover: float
    usual: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the configuration; `above` or `below` is set, never both.

    Args:
        window_s: evaluated seconds that the value is taken over.
        above: fires while the value is greater than a limit.
        below: fires while the value is smaller than a limit.
        baseline: limits, and `recover`, are multiples of what is usual at this time.
        recover: the value that clears it; None means the first limit itself.
        for_s: evaluated seconds a breach must last before it fires.
        hold_s: evaluated seconds it must be clear before it recovers.
        min_hits: fewer requests than this make a ratio or percentile thin; they
            are not more than usual, and where fewer are usual, none are missing.
        no_data: "alert" fires when nothing parsed arrived for the window.
        severity: what a limit without a severity of its own is worth.
    """

    name: str
    metric: str
    selector: Selector = field(default_factory=Selector)
    group_by: tuple[str, ...] = ()
    window_s: int = 120
    above: Limits | None = None
    below: Limits | None = None
    baseline: bool = False
    recover: float | None = None
    for_s: int = 0
    hold_s: int = 30
    min_hits: int = 0
    no_data: str = "ignore"
    severity: str = "warning"
    summary: str | None = None
    runbook: str | None = None

    @property
    def kind(self) -> Metric:
        """The row of `METRICS` it watches."""
        return METRICS[self.metric]

    @property
    def rising(self) -> bool:
        """True for `above`, False for `below`."""
        return self.above is not None

    @property
    def limits(self) -> Limits:
        """Its limits, the mildest first."""
        return self.above or self.below or ()

    @property
    def recover_at(self) -> float:
        """The value that clears it."""
        return self.limits[0][1] if self.recover is None else self.recover

    def bounds(self, usual: float | None = None) -> Bounds:
        """Its limits now; of a baseline rule beside what is `usual` over its window.

        Multiples are rounded to three digits, so that what is told is what is compared.
        """
        limits = tuple(limit for _, limit in self.limits)
        if usual is None:
            return Bounds(limits, self.recover_at)
        rounded = tuple(float(f"{limit * usual:.3g}") for limit in (*limits, self.recover_at))
        return Bounds(rounded[:-1], rounded[-1], usual)

    def limit(self, gravity: int, bounds: Bounds | None) -> float:
        """Its limit of that gravity among `bounds`; 0 while that is not known."""
        if bounds is None:
            return 0.0 if self.baseline else self.limits[gravity][1]
        return bounds.limits[gravity]

    @property
    def sources(self) -> frozenset[str] | None:
        """The sources it reads by name; None when that is all of them."""
        named = self.selector.values("source")
        if not named or any("*" in name or "?" in name for name in named):
            return None
        return frozenset(named)


DEFAULT_RULES = (Rule("high-traffic", "hits_per_second", above=(("warning", 10.0),)),)
"""What a daemon without rules of its own watches."""


def problems(rule: Rule, labels: Collection[str] = ()) -> list[tuple[str, str]]:
    """Why the rule cannot work, as (key, message that says what would).

    `labels` are the configured label names, usable like cell dimensions.
    """
    metric = METRICS.get(rule.metric)
    if metric is None:
        return [("metric", f"unknown metric {rule.metric!r}; known: {', '.join(METRICS)}")]
    return [
        *_limit_problems(rule, metric),
        *_dimension_problems(rule, metric, labels),
        *_time_problems(rule),
    ]


def _limit_problems(rule: Rule, metric: Metric) -> list[tuple[str, str]]:
    if bool(rule.above) == bool(rule.below):
        return [("above", "give exactly one of above, below, above_baseline and below_baseline")]
    found = []
    side = ("above" if rule.rising else "below") + ("_baseline" if rule.baseline else "")
    sign = 1 if rule.rising else -1
    steps = [limit * sign for _, limit in rule.limits]
    names = [severity for severity, _ in rule.limits]
    unknown = [name for name in names if name not in SEVERITIES]
    if unknown:
        found.append((side, f"unknown severity {unknown[0]!r}; known: {', '.join(SEVERITIES)}"))
    elif names != sorted(set(names), key=SEVERITIES.index):
        found.append((side, "severities must be distinct and ascending"))
    if any(later <= earlier for earlier, later in pairwise(steps)):
        order = "higher" if rule.rising else "lower"
        found.append((side, f"a graver severity needs a {order} limit"))
    if rule.baseline:
        return found + _baseline_problems(rule, metric, side) + _recover_problems(rule, sign)
    if metric.unit == "share" and rule.rising and steps[-1] >= 1:
        found.append((side, "a share never exceeds 100%; write it as 5% or 0.05"))
    if steps[0] < 0 < sign or (not rule.rising and rule.limits[-1][1] <= 0):
        found.append((side, "the value is never negative, so this limit cannot work"))
    return found + _recover_problems(rule, sign)


def _recover_problems(rule: Rule, sign: int) -> list[tuple[str, str]]:
    limit = rule.limits[0][1]
    if rule.recover is None or rule.recover * sign <= limit * sign:
        return []
    unit, relation = "x" if rule.baseline else "", "at most" if rule.rising else "at least"
    return [("recover", f"must be {relation} the limit {limit:g}{unit}")]


def _baseline_problems(rule: Rule, metric: Metric, side: str) -> list[tuple[str, str]]:
    """Why multiples of what is usual cannot be limits of this rule."""
    if metric.kind in ("distinct", "ledger"):
        return [(side, f"nothing is kept that would say what is usual for {metric.name}")]
    multiples = [multiple for _, multiple in rule.limits]
    if rule.rising and min(multiples) <= 1:
        return [(side, "is a multiple of what is usual: more than 1x, 3x for example")]
    if not rule.rising and not all(0 < multiple < 1 for multiple in multiples):
        return [(side, "is a multiple of what is usual: between 0x and 1x, 0.3x for example")]
    return []


def _dimension_problems(
    rule: Rule, metric: Metric, labels: Collection[str]
) -> list[tuple[str, str]]:
    known = {*CELL_DIMENSIONS, *labels}
    if metric.kind == "distinct":
        known = set()
    elif metric.kind == "ledger":
        known = {"source"}
    elif metric.kind == "duration":
        known &= DURATION_DIMENSIONS
    found = []
    for key, used in (("where", sorted(rule.selector.dimensions)), ("group_by", rule.group_by)):
        allowed = set() if metric.kind == "ledger" and key == "group_by" else known
        for dimension in used:
            if dimension not in allowed:
                choice = f"possible: {', '.join(sorted(allowed))}" if allowed else "leave it out"
                found.append((key, f"{metric.name} cannot use {dimension!r} here; {choice}"))
    if metric.kind == "ledger" and rule.selector.values("source") and rule.sources is None:
        found.append(("where", f"{metric.name} needs sources by their plain names"))
    if len(set(rule.group_by)) != len(rule.group_by):
        found.append(("group_by", "names a dimension twice"))
    return found


def _time_problems(rule: Rule) -> list[tuple[str, str]]:
    found = []
    if not 1 <= rule.window_s <= MAX_WINDOW_S:
        found.append(("window", "must be between 1s and 1h"))
    elif rule.window_s > MAX_FINE_WINDOW_S and rule.window_s % BLOCK_S:
        found.append(("window", f"longer than 5m it must be a multiple of {BLOCK_S}s"))
    if rule.for_s < 0 or rule.hold_s < 0:
        found.append(("for" if rule.for_s < 0 else "hold", "must not be negative"))
    if rule.min_hits < 0:
        found.append(("min_hits", "must not be negative"))
    if rule.no_data not in ("ignore", "alert"):
        found.append(("no_data", 'must be "ignore" or "alert"'))
    if rule.severity not in SEVERITIES:
        found.append(("severity", f"unknown; known: {', '.join(SEVERITIES)}"))
    return found
