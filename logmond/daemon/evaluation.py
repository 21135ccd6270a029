"""Moving the evaluated second: what was counted goes in, every second is stepped once.

The same few steps serve live running, catching up on files and (with a reader
in place of sources) old logs. No sockets, no timers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from twisted.logger import Logger

from logmond.alerts.service import AlertService
from logmond.daemon.inputs import BAD, Input
from logmond.frame.frame import Delta
from logmond.stats.clock import Jump
from logmond.stats.coverage import DROPS, REJECTS
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
        self._pieces: Iterator[None] = iter(())
        self.behind: set[str] = set()
        """Sources whose files are being caught up with: their lines are not of this moment."""
        self.stepped: Callable[[int], Iterable[None]] = lambda second: ()
        """What follows from a second once all its events were told, in pieces."""
        self.unplaced: set[str] = set()
        """Those of which no line has told a second yet: nobody knows when a reject was written."""

    def collect(self, second: int) -> None:
        """Take what every intake counted; the ledgers' movement belongs to `second`."""
        for member in self.inputs.values():
            self.collect_one(member, second)

    def collect_one(self, member: Input, second: int) -> None:
        """Take what one intake counted; not in the middle of a second."""
        self.finish()
        delta = member.intake.take(None if member.name in self.unplaced else second)
        if delta:
            self._doubt(member.name, delta)
            for source, lines in self.stats.add(delta).items():
                owner = self.inputs.get(source)
                if owner is not None:
                    owner.ledger.note("late", lines)

    def _doubt(self, name: str, delta: Delta) -> None:
        """Seconds are incomplete in which more lines were rejected than counted."""
        for second, exact in delta.exact.items():
            rejected = sum(exact.ledger.get((name, outcome), 0) for outcome in BAD)
            if rejected > max(1, exact.ledger.get((name, "counted"), 0)):
                self.stats.coverage.gap(name, second, second, REJECTS)

    def advance(self, seconds: Iterable[int]) -> None:
        """Evaluate seconds in order, each for all rules."""
        for second in seconds:
            self.begin(second)
            self.finish()

    def begin(self, second: int) -> None:
        """Begin to evaluate `second`, for all rules; `work` goes on with it."""
        self.finish()
        self._pieces = self._evaluate(second)
        self.work()

    def gather(self, pieces: Iterable[None]) -> None:
        """Begin to gather what will be kept of the second that was evaluated last."""
        self.finish()
        self._pieces = iter(pieces)

    def work(self) -> bool:
        """Go on with what was begun, for about a millisecond; False when it is done."""
        for _ in self._pieces:
            return True
        return False

    def finish(self) -> None:
        """Complete what was begun: before anything else is touched."""
        for _ in self._pieces:
            pass

    def _evaluate(self, second: int) -> Iterator[None]:
        yield from self.stats.advances(second)
        yield from self.alerts.steps(second)
        yield from self.stepped(second)

    def jump(self, jump: Jump) -> None:
        """Begin a new epoch; what lies between was not observed."""
        self.finish()
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

    def unobserved(self, first: int, jump: Jump) -> None:
        """Seconds `first` to `jump.to` were lived by nobody; evaluation has not come there yet.

        Where only nobody looked, files hold what they missed.
        """
        self._log.warn(
            "new epoch: {reason}; seconds {first} to {to} were not observed",
            reason=jump.reason,
            first=moment(first),
            to=moment(jump.to),
        )
        for name, member in self.inputs.items():
            if jump.stepped or member.files is None:
                self.stats.coverage.gap(name, first, jump.to, jump.reason)

    def judge(self, second: int) -> None:
        """Tell the statistics what cannot be believed of this tick."""
        coverage = self.stats.coverage
        for name, member in self.inputs.items():
            drops = member.tick()
            broken = member.health.broken
            since = f" since {clock(member.health.since)}"
            reason = member.health.reason + since if broken else None
            coverage.mark_broken(name, reason, rejecting=member.hopeless)
            if broken and not (member.hopeless and name in self.behind):
                coverage.gap(name, second, second, REJECTS if member.hopeless else "broken")
            elif drops:
                coverage.gap(name, second, second, DROPS)
