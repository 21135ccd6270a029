"""The alerts of one daemon: every evaluated second goes in, events come out.

The daemon calls `step` once for each evaluated second, after the statistics
have taken it. Outputs and the admin port subscribe to the events and ask for
incidents; they never see a rule at work. Events are decided here, in order,
before anybody is told: a subscriber that fails harms nobody else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from twisted.logger import Logger

from logmond.alerts.admission import Room
from logmond.alerts.attest import Attestor, with_evidence
from logmond.alerts.baseline import Baselines
from logmond.alerts.decisions import Decisions, meant
from logmond.alerts.event import Event
from logmond.alerts.incident import Incident
from logmond.alerts.keeping import Keeping
from logmond.alerts.memory import Memory, pack_ended, unpack_ended, unpack_rows
from logmond.alerts.outlook import Outlook
from logmond.alerts.rule import Rule
from logmond.alerts.seam import Statistics
from logmond.alerts.silences import SILENCED, Silences
from logmond.alerts.status import GroupStatus, RuleStatus, groups_of, status_of
from logmond.alerts.watch import Watch, Watched, removal

ENDED_KEPT = 200
"""Ended incidents that are remembered, the newest."""

PIECE = 100
"""Rules without anything to do that are stepped in one piece, about a millisecond."""

GROUPS_LIKE_A_RULE = 20
"""Quiet groups that cost as much as a rule."""

EVENT_LIKE_RULES = PIECE
"""An event is a piece of its own: a group that fires looks for its peak and its evidence."""

TOLD_AT_ONCE = 20
"""Events that subscribers are told in one piece."""

Subscriber = Callable[[Event], None]

_log = Logger()


class AlertService(Decisions):
    """Rules, their states and incidents."""

    def __init__(
        self,
        rules: Sequence[Rule],
        stats: Statistics,
        node: str,
        baselines: Baselines | None = None,
    ) -> None:
        """`baselines` know earlier days; by default only what `stats` sees is known."""
        super().__init__()
        self.node = node
        self._stats = stats
        self._room = Room()
        self._attestor = Attestor(stats)
        self.baselines = baselines or Baselines(stats.minute)
        self.baselines.watch(rules)
        self._outlook = Outlook(stats, self.baselines)
        self._watches = {rule.name: self._watch(rule) for rule in rules}
        self._share()
        self._ended: deque[Incident] = deque(maxlen=ENDED_KEPT)
        self._ended_changed = False
        self._keeping = Keeping()
        self._orphans: list[Incident] = []
        self._subscribers: list[Subscriber] = []

    def step(self, second: int) -> list[Event]:
        """Evaluate every rule as of `second`; return what happened, having told the subscribers.

        The statistics must have evaluated `second` just before.
        """
        pieces = self.steps(second)
        while True:
            try:
                next(pieces)
            except StopIteration as done:
                events: list[Event] = done.value
                return events

    def steps(self, second: int) -> Generator[None, None, list[Event]]:
        """The same in pieces of about a millisecond; nothing is told before all is decided.

        Between two pieces rules are at different seconds: statistics, rules and
        snapshots must be left alone until the generator has returned.
        """
        self.evaluated = second
        self._keeping.stale()
        self._silences.trim(second)
        events = [self._remove(orphan, second) for orphan in self._orphans]
        self._orphans.clear()
        self.baselines.advance(second)
        self._outlook.begin()
        work = 0
        for watch in tuple(self._watches.values()):
            work += 1 + len(watch.admission) // GROUPS_LIKE_A_RULE
            for group in watch.begin(second):
                happened = watch.take(group, second, self._attestor.attest)
                events += happened
                work += EVENT_LIKE_RULES if happened else 1
                if work >= PIECE:
                    yield
                    work = 0
            self._keep(watch.ended)
            watch.ended.clear()
            if work >= PIECE:
                yield
                work = 0
        if events:
            yield
        served = yield from self._attestor.rest()
        events = with_evidence(events, served)
        self._outlook.end()
        self._protect()
        told = []
        for start in range(0, len(events), TOLD_AT_ONCE):
            told += self._tell(events[start : start + TOLD_AT_ONCE])
            yield
        return told

    def reload(self, rules: Sequence[Rule], second: int) -> list[Event]:
        """Watch other rules; one of the same name goes on within its incidents.

        Returns what happened: incidents whose rule is gone, or is grouped
        otherwise, are removed.
        """
        self._keeping.stale()
        memory = {name: watch.remembered() for name, watch in self._watches.items()}
        for watch in self._watches.values():
            watch.admission.leave()
        self.baselines.watch(rules)
        self._watches = {rule.name: self._watch(rule) for rule in rules}
        self._share()
        orphans = self._adopt(memory)
        self._stats.drop_unused(
            {need for watch in self._watches.values() for need in watch.observer.needs}
        )
        self._protect()
        return self._tell([self._remove(orphan, second) for orphan in orphans])

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        """Call `callback` with every event from now on; returns what ends that."""
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return unsubscribe

    def incidents(self, all: bool = False) -> list[Incident]:
        """Open incidents, oldest first; with `all` also the remembered ended ones."""
        found = [i for watch in self._watches.values() for i in watch.incidents.values()]
        found += self._orphans
        if all:
            found += self._ended
        return sorted(found, key=lambda incident: (incident.triggered_at, incident.id))

    def find(self, text: str) -> Incident:
        """The incident that `text` means (see `logmond.alerts.decisions.meant`).

        Raises:
            QueryError: none is meant, or several.
        """
        return meant(text, self.incidents(), self._ended)

    def groups(self, name: str) -> list[GroupStatus]:
        """The groups of a rule; none for a rule without, or one that is not there."""
        watch = self._watches.get(name)
        return [] if watch is None else groups_of(watch, self.evaluated)

    def statuses(self) -> list[RuleStatus]:
        """How every rule stands, in the order of the configuration."""
        return [status_of(watch, self.evaluated) for watch in self._watches.values()]

    @property
    def rules(self) -> Sequence[Rule]:
        """The rules, in the order of the configuration."""
        return [watch.rule for watch in self._watches.values()]

    def pack(self) -> Iterator[None]:
        """Do ahead, in pieces of about a millisecond, what `changes` will need; not within `steps`.

        Commands may come between two pieces.
        """
        return self._keeping.ahead(self._watches.values())

    def changes(self) -> dict[str, bytes | None]:
        """What must outlive a restart and differs from the last call; None for what is gone."""
        changed = self._keeping.changes(self._memory(), self._watches.values())
        if self._ended_changed:
            changed["alerts_ended"] = pack_ended(self._ended)
        self._ended_changed = False
        return changed

    def snapshot(self) -> dict[str, bytes]:
        """All that must outlive a restart, as the first call of `changes` gives it."""
        rows = Keeping().changes(self._memory(), self._watches.values())
        rows["alerts_ended"] = pack_ended(self._ended)
        return {name: packed for name, packed in rows.items() if packed is not None}

    def _memory(self) -> Memory:
        """What is not of one rule."""
        orphans = list(self._orphans)
        return Memory(
            evaluated=self.evaluated,
            rules=[Watched("", "", (), incidents=orphans)] if orphans else [],
            silences=list(self._silences),
        )

    def restore(self, values: Mapping[str, bytes]) -> None:
        """Go on from `changes`; incidents whose rule is gone are removed at the next step.

        Raises:
            StateError: these are not such values.
        """
        memory = unpack_rows(values)
        self._keeping.found(values)
        packed = values.get("alerts_ended")
        kept = {incident.id: incident for incident in unpack_ended(packed)} if packed else {}
        kept.update((incident.id, incident) for incident in memory.ended)
        self._ended.extend(sorted(kept.values(), key=lambda i: i.ended_at or 0))
        self.evaluated = memory.evaluated
        self._silences = Silences(memory.silences)
        self._orphans = self._adopt({watched.rule: watched for watched in memory.rules})
        self._remind()
        self._protect()

    def _remind(self) -> None:
        """Tell the baselines which minutes had incidents, and what was usual when they fired."""
        self.baselines.seed(
            (i.rule, i.key, i.triggered_at, i.ended_at)
            for i in self._ended
            if i.definition.baseline
        )
        for watch in self._watches.values():
            for group, incident in watch.incidents.items():
                self.baselines.fired(watch.rule, group, incident.triggered_at, incident.usual)

    def _watch(self, rule: Rule) -> Watch:
        return Watch(rule, self._stats, self.node, self._room, self._outlook)

    def _adopt(self, memory: Mapping[str, Watched]) -> list[Incident]:
        """Let every rule go on from its memory; return the incidents of none."""
        orphans: list[Incident] = []
        for name, watched in memory.items():
            watch = self._watches.get(name)
            orphans += watched.incidents if watch is None else watch.adopt(watched)
        return orphans

    def _remove(self, incident: Incident, second: int) -> Event:
        there = incident.rule in self._watches
        event = removal(incident, second, "watches other groups" if there else "is gone")
        self._keep([incident])
        return event

    def _keep(self, incidents: Iterable[Incident]) -> None:
        for incident in incidents:
            self.baselines.ended(incident.definition, incident.key, incident.updated_at)
            self._ended.append(incident)
            self._ended_changed = True

    def _protect(self) -> None:
        """Tell the statistics which groups must not be folded: those that are not quiet."""
        for watches in self._by_series.values():
            if any(watch.moved for watch in watches):
                watches[0].observer.series.kept = {g for watch in watches for g in watch.tracks}
                for watch in watches:
                    watch.moved = False

    def _share(self) -> None:
        """Note which rules read the same series."""
        self._by_series: dict[int, list[Watch]] = {}
        for watch in self._watches.values():
            if watch.rule.group_by:
                self._by_series.setdefault(id(watch.observer.series), []).append(watch)

    def _touched(self, incident: Incident) -> None:
        self._keeping.stale(incident.rule)

    def _tell(self, events: list[Event]) -> list[Event]:
        told = [replace(e, reason=SILENCED) if self.silenced(e) else e for e in events]
        for event in told:
            for callback in tuple(self._subscribers):
                try:
                    callback(event)
                except Exception:
                    _log.failure("A subscriber failed on {line}", line=event.message)
        return told
