"""A backtest: the rules of a configuration over old logs, as the daemon would have run them.

Statistics, rules, intakes and formats are those of the daemon; only sources,
timers and outputs are missing. Everything from the first line's second on
counts as observed. No reactor, no threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from time import monotonic
from time import time as wall_time

from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService
from logmond.config.trial import Trial
from logmond.daemon.earlier import Earlier, has_baseline
from logmond.daemon.evaluation import Evaluation
from logmond.daemon.expectations import Expected
from logmond.daemon.inputs import Input, Surroundings, local_zone
from logmond.daemon.oldlogs import Assigned, not_tested, sources_of, unlearned
from logmond.daemon.replay import Replay
from logmond.daemon.tallies import Tallies
from logmond.daemon.variants import Variants
from logmond.errors import SourceError
from logmond.frame.caps import caps_for
from logmond.ingest.formats.explain import nearest
from logmond.ingest.formats.values import redacted
from logmond.ingest.kernel.oldstamps import OldStamps
from logmond.ingest.sources.oldlog import OldLog
from logmond.interfaces.outcome import LogRead, Outcome, Reject, RuleOutcome
from logmond.stats.service import StatisticsService
from logmond.stores.history import History
from logmond.telemetry import decoded, visible

LOOK_STEPS = 64
"""Steps of the replay between two looks of whoever shows its progress."""


class Backtest:
    """One run of some rules over some logs."""

    def __init__(
        self,
        trial: Trial,
        found: Sequence[Assigned],
        *,
        since: int | None = None,
        until: int | None = None,
        history: History | None = None,
        wall: Callable[[], float] = wall_time,
    ) -> None:
        """Join the parts.

        Args:
            trial: the configuration, and what is swept.
            found: the logs, each with the source it is read as.
            since: the first second that rules are asked about; what comes before
                fills their windows.
            until: the second that is asked about no more.
            history: knows days before the logs, for rules with a baseline.
            wall: epoch seconds; years and hours that a stamp leaves open are those nearest.
        """
        config = trial.config
        sources = sources_of(found)
        around = Surroundings(None, wall, config.stats, sharing=max(1, len(sources)))
        bare = {"listen": (), "tls": None, "files": (), "stdin": False}
        self.inputs = {
            source.name: Input(source.model_copy(update=bare), around) for source in sources
        }
        for source in sources:
            kernel = self.inputs[source.name].intake.kernel
            kernel.stamps = OldStamps(source.zone() or local_zone(), config.stats.max_skew_s)
        self._logs = [_Held(one) for one in found]
        self._config = config
        self._until = until
        self._rules = [rule.build() for rule in config.rules]
        swept = [rule.build() for sweep in trial.sweeps for rule in sweep.rules]
        usual = has_baseline([*self._rules, *swept])
        caps = caps_for(config.stats.memory_limit_bytes)
        self.stats = StatisticsService(caps, tuple(config.stats.labels), keep_minutes=usual)
        earlier = Earlier(self.stats, config.stats, history, caps, kept=usual)
        self._not_tested = {rule.name: not_tested(rule, self.inputs) for rule in self._rules}
        asked = [rule for rule in self._rules if not self._not_tested[rule.name]]
        self.alerts = AlertService(asked, self.stats, config.node, earlier.baselines())
        self._tallies = Tallies()
        self.alerts.subscribe(self._tallies.take)
        self.variants = (
            Variants(trial.sweeps, self.stats, config.node, earlier.baselines())
            if trial.sweeps
            else None
        )
        self._course = _Course(self, asked, earlier, since)
        self._took_s = 0.0

    @property
    def read_bytes(self) -> int:
        """Bytes of the logs read so far, compressed as they are."""
        return sum(held.log.read_bytes for held in self._logs)

    @property
    def total_bytes(self) -> int | None:
        """What there is to read; None where a pipe does not tell."""
        sizes = [held.log.total_bytes for held in self._logs]
        return None if None in sizes else sum(size or 0 for size in sizes)

    @property
    def lines(self) -> int:
        """Lines read so far."""
        return sum(member.ledger.totals["received"] for member in self.inputs.values())

    def run(self, look: Callable[[], None] = lambda: None) -> None:
        """Read and evaluate everything; `look` is called now and then.

        After an interruption, what is known so far can be asked for all the same.
        """
        begun = monotonic()
        replay = Replay(self._course, self._config.stats.delay_s, self._newest)
        for held in self._logs:
            member = self.inputs[held.source]
            held.log.feed(member.intake)
            replay.read(member, [held])
        try:
            steps = 0
            while replay.step() and not self._is_over():
                steps += 1
                if steps % LOOK_STEPS == 0:
                    look()
        finally:
            self._took_s = monotonic() - begun
            for held in self._logs:
                held.log.close()

    def outcome(
        self,
        config: str,
        expected: Iterable[Expected] = (),
        per_day: float = 1.0,
        *,
        interrupted: bool = False,
    ) -> Outcome:
        """What is known by now.

        Args:
            config: the name of the configuration, for people.
            expected: what is to be compared with it.
            per_day: how many alerts a day a value of a sweep may give to be named.
            interrupted: whether somebody ended it early.
        """
        first, last = self._course.first, self.stats.evaluated
        tested_s = 0 if first is None or last is None else last - first + 1
        self._tallies.close(last or 0, self.alerts.incidents())
        rules = [self._rule_outcome(rule) for rule in self._rules]
        variants = self.variants
        why = {rule.rule: rule.not_tested for rule in rules}
        return Outcome(
            config=config,
            first=first,
            last=None if first is None else last,
            took_s=self._took_s,
            logs=[held.read() for held in self._logs],
            totals=self._totals(),
            rejects=list(self._rejects()),
            rules=rules,
            incidents=self._tallies.incidents,
            unlisted=self._tallies.unlisted,
            sweeps=variants.outcomes(tested_s, last or 0, per_day, why) if variants else (),
            expectations=[one.met(rules) for one in expected],
            interrupted=interrupted,
        )

    def _newest(self) -> int | None:
        newest = [held.newest for held in self._logs if held.newest is not None]
        if not newest:
            return None
        return max(newest) if self._until is None else min(max(newest), self._until - 1)

    def _is_over(self) -> bool:
        evaluated = self.stats.evaluated
        return self._until is not None and evaluated is not None and evaluated >= self._until - 1

    def _rule_outcome(self, rule: Rule) -> RuleOutcome:
        why = self._not_tested[rule.name]
        if not why and self._course.first is None:
            why = "there was nothing to test"
        if not why and rule.kind.kind == "duration" and not self._carries_durations():
            why = "no log carries durations"
        count = self._tallies.count(rule.name)
        if not why and rule.baseline and not count.fired:
            why = unlearned(rule, self.alerts.statuses())
        return RuleOutcome(rule.name, rule.metric, count, why)

    def _carries_durations(self) -> bool:
        return any(
            "duration" in fmt.fields
            for member in self.inputs.values()
            for fmt in member.formats
            if member.intake.kernel.by_format[fmt.name] or fmt.directive(b"#Fields: -") is not None
        )

    def _totals(self) -> dict[str, int]:
        names = ("received", "counted", "filtered", "unparsed", "oversize", "cut", "late", "skewed")
        return {
            name: sum(member.ledger.totals[name] for member in self.inputs.values())
            for name in names
        }

    def _rejects(self) -> Iterator[Reject]:
        for name, member in self.inputs.items():
            ledger = member.ledger
            for kind, kept in ledger.samples.items():
                lines = ledger.totals[kind] or ledger.filtered[kind]
                raw = kept[-1]
                yield Reject(
                    name,
                    kind,
                    lines,
                    visible(decoded(redacted(raw)))[:200],
                    _why(member, kind, raw),
                )


class _Course(Evaluation):
    """Evaluation over old seconds; rules are asked from `since` on."""

    def __init__(
        self, run: Backtest, rules: Sequence[Rule], earlier: Earlier, since: int | None
    ) -> None:
        super().__init__(run.stats, run.alerts, run.inputs)
        self.first: int | None = None
        """The first second that rules were asked about."""
        self._variants = run.variants
        self._since = since
        self._earlier = earlier
        self._rules = rules
        self._begun = False

    def advance(self, seconds: Iterable[int]) -> None:
        """Evaluate seconds in order, each for all rules and all variants."""
        for second in seconds:
            if not self._begun:
                self._begin(second - 1)
            if self._since is not None and second < self._since:
                self.stats.advance(second)
            else:
                if self.first is None:
                    self.first = second
                super().advance((second,))
                if self._variants is not None:
                    self._variants.alerts.step(second)
            self._earlier.keep(second)
            # Nobody keeps them: there is no durable state here.
            self.stats.tiers.forget_changes()

    def _begin(self, evaluated: int) -> None:
        self._begun = True
        known = {rule.name: (rule.name, rule) for rule in self._rules}
        self._earlier.recall(self.alerts.baselines, known, evaluated)
        if self._variants is not None:
            self._earlier.recall(self._variants.alerts.baselines, self._variants.known, evaluated)


class _Held:
    """A log that is read to its end or to its fault, which ends no backtest."""

    def __init__(self, found: Assigned) -> None:
        self.log: OldLog = found.log
        self.source = found.source.name
        self._read_as = found.read_as
        self._fault = ""

    @property
    def newest(self) -> int | None:
        """The newest second counted from it."""
        return self.log.newest

    def pump(self, max_bytes: int) -> bool:
        """Read and hand over about `max_bytes`; True while there is more."""
        try:
            return self.log.pump(max_bytes)
        except SourceError as error:
            self._fault = str(error).removeprefix(f"{self.log.path}: ")
            return False

    def read(self) -> LogRead:
        """What came of it."""
        log = self.log
        fault = self._fault or log.fault
        if not fault and log.lines and log.lines == log.rejected:
            fault = "no line of it could be read"
        return LogRead(log.path, self.source, self._read_as, log.lines, log.rejected, fault)


def _why(member: Input, kind: str, raw: bytes) -> str:
    """Why a line was not counted, in a few words; "" where its kind says it."""
    if kind != "unparsed":
        return {"oversize": "longer than any line may be", "cut": "not ended"}.get(kind, "")
    found = nearest(member.formats, raw)
    return f"{found.format} expected {found.expected} at byte {found.offset}" if found else ""
