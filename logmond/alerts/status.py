"""How each rule stands, for people who ask. Plain data; no clock."""

from __future__ import annotations

from dataclasses import dataclass

from logmond.alerts.lifecycle import State
from logmond.alerts.rule import Bounds
from logmond.alerts.watch import Watch
from logmond.telemetry import window

_ORDER = (State.QUIET, State.PENDING, State.CLEARING, State.FIRING)


@dataclass(frozen=True, slots=True)
class RuleStatus:
    """One rule now.

    `state` is that of its worst group. `value` is the rule's, or of its most
    extreme group; None when it cannot be told, and `reason` says why. `limit`
    is the mildest limit: of a baseline rule the one in force for that value, None
    while it is not known. `groups` are watched one by one, `groups_folded` only
    together as ``(other)``.
    """

    name: str
    metric: str
    state: str
    value: float | None
    limit: float | None
    window_s: int
    reason: str | None
    groups_firing: int
    groups: int = 0
    groups_folded: int = 0


@dataclass(frozen=True, slots=True)
class GroupStatus:
    """One group of a rule now; `value` and `limit` are None when they cannot be told."""

    group: dict[str, str]
    state: str
    value: float | None
    limit: float | None
    reason: str | None


def groups_of(watch: Watch, second: int | None) -> list[GroupStatus]:
    """The groups that are watched one by one, the worst and most extreme first."""
    if second is None or not watch.rule.group_by:
        return []
    observer = watch.observer
    knowledge = observer.knowledge(second)
    named = dict.fromkeys((*watch.tracks, *observer.watched()))
    found = []
    for group in named:
        if not group:  # the rule as a whole, which only `no_data` speaks of
            continue
        sight = observer.look(group, knowledge, second)
        track = watch.tracks.get(group)
        found.append(
            GroupStatus(
                dict(zip(watch.rule.group_by, group, strict=True)),
                (State.QUIET if track is None else track.state).value,
                sight.value,
                _limit(observer.bounds(group)[0]),
                sight.reason,
            )
        )
    sign = -1 if watch.rule.rising else 1
    found.sort(
        key=lambda one: (
            -_ORDER.index(State(one.state)),
            one.value is None,
            sign * (one.value or 0.0),
            tuple(one.group.values()),
        )
    )
    return found


def status_of(watch: Watch, second: int | None) -> RuleStatus:
    """The status of a rule as of the evaluated second, None before the first."""
    rule = watch.rule
    value, limit, reason = _value(watch, second)
    states = [track.state for track in watch.tracks.values()]
    return RuleStatus(
        name=rule.name,
        metric=rule.metric,
        state=max(states, key=_ORDER.index, default=State.QUIET).value,
        value=value,
        limit=limit if rule.baseline else rule.limits[0][1],
        window_s=rule.window_s,
        reason=reason,
        groups_firing=len(watch.incidents),
        groups=len(watch.admission),
        groups_folded=watch.observer.folded,
    )


def _value(watch: Watch, second: int | None) -> tuple[float | None, float | None, str | None]:
    """The value of a rule, its limit, and why they are not known."""
    if second is None:
        return None, None, "nothing was evaluated yet"
    observer = watch.observer
    knowledge = observer.knowledge(second)
    if not watch.rule.group_by:
        sight = observer.look((), knowledge, second)
        return sight.value, _limit(observer.bounds(())[0]), sight.reason or knowledge.reason
    if knowledge.blind:
        return None, None, knowledge.reason
    sights = [observer.look(group, knowledge, second) for group in observer.watched()]
    known = [(sight.value, sight) for sight in sights if sight.value is not None]
    if not known:
        unknown = sights[0].reason if sights else f"no requests in {window(watch.rule.window_s)}"
        return None, None, knowledge.reason or unknown
    pick = max if watch.rule.rising else min
    value, sight = pick(known, key=lambda pair: pair[0])
    return value, _limit(sight.bounds), knowledge.reason


def _limit(bounds: Bounds | None) -> float | None:
    return None if bounds is None else bounds.limits[0]
