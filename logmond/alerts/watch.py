"""One rule, watched: its groups go through the lifecycle, its incidents come and go.

Every evaluated second is begun once and then taken by groups: only by those
that are not quiet, or whose value may be a breach. A quiet group without a
breach stays quiet whatever else its reading says. No clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from logmond.alerts import wording
from logmond.alerts.admission import Admission, Room, named_groups
from logmond.alerts.event import Event
from logmond.alerts.incident import Incident, incident_id
from logmond.alerts.lifecycle import NOT_COUNTING, Reading, State, Track, Waits
from logmond.alerts.outlook import EMPTY, Knowledge, Outlook
from logmond.alerts.rule import SEVERITIES, Rule
from logmond.alerts.seam import Group, Statistics, Tally
from logmond.alerts.sight import Observer, Sight
from logmond.frame.frame import OTHER
from logmond.frame.selector import match

UPDATE_S = 60
"""Seconds between two updates of an open incident."""


@dataclass(slots=True)
class Watched:
    """What a rule remembers; everything here outlives a restart.

    `tracks` are the groups that are not quiet, `incidents` the open ones.
    `reached` are the groups of a grouped `below` rule that have been seen
    above their limit: only they can fall below it, so that a stranger's single
    request to an unknown host is not an alert. `admitted` have a place where
    there are more groups than places.
    """

    rule: str
    metric: str
    group_by: tuple[str, ...]
    tracks: list[tuple[Group, Track]] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    reached: list[Group] = field(default_factory=list)
    silent_s: int = 0
    admitted: list[Group] = field(default_factory=list)


class Watch:
    """One rule at work."""

    def __init__(
        self, rule: Rule, stats: Statistics, node: str, room: Room, outlook: Outlook
    ) -> None:
        self.rule = rule
        self.node = node
        self.waits = Waits.of(rule.for_s, rule.hold_s, rule.window_s)
        self.admission = Admission(len(rule.group_by), room)
        self.observer = Observer(rule, stats, self.admission, outlook)
        self.tracks: dict[Group, Track] = {}
        self.incidents: dict[Group, Incident] = {}
        self.ended: list[Incident] = []
        """Incidents that ended since this was last emptied."""
        self.moved = True
        """Whether other groups are not quiet than when this was last set to False."""
        self.reached: set[Group] = set(named_groups(rule))
        """The groups of a `below` rule that can fall below it; none ever leaves."""
        self._falls = bool(rule.group_by) and not rule.rising
        self._baselines = outlook.baselines
        self._knowledge = Knowledge(EMPTY)
        self._silent = False
        self.admission.hold(self.reached)

    def begin(self, second: int) -> list[Group]:
        """Begin an evaluated second; return the groups that must `take` it, in order."""
        observer, tracks = self.observer, self.tracks
        self._knowledge = knowledge = observer.knowledge(second)
        self._silent = observer.arrive(second, knowledge)
        suspects = observer.groups({*tracks, *self.reached} if self.reached else tracks)
        candidates = set(tracks)
        if not knowledge.blind:
            candidates.update(suspects)
            if self._falls:
                candidates.update(observer.unmet(self.reached))
        if self.rule.no_data == "alert":
            candidates.add(())
        return sorted(candidates) if candidates else []

    def take(self, group: Group, second: int, attest: Callable[[Incident], None]) -> list[Event]:
        """Let a group take the second that was begun; return what happened.

        `attest` gives a new incident its evidence.
        """
        sight = self._look(group, self._knowledge, second, self._silent)
        if sight.reading is Reading.BREACH or group in self.tracks:
            return self._apply(group, sight, second, attest)
        return []

    def remembered(self) -> Watched:
        """What must outlive a restart, as one value."""
        return Watched(
            self.rule.name,
            self.rule.metric,
            self.rule.group_by,
            list(self.tracks.items()),
            list(self.incidents.values()),
            sorted(self.reached),
            self.observer.silent_s,
            self.admission.remembered,
        )

    def adopt(self, watched: Watched) -> list[Incident]:
        """Go on from what a rule of this name remembered; return incidents that cannot go on.

        Incidents of groups that it does not watch any more end: all, where it
        is grouped otherwise. With other limits, the counts towards graver ones
        begin anew.
        """
        if watched.group_by != self.rule.group_by:
            return watched.incidents
        limits = len(self.rule.limits)
        for group, track in watched.tracks:
            if not self._takes(group):
                continue
            beyond = track.beyond
            if len(beyond) != limits:
                beyond = [beyond[0], *[NOT_COUNTING] * (limits - 1)]
            self.tracks[group] = Track(track.state, beyond, track.clear, track.blind)
        left = []
        for incident in watched.incidents:
            if self._takes(incident.key):
                incident.redefine(self.rule)
                self.incidents[incident.key] = incident
            else:
                left.append(incident)
        if not self.rule.rising:
            self.reached.update(filter(self._takes, watched.reached))
        if self.rule.no_data == "alert":
            self.observer.silent_s = watched.silent_s
        admitted = filter(self._takes, watched.admitted)
        held = dict.fromkeys((*self.tracks, *self.reached, *admitted))
        self.admission.hold(group for group in held if group or not self.rule.group_by)
        return left

    def _takes(self, group: Group) -> bool:
        """Whether a group may have lines that the rule reads; that of the rest may."""
        if not group and self.rule.group_by:  # the rule as a whole
            return self.rule.no_data == "alert"
        named = zip(self.rule.group_by, group, strict=False)
        return OTHER in group or all(
            any(match(dimension, pattern, value) for pattern in patterns)
            for dimension, value in named
            if (patterns := self.rule.selector.values(dimension))
        )

    def _look(self, group: Group, knowledge: Knowledge, second: int, silent: bool) -> Sight:
        if group == () and self.rule.group_by:
            # The rule as a whole, which only `no_data` speaks of.
            if silent:
                return self.observer.silence(None, knowledge)
            reading = Reading.UNUSABLE if self.observer.silent_s else Reading.CLEAR
            return Sight(reading, reason="nothing arrived")
        sight = self.observer.look(group, knowledge, second)
        if self.rule.group_by and not self.rule.rising:
            sight = self._fell(group, sight)
        return self.observer.silence(sight, knowledge) if silent and group == () else sight

    def _fell(self, group: Group, sight: Sight) -> Sight:
        """Only a group that once was not below its limit can fall below it."""
        if sight.reading in (Reading.BETWEEN, Reading.CLEAR):
            self.reached.add(group)
        elif sight.reading is Reading.BREACH and group not in self.reached:
            return Sight(Reading.UNUSABLE, reason="never above its limit")
        return sight

    def _apply(
        self, group: Group, sight: Sight, second: int, attest: Callable[[Incident], None]
    ) -> list[Event]:
        track = self.tracks.get(group)
        if track is None:
            track = self.tracks[group] = Track(beyond=[NOT_COUNTING] * len(self.rule.limits))
            self.moved = True
        state = track.step(sight.reading, sight.level, self.waits)
        if state in (State.QUIET, State.RECOVERED, State.EXPIRED):
            del self.tracks[group]
            self.moved = True
        incident = self.incidents.get(group)
        if incident is not None:
            return self._follow(incident, sight, track, second)
        if state is State.FIRING:
            return [self._fire(group, sight, track, second, attest)]
        return []

    def _fire(
        self,
        group: Group,
        sight: Sight,
        track: Track,
        second: int,
        attest: Callable[[Incident], None],
    ) -> Event:
        gravity = max(0, track.gravity(self.waits))
        bounds = sight.bounds
        incident = Incident(
            id=incident_id(self.node, self.rule.name, group, second),
            node=self.node,
            definition=self.rule,
            key=group,
            severity=self.rule.limits[gravity][0],
            limit=self.rule.limit(gravity, bounds),
            usual=None if bounds is None else bounds.usual,
            triggered_at=second,
            updated_at=second,
            noted_at=second,
        )
        self._take(incident, sight, track, second)
        for earlier, tally in self.observer.history(group, second):
            self._peak(incident, earlier, tally)
        incident.trend_at, incident.trend_values = second, (incident.value, incident.value)
        if sight.blind:  # told by the alert itself
            incident.blind_since, incident.blind_reason = second, sight.reason or ""
        self.incidents[group] = incident
        self._baselines.fired(self.rule, group, second, incident.usual)
        attest(incident)
        incident.opening = wording.alert(incident)
        return incident.as_event("alert", second)

    def _follow(self, incident: Incident, sight: Sight, track: Track, second: int) -> list[Event]:
        self._take(incident, sight, track, second)
        self._peak(incident, second, self.observer.second(incident.key, second))
        events = self._blindness(incident, sight, second)
        if incident.open:
            events += self._rise(incident, track, second)
            events += self._note(incident, second)
        else:
            incident.ended_at = second
            tell = wording.recovered if incident.state is State.RECOVERED else wording.expired
            incident.closing = tell(incident)
            events.append(incident.as_event(incident.state.value, second))
            self.ended.append(self.incidents.pop(incident.key))
        return events

    def _take(self, incident: Incident, sight: Sight, track: Track, second: int) -> None:
        incident.updated_at = second
        incident.state = track.state
        incident.cause = sight.cause
        incident.usable = sight.value is not None
        incident.reason = sight.reason
        incident.level = sight.level
        incident.bounds = sight.bounds or incident.bounds
        incident.idle = sight.idle
        incident.clear_s = max(0, track.clear)
        if sight.value is not None:
            incident.value = sight.value

    def _peak(self, incident: Incident, second: int, tally: Tally) -> None:
        incident.saw(second, self.observer.of_second(tally, incident.value), tally.hits)

    def _blindness(self, incident: Incident, sight: Sight, second: int) -> list[Event]:
        """Tell once when the value becomes unknown, once when it is known again."""
        if sight.blind and incident.blind_since is None:
            incident.blind_since, incident.blind_reason = second, sight.reason or ""
            return [incident.as_event("nodata", second, wording.nodata(incident))]
        if not sight.blind and incident.blind_since is not None:
            event = incident.as_event("databack", second, wording.databack(incident))
            incident.blind_since, incident.blind_reason = None, ""
            return [event]
        return []

    def _rise(self, incident: Incident, track: Track, second: int) -> list[Event]:
        gravity = track.gravity(self.waits)
        if gravity < 0:
            return []
        severity = self.rule.limits[gravity][0]
        if SEVERITIES.index(severity) <= SEVERITIES.index(incident.severity):
            return []
        incident.severity = severity
        incident.limit = self.rule.limit(gravity, incident.bounds)
        incident.usual = None if incident.bounds is None else incident.bounds.usual
        incident.opening = wording.escalation(incident)
        return [incident.as_event("alert", second)]

    def _note(self, incident: Incident, second: int) -> list[Event]:
        incident.follow(second)
        incident.noted_at = min(incident.noted_at, second)  # the clock may be set back
        if second - incident.noted_at < UPDATE_S:
            return []
        event = incident.as_event("update", second, wording.update(incident))
        incident.noted_at = second
        return [event]


def removal(incident: Incident, second: int, why: str) -> Event:
    """End an incident that no rule goes on with; `why` says what became of its own."""
    incident.state = State.REMOVED
    incident.updated_at = incident.ended_at = second
    incident.closing = wording.removed(incident, why)
    return incident.as_event("removed", second)
