"""What the events of an incident say: the words behind ``node: `` on the line.

The only place with sentences. Values are written in the unit of their metric.
No clock, no statistics: an incident knows all that is told.
"""

from __future__ import annotations

import re

from logmond.alerts.event import Peak
from logmond.alerts.evidence import counted_as, statements
from logmond.alerts.incident import NO_DATA, Incident
from logmond.alerts.lifecycle import State
from logmond.alerts.quantities import bound, quantity
from logmond.alerts.rule import Rule
from logmond.alerts.summary import summary
from logmond.telemetry import clock, moment, span, window


def alert(incident: Incident) -> str:
    """The message of the trigger."""
    rule = incident.definition
    if rule.summary is not None:
        head = f"{summary(incident)}, "
    else:
        head = f"{_title(incident)} generated an alert - {_value(incident)}, "
    told = f"{head}triggered at {moment(incident.triggered_at)}. {_basis(incident)}"
    return _sentences(told, _idle(incident), _peak(incident, "Peak", when=False), _why(incident))


def escalation(incident: Incident) -> str:
    """The message when an open incident reaches a graver limit."""
    if incident.definition.summary is not None:
        head = f"Rose to {incident.severity}: {summary(incident)}, "
    else:
        head = f"{_title(incident)} rose to {incident.severity} - {_value(incident)}, "
    told = f"{head}triggered at {moment(incident.triggered_at)}. {_basis(incident)}"
    return _sentences(told, _peak(incident, "Peak"), _why(incident))


def update(incident: Incident) -> str:
    """How an open incident stands."""
    lasted = span(incident.lasted_s)
    if incident.cause == NO_DATA:
        told = f"still no data for {lasted}"
    elif not incident.usable:
        told = f"still open for {lasted}, cannot tell: {incident.reason}. {_last(incident)}"
    else:
        told = f"{_standing(incident, lasted)}: now {_amount(incident)} ({incident.trend})"
    peak = _peak(incident, "peak")
    return f"{_prefix(incident)}{told}{', ' + peak if peak else ''}.{_late(incident)}"


def recovered(incident: Incident) -> str:
    """The message of the recovery."""
    if incident.definition.summary is not None:
        head = f"Recovered: {summary(incident)}, "
    else:
        head = f"{_title(incident)} recovered - {_value(incident)}, "
    told = f"{head}recovered at {moment(incident.updated_at)}"
    return _sentences(told, _idle(incident), *_course(incident))


def expired(incident: Incident) -> str:
    """The message when nothing usable was seen for too long."""
    blind = f"No usable value for {span(max(3600, 2 * incident.definition.window_s))}"
    told = f"{_title(incident)} ended without data - {_value(incident, 'last ')}"
    return _sentences(
        f"{told}, ended at {moment(incident.updated_at)}",
        f"{blind}: {incident.reason}" if incident.reason else blind,
        *_course(incident),
    )


def removed(incident: Incident, why: str) -> str:
    """The message when the rule is gone, or has other groups: `why` says which."""
    told = f"{_title(incident)} removed - its rule {why}"
    return _sentences(f"{told}, ended at {moment(incident.updated_at)}", *_course(incident))


def nodata(incident: Incident) -> str:
    """The message when the value became unknown."""
    since = "" if _SINCE.search(incident.blind_reason) else f" since {clock(incident.updated_at)}"
    told = f"cannot tell: {incident.blind_reason}{since}. {_last(incident)}. Still open."
    return _prefix(incident) + told


def databack(incident: Incident) -> str:
    """The message when the value is known again."""
    back = _readable_again(incident.blind_reason)
    after = span(max(0, incident.updated_at - _blind_since(incident)))
    if not incident.usable:
        value = f"no value yet: {incident.reason or _nothing(incident)}"
    else:
        value = f"value {_amount(incident)}, {_standing(incident)}"
    return f"{_prefix(incident)}{back} after {after}; {value}."


def acknowledged(incident: Incident) -> str:
    """The message when somebody takes it on."""
    taken = incident.acknowledged
    if taken is None:
        return "acknowledged."
    return f"acknowledged by {taken.who}{': ' + taken.comment if taken.comment else ''}."


def released(who: str, by: str) -> str:
    """The message when whoever was on it is not any more."""
    return f"no longer acknowledged by {who}{f', said {by}' if by and by != who else ''}."


def requests_idle(window_s: int) -> str:
    """What a value of 0 means: nobody asked, which is not the same as broken."""
    return f"No requests for {window(window_s)}: traffic stopped, or its sender did"


def _title(incident: Incident) -> str:
    name = incident.rule.replace("-", " ").replace("_", " ")
    group = f" ({incident.group_text})" if incident.key else ""
    return f"{name[:1].upper()}{name[1:]}{group}"


def _prefix(incident: Incident) -> str:
    return f"{incident.group_text}: " if incident.key else ""


def _amount(incident: Incident) -> str:
    if incident.value is None:
        return "unknown"
    return quantity(incident.definition.kind.unit, incident.value)


def _value(incident: Incident, before: str = "") -> str:
    if incident.value is None or (incident.cause == NO_DATA and not incident.usable):
        return "data arrives again" if incident.state is State.RECOVERED else "no data"
    return f"{before}{incident.definition.kind.label} = {_amount(incident)}"


def _last(incident: Incident) -> str:
    return f"Last value {_amount(incident)}"


def _basis(incident: Incident) -> str:
    rule = incident.definition
    if incident.cause == NO_DATA:
        nothing = _nothing(incident)
        why = f": {incident.reason}" if incident.reason else ""
        return f"{nothing[:1].upper()}{nothing[1:]}{why}"
    limit = bound(rule.kind.unit, incident.limit) + _multiple(incident)
    return f"{rule.kind.phrase} over {window(rule.window_s)}, limit {limit}"


def _nothing(incident: Incident) -> str:
    return f"nothing parsed arrived for {window(incident.definition.window_s)}"


def _standing(incident: Incident, lasted: str = "") -> str:
    """Where the value stands against the limits: beyond one, not yet clear, or clear."""
    rule = incident.definition
    side, other = ("above", "below") if rule.rising else ("below", "above")
    during = f" for {lasted}" if lasted else ""
    bounds = incident.bounds or rule.bounds()
    if incident.level >= 0:
        limit = bound(rule.kind.unit, bounds.limits[incident.level])
        limit += _times(rule, rule.limits[incident.level][1], bounds.usual)
        return f"still {side} {limit}{during}"
    recover = bound(rule.kind.unit, bounds.recover) + _times(rule, rule.recover_at, bounds.usual)
    if incident.state is State.CLEARING:
        return f"no longer {side} {recover}" + (
            f" for {span(incident.clear_s)} of {span(rule.hold_s)}" if lasted else ""
        )
    return f"not yet {other} {recover}{during}"


def _multiple(incident: Incident) -> str:
    """What the limit that was reached is a multiple of."""
    multiples = dict(incident.definition.limits)
    known = multiples.get(incident.severity)
    return "" if known is None else _times(incident.definition, known, incident.usual)


def _times(rule: Rule, multiple: float, usual: float | None) -> str:
    """`` (3x the usual 10.5)`` behind a limit of a baseline rule."""
    if not rule.baseline or usual is None:
        return ""
    return f" ({multiple:g}x the usual {quantity(rule.kind.unit, usual)})"


def _idle(incident: Incident) -> str:
    return requests_idle(incident.definition.window_s) if incident.idle else ""


def _course(incident: Incident) -> tuple[str, str]:
    return f"Lasted {span(incident.lasted_s)}", _peak(incident, "Peak")


def _peak(incident: Incident, word: str, *, when: bool = True) -> str:
    """The largest single second; a rule that watches for too little has none to tell."""
    metric = incident.definition.kind
    if not incident.definition.rising:
        return ""
    requests = metric.name in ("hits", "hits_per_second")
    peak: Peak | None = incident.peak_requests if requests else incident.peak_value
    if peak is None:
        return ""
    amount = f"{peak.value:,.0f} requests/s" if requests else quantity(metric.unit, peak.value)
    return f"{word} {amount}{f' at {clock(peak.at)}' if when else ''}"


def _why(incident: Incident) -> str:
    told = statements(incident.evidence)
    return f"Most of the {counted_as(incident.definition)}: {told}" if told else ""


def _late(incident: Incident) -> str:
    """The evidence, where it was not found in time for the line of the alert."""
    why = _why(incident)
    return "" if why in incident.opening else f" {why}."


def _sentences(*parts: str) -> str:
    return " ".join(f"{part}." for part in parts if part)


WALL_AHEAD_S = 3600
"""More than evaluation lags behind the clock on the wall."""

_SINCE = re.compile(r" since (\d\d):(\d\d):(\d\d)Z$")


def _blind_since(incident: Incident) -> int:
    """When the blindness began: as its reason says, else when it was noticed.

    A reason tells the time on the wall, which is ahead of the evaluated second.
    """
    noticed = incident.updated_at if incident.blind_since is None else incident.blind_since
    said = _SINCE.search(incident.blind_reason)
    if said is None:
        return noticed
    hours, minutes, seconds = map(int, said.groups())
    start = noticed - noticed % 86400 + 3600 * hours + 60 * minutes + seconds
    if start > noticed + WALL_AHEAD_S:
        start -= 86400  # it names no day: the one before
    return min(start, noticed)


def _readable_again(reason: str) -> str:
    """``source apache readable again`` for ``source apache unreadable (permission denied)``."""
    words = reason.split(" ", 2)
    subject = " ".join(words[:2]) if words[0] == "source" and len(words) > 2 else "data"
    if "read" in reason:
        return f"{subject} readable again"
    if "listen" in reason:
        return f"{subject} listening again"
    return f"{subject} back"
