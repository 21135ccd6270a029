"""An incident: one object from trigger to end, with one id whatever happens between.

The id depends on nothing but what fired when, so a daemon killed between
deciding and remembering decides the same id again. No clock, no statistics.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from logmond.alerts.event import Acknowledgement, Event, Evidence, Peak
from logmond.alerts.lifecycle import State
from logmond.alerts.rule import SEVERITIES, Bounds, Rule

__all__ = ["Acknowledgement", "Incident", "incident_id"]

OPEN_STATES = frozenset({State.FIRING, State.CLEARING})

NO_DATA, LIMIT = "no data", "limit"
"""Why an incident stands: nothing arrived, or the value is beyond a limit."""


def incident_id(node: str, rule: str, group: Iterable[str], second: int) -> str:
    """A UUID of version 7's layout (RFC 9562, section 5.7): time, then a hash for random bits.

    The time is the firing second; the 74 random bits hash (node, rule, group,
    second), so that the same firing has the same id after a crash.
    """
    digest = blake2b(digest_size=16)
    for part in (node, rule, *group, str(second)):
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(4, "big") + raw)
    bits = int.from_bytes(digest.digest(), "big")
    stamp = (second * 1000) & (1 << 48) - 1
    random_a = bits & (1 << 12) - 1
    random_b = bits >> 12 & (1 << 62) - 1
    return str(UUID(int=stamp << 80 | 7 << 76 | random_a << 64 | 2 << 62 | random_b))


@dataclass(slots=True)
class Incident:
    """What is known of one incident; everything here outlives a restart.

    `key` holds the values of the rule's `group_by`; `value` is the last usable
    one, `usable` whether the newest second gave one, `reason` why not. `limit`
    is the gravest limit it reached, as it was then, `usual` what it was a
    multiple of, and `bounds` are the limits of now. `opening` and `closing` are the messages
    of its first (or escalating) and last event, `blind_since` the second its
    NODATA was told at.
    """

    id: str
    node: str
    definition: Rule
    key: tuple[str, ...]
    severity: str
    limit: float
    triggered_at: int
    updated_at: int
    state: State = State.FIRING
    cause: str = LIMIT
    value: float | None = None
    usable: bool = True
    idle: bool = False
    level: int = 0
    reason: str | None = None
    ended_at: int | None = None
    clear_s: int = 0
    peak_value: Peak | None = None
    peak_requests: Peak | None = None
    evidence: tuple[Evidence, ...] = ()
    samples: tuple[str, ...] = ()
    acknowledged: Acknowledgement | None = None
    opening: str = ""
    closing: str = ""
    noted_at: int = 0
    trend_at: int = 0
    trend_values: tuple[float | None, float | None] = (None, None)
    blind_since: int | None = None
    blind_reason: str = ""
    usual: float | None = None
    bounds: Bounds | None = None

    @property
    def rule(self) -> str:
        """The rule's name."""
        return self.definition.name

    @property
    def short_id(self) -> str:
        """What people type: the last eight digits."""
        return self.id[-8:]

    @property
    def open(self) -> bool:
        """Whether it has not ended."""
        return self.state in OPEN_STATES

    @property
    def group(self) -> dict[str, str]:
        """Its group, by dimension; empty for a rule without groups."""
        return dict(zip(self.definition.group_by, self.key, strict=False))

    @property
    def group_text(self) -> str:
        """Its group for people: ``vhost shop, section /api``."""
        return ", ".join(f"{dimension} {value}" for dimension, value in self.group.items())

    @property
    def lasted_s(self) -> int:
        """Seconds from trigger to end, or to the newest evaluated second."""
        return max(0, (self.ended_at or self.updated_at) - self.triggered_at)

    @property
    def trend(self) -> str:
        """Where the value went over the last `TREND_S` to twice that: "rising", "falling"..."""
        before = self.trend_values[0]
        if self.value is None or before is None:
            return "steady"
        change = self.value - before
        if abs(change) <= TREND_SHARE * abs(before):
            return "steady"
        return "rising" if change > 0 else "falling"

    def follow(self, second: int) -> None:
        """Remember the value of now and then, for the trend."""
        if not self.trend_at <= second < self.trend_at + TREND_S:
            self.trend_at, self.trend_values = second, (self.trend_values[1], self.value)

    def saw(self, second: int, value: float | None, requests: int) -> None:
        """Take one single second into the peaks; of equal ones the first stays."""
        if value is not None and (self.peak_value is None or value > self.peak_value.value):
            self.peak_value = Peak(value, second)
        if self.peak_requests is None or requests > self.peak_requests.value:
            self.peak_requests = Peak(requests, second)

    def redefine(self, rule: Rule) -> None:
        """Go on under a changed rule of the same name.

        The severity stays: what the value is beyond by now is told as any rise is.
        """
        if rule.metric != self.definition.metric:
            self.peak_value = None
            self.value, self.trend_values = None, (None, None)
        self.definition = rule
        self.level = min(self.level, len(rule.limits) - 1)
        rank = SEVERITIES.index(self.severity)
        reached = [pair for pair in rule.limits if SEVERITIES.index(pair[0]) <= rank]
        _, limit = reached[-1] if reached else rule.limits[0]
        if not rule.baseline:  # else it stays what it was when that was reached
            self.limit, self.usual = limit, None
        self.bounds = None

    def as_event(
        self, kind: str | None = None, at: int | None = None, message: str | None = None
    ) -> Event:
        """An event with the current values.

        `kind` is by default what happened last ("alert" or the end), `at` the
        newest evaluated second, `message` that of the opening or the end.
        """
        return Event(
            kind=kind or ("alert" if self.open else self.state.value),
            at=self.updated_at if at is None else at,
            id=self.id,
            node=self.node,
            rule=self.rule,
            group=self.group,
            severity=self.severity,
            state=self.state.value,
            metric=self.definition.metric,
            window_s=self.definition.window_s,
            value=self.value if self.usable else None,
            limit=self.limit,
            triggered_at=self.triggered_at,
            recovered_at=self.ended_at if self.state is State.RECOVERED else None,
            reason=self.reason,
            peak_value=self.peak_value,
            peak_requests_per_second=self.peak_requests,
            evidence=self.evidence,
            runbook=self.definition.runbook,
            message=(self.closing or self.opening) if message is None else message,
            samples=self.samples,
            acknowledged=self.acknowledged,
        )


TREND_S = 10
"""Seconds between two values the trend is told from."""

TREND_SHARE = 0.05
"""A value within this share of the one told before is steady."""
