"""What one evaluated second says about the groups of a rule: their readings, and why.

Here the law of incomplete knowledge is applied: a partial window may fire an
`above` rule, it never clears anything and never fires a `below` rule; what
cannot be known says so. No states, no clock: the second is an argument.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from logmond.alerts.admission import Admission
from logmond.alerts.incident import LIMIT, NO_DATA
from logmond.alerts.lifecycle import Reading
from logmond.alerts.measure import (
    NOTHING,
    beyond_quantile,
    beyond_value,
    judge,
    ledger_value,
    suspect,
    suspect_beside,
    value_of,
)
from logmond.alerts.outlook import EMPTY, WHOLE, Knowledge, Outlook, span_of
from logmond.alerts.rule import Bounds, Rule
from logmond.alerts.seam import Group, Statistics, Tally
from logmond.frame.selector import Selector
from logmond.stats.tiers import SECONDS_KEPT
from logmond.telemetry import window


@dataclass(frozen=True, slots=True)
class Sight:
    """The reading of one group at one second.

    `level` is the gravest limit a breach is beyond, `value` is None when
    unusable, `idle` says that it is 0 because there were no requests, `bounds`
    are the limits it was judged by.
    """

    reading: Reading
    level: int = -1
    value: float | None = None
    reason: str | None = None
    idle: bool = False
    blind: bool = False
    cause: str = LIMIT
    bounds: Bounds | None = None


class Observer:
    """One rule's view of the statistics."""

    def __init__(
        self, rule: Rule, stats: Statistics, admission: Admission, outlook: Outlook
    ) -> None:
        self.rule = rule
        self.series = stats.series(rule.selector, rule.group_by)
        self.needs = {(rule.selector, rule.group_by)}
        """The series it reads."""
        self.silent_s = 0
        """Evaluated seconds without any parsed line, for `no_data`."""
        self._stats = stats
        self._outlook = outlook
        self._sources = rule.sources
        self._admission = admission
        self._sums = self.series.sums(rule.window_s)
        self._suspect = suspect(rule)
        self._fixed = None if rule.baseline else rule.bounds()
        self._computed: tuple[int, float, int] | None = None
        if rule.no_data == "alert":
            asked = rule.selector.values("source")
            arrivals = Selector((("source", asked),) if asked else ())
            self.needs.add((arrivals, ()))
            self._arrivals = stats.series(arrivals)
            self._arrived = self._arrivals.sums(rule.window_s)

    def span(self, second: int) -> tuple[int, int]:
        """The first and last second of the window as of `second`; long ones end with a block."""
        return span_of(self.rule.window_s, second, by_block=self.rule.kind.by_block)

    def knowledge(self, second: int) -> Knowledge:
        """What is known of the window as of `second`."""
        rule = self.rule
        return self._outlook.of(self.series, self._sources, rule, second)

    def arrive(self, second: int, knowledge: Knowledge) -> bool:
        """Note whether anything parsed arrived; True when nothing did for the whole window."""
        if self.rule.no_data != "alert":
            return False
        if self._arrivals.second((), second) is not None:
            self.silent_s = 0
        elif knowledge.broken or self._observed(second):
            self.silent_s += 1
        return self.silent_s >= self.rule.window_s and not self._arrived.groups.get(())

    def groups(self, held: Collection[Group]) -> list[Group]:
        """Admit the groups of this second; return those whose reading may be a breach."""
        present = self._sums.groups
        if not self.rule.group_by:
            if self.rule.baseline:
                return [()]
            summed = self.rule.kind.kind in ("count", "rate", "ratio")
            return [] if summed and not self._suspect(self.tally(())) else [()]
        self._admission.update(present, held)
        if self.rule.baseline:
            return [
                g for g, tally in self._admission.present(present) if self._stands_out(g, tally)
            ]
        suspects = [g for g, tally in self._admission.present(present) if self._suspect(tally)]
        other = self._admission.other
        if self._admission.members(other, present) and self._suspect(self.tally(other)):
            suspects.append(other)
        return suspects

    def unmet(self, reached: Collection[Group]) -> list[Group]:
        """Of a `below` rule: groups that were never above the limit, and those gone that were."""
        found = [group for group in self.watched() if group not in reached]
        if self.rule.kind.kind in ("count", "rate"):  # others say nothing without requests
            present = self._sums.groups
            found += [group for group in reached if group not in present]
        return found

    def tally(self, group: Group) -> Tally:
        """The window of a group."""
        present = self._sums.groups
        if group in present and group != self._admission.other:
            return present[group]
        members = self._admission.members(group, present)
        if not members:
            return NOTHING
        return self._outlook.joint((id(self._sums), 0), members, present.get)

    def second(self, group: Group, second: int) -> Tally:
        """One second of a group."""
        members = self._members(group)
        if len(members) == 1:
            return self.series.second(members[0], second) or NOTHING
        of_second = self.series.second
        return self._outlook.joint(
            (id(self.series), second), members, lambda member: of_second(member, second)
        )

    def history(self, group: Group, second: int) -> Iterator[tuple[int, Tally]]:
        """The seconds to find a peak in when a group fires at `second`, oldest first.

        The first one, and those after it that had hits: as far as single
        seconds outlive a restart.
        """
        first = max(self.span(second)[0], second - SECONDS_KEPT + 1)
        if len(self._members(group)) > 1:  # hundreds of groups by hundreds of seconds
            first = second
        yield first, self.second(group, first)
        of_second = self.series.second
        for later in range(first + 1, second + 1):
            tally = of_second(group, later)
            if tally is not None:
                yield later, tally

    def look(self, group: Group, knowledge: Knowledge, second: int) -> Sight:
        """The reading of a group."""
        if knowledge.blind:
            return Sight(Reading.UNUSABLE, reason=knowledge.reason, blind=True)
        rule = self.rule
        if rule.kind.kind in ("distinct", "ledger"):
            value, hits = self._compute(second)
            tally: Tally = NOTHING
        else:
            tally = self.tally(group)
            hits = tally.hits
            if rule.kind.kind == "duration":
                hits = sum(self._sums.timed(member) for member in self._members(group))
            value = value_of(rule.kind, tally, rule.window_s) or 0.0
        if rule.kind.needs_hits and hits < max(1, rule.min_hits):
            return Sight(Reading.UNUSABLE, reason=self._thin(hits))
        bounds, unknown = self.bounds(group)
        if bounds is None:
            return Sight(Reading.UNUSABLE, reason=unknown)
        if rule.kind.kind == "duration":
            beyond = beyond_quantile(rule, hits, lambda limit: self._slower(group, limit))
        else:
            beyond = beyond_value(rule, value)
        reading, level = judge(bounds, beyond)
        if rule.baseline and rule.rising and hits < rule.min_hits:
            reading, level = Reading.CLEAR, -1  # so few are never more than usual
        if knowledge.state != WHOLE and not (rule.rising and reading is Reading.BREACH):
            return Sight(Reading.UNUSABLE, reason=knowledge.reason)
        idle = rule.kind.kind in ("count", "rate") and not hits
        return Sight(reading, level, value, idle=idle, bounds=bounds)

    def bounds(self, group: Group) -> tuple[Bounds | None, str | None]:
        """The limits of a group now, or None and why they are not known."""
        if self._fixed is not None:
            return self._fixed, None
        return self._outlook.baselines.bounds(self.rule, group)

    def silence(self, sight: Sight | None, knowledge: Knowledge) -> Sight:
        """The reading when nothing arrived for the whole window and that is an alert.

        A value that breaches by itself says more, and keeps its reading.
        """
        if sight is not None and sight.reading is Reading.BREACH:
            return sight
        reason = knowledge.reason if knowledge.blind else None
        return Sight(Reading.BREACH, 0, reason=reason, blind=knowledge.blind, cause=NO_DATA)

    def of_second(self, tally: Tally, value: float | None) -> float | None:
        """The metric of one single second's tally, for the peak.

        Distinct clients and the ledger have no value of a second: the window's
        `value` stands for it.
        """
        if self.rule.kind.kind in ("distinct", "ledger"):
            return value
        return value_of(self.rule.kind, tally, 1)

    def watched(self) -> list[Group]:
        """The groups that have hits now."""
        present = self._sums.groups
        groups = [group for group, _ in self._admission.present(present)]
        other = self._admission.other
        return [*groups, other] if self._members(other) else groups

    @property
    def folded(self) -> int:
        """How many groups are watched together only."""
        return len(self._admission.rest)

    def _stands_out(self, group: Group, tally: Tally) -> bool:
        """Whether the reading of a group may be a breach of its own limits."""
        return suspect_beside(self.rule, tally, self.bounds(group)[0])

    def _observed(self, second: int) -> bool:
        account = self.rule.kind.of_account
        state = self._stats.coverage.state(self.rule.sources, second, second, account=account)
        return state != EMPTY

    def _members(self, group: Group) -> Sequence[Group]:
        return self._admission.members(group, self._sums.groups)

    def _slower(self, group: Group, limit: float) -> int:
        return sum(self._sums.slower(member, limit) for member in self._members(group))

    def _compute(self, second: int) -> tuple[float, int]:
        """The value that is computed, not summed, and the messages behind it; once a block."""
        first, last = self.span(second)
        if self._computed is None or self._computed[0] != last:
            rule = self.rule
            if rule.kind.kind == "distinct":
                self._computed = (last, self._stats.distinct_clients(first, last), 0)
            else:
                counters = self._stats.ledger(first, last, rule.sources)
                value = ledger_value(rule.kind, counters)
                self._computed = (last, value, counters.get("received", 0))
        return self._computed[1], self._computed[2]

    def _thin(self, hits: int) -> str:
        length = window(self.rule.window_s)
        if not hits:
            return f"no requests in {length}"
        requests = "1 request" if hits == 1 else f"{hits:,} requests"
        return f"only {requests} in {length}, min_hits is {self.rule.min_hits:,}"
