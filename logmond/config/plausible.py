"""Rules that are legal and hardly what was meant: that fire always, never end, or flap.

Only what is certain from the rule itself: nothing here guesses how much traffic
there is. A finding is a path and a message with the way out; it stops no start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from logmond.alerts.quantities import bound
from logmond.alerts.rule import Rule
from logmond.config.places import Path

Finding = tuple[Path, str]

_STRANGERS = frozenset({"vhost", "section"})
"""Dimensions whose values are made up by whoever asks."""

SHORT_S = 10
"""A window in which a healthy site may well have no request."""


def findings(rules: Sequence[Rule]) -> Iterator[Finding]:
    """Everything that stands out, rule by rule in the order of the configuration."""
    first: dict[Rule, str] = {}
    for index, rule in enumerate(rules):
        path: Path = ("rules", index)
        for message in about(rule):
            yield path, f"{rule.name}: {message}"
        bare = replace(rule, name="", summary=None, runbook=None)
        if bare in first:
            yield path, f"{rule.name}: says what {first[bare]} says; leave one of them out"
        first.setdefault(bare, rule.name)


def about(rule: Rule) -> Iterator[str]:
    """What is strange about one rule."""
    if not rule.baseline:
        yield from _limits(rule)
        yield from _recover(rule)
    yield from _groups(rule)
    yield from _strangers(rule)
    if rule.kind.kind == "ratio" and rule.rising and rule.min_hits < 2:
        yield "one failed request of one is 100%; set min_hits, for example min_hits: 100"
    if not rule.for_s and not rule.hold_s:
        yield "for: 0s and hold: 0s alert at every crossing; leave out hold (30s) or set a for"
    if rule.no_data == "alert" and rule.window_s < SHORT_S:
        yield (
            f"no_data: alert fires after {rule.window_s}s without a request, which is usual; "
            "take a window of minutes"
        )


def _limits(rule: Rule) -> Iterator[str]:
    mildest, kind = rule.limits[0][1], rule.kind.kind
    free = not rule.selector.where
    limit = bound(rule.kind.unit, mildest)
    if not rule.rising:
        if kind == "ledger" or (kind == "ratio" and free):
            yield f"below: {limit} fires while all is well; did you mean above?"
    elif rule.for_s >= rule.window_s:
        return  # one request has left the window by then: it takes traffic that lasts
    elif kind in ("count", "rate") and free and (not mildest or mildest < _of_one(rule)):
        yield f"above: {limit} fires on any request; give the number that is too many"
    elif kind == "distinct" and mildest < 1:
        yield f"above: {limit} fires on any client; give the number that is too many"
    elif kind == "duration" and not mildest:
        yield "above: 0 fires on any request; give the time that is too long, like 500ms"


def _of_one(rule: Rule) -> float:
    """The value of a single request in the window; of its bytes nothing is certain."""
    return {"hits": 1.0, "hits_per_second": 1 / rule.window_s}.get(rule.metric, 0.0)


def _recover(rule: Rule) -> Iterator[str]:
    """Whether an incident of it can end."""
    if rule.recover != 0 or not rule.rising:
        return
    kind = rule.kind.kind
    if kind == "duration":
        yield "recover: 0s is never reached; leave it out, or give a time under the limit"
    elif kind not in ("ratio", "ledger") and not rule.selector.where:
        yield "recover: 0 waits until nobody asks for anything; give a value under the limit"


def _groups(rule: Rule) -> Iterator[str]:
    """Grouping by what `where` leaves only one value of."""
    for dimension in rule.group_by:
        values = rule.selector.values(dimension)
        if len(values) != 1 or "*" in values[0] or "?" in values[0]:
            continue
        if dimension == "status" and values[0].endswith("xx"):
            continue
        yield f"group_by {dimension} has only one group, {values[0]}, by its where; leave it out"


def _strangers(rule: Rule) -> Iterator[str]:
    """Groups that come with a request and whose absence then is an alert without end."""
    if rule.rising or rule.baseline or rule.kind.kind not in ("count", "rate"):
        return
    for dimension in sorted(_STRANGERS.intersection(rule.group_by) - rule.selector.dimensions):
        yield (
            f"strangers ask for any {dimension}, and what was not below its limit once would be "
            f"missed for ever; name them: where: {{{dimension}: [...]}}"
        )
