"""Moving the evaluated second: what was counted goes in, every second is stepped once.

The same few steps serve live running, catching up on files and (with a reader
in place of sources) old logs. No sockets, no timers.
"""

from __future__ import annotations

from collections.abc import Iterable

from twisted.logger import Logger

from logmond.alerts.service import AlertService
from logmond.daemon.inputs import Input
from logmond.stats.clock import Jump
from logmond.stats.service import StatisticsService
from logmond.telemetry import clock, moment


class Evaluation:
    """Statistics, rules and inputs, moved forward together."""

    _log = Logger()

    def __init__(
        self, stats: StatisticsService, alerts: AlertService, inputs: dict[str, Input]
    ) -> None:
        self.stats = stats
        self.alerts = alerts
        self.inputs = inputs

    def collect(self, second: int) -> None:
        """Take what every intake counted; the ledgers' movement belongs to `second`."""
        for member in self.inputs.values():
            self.collect_one(member, second)

    def collect_one(self, member: Input, second: int) -> None:
        """Take what one intake counted."""
        delta = member.intake.take(second)
        if delta:
            for source, lines in self.stats.add(delta).items():
                owner = self.inputs.get(source)
                if owner is not None:
                    owner.ledger.note("late", lines)

    def advance(self, seconds: Iterable[int]) -> None:
        """Evaluate seconds in order, each for all rules."""
        for second in seconds:
            self.stats.advance(second)
            self.alerts.step(second)

    def jump(self, jump: Jump) -> None:
        """Begin a new epoch; what lies between was not observed."""
        before = self.stats.evaluated
        self._log.warn(
            "new epoch: {reason}; evaluation goes on after {to} (was at {before})",
            reason=jump.reason,
            to=moment(jump.to),
            before="no second yet" if before is None else moment(before),
        )
        self.stats.jump(jump.to)
        if before is None:
            return
        if jump.to <= before:
            self.stats.coverage.begin_again(jump.to + 1)
            return
        for name in self.inputs:
            self.stats.coverage.gap(name, before + 1, jump.to, jump.reason)

    def judge(self, second: int) -> None:
        """Tell the statistics what cannot be believed of this tick."""
        coverage = self.stats.coverage
        for name, member in self.inputs.items():
            counted, rejected, drops = member.tick()
            broken = member.health.broken
            since = f" since {clock(member.health.since)}"
            coverage.mark_broken(name, member.health.reason + since if broken else None)
            if broken:
                coverage.gap(name, second, second, "broken")
            elif drops:
                coverage.gap(name, second, second, "kernel drops")
            elif rejected > counted and rejected > 1:
                coverage.gap(name, second, second, "rejects")
