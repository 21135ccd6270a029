"""What is wrong and what people do about it: `rules`, `incidents`, `incident`, `ack`, `silence`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from logmond.alerts import brief, render
from logmond.alerts.evidence import statements
from logmond.alerts.incident import Incident
from logmond.alerts.record import Life, recorded
from logmond.alerts.silences import Silence
from logmond.alerts.status import RuleStatus
from logmond.errors import QueryError
from logmond.interfaces.admin import text
from logmond.interfaces.admin.answer import Answer
from logmond.interfaces.admin.command import Asked, Command, always
from logmond.interfaces.admin.verbs import past
from logmond.interfaces.admin.words import seconds_of
from logmond.telemetry import clock, moment, number, span, window

MAX_ROWS = 500
"""Incidents shown as text; what somebody reads, made without holding up the daemon."""


def run_rules(asked: Asked) -> Answer:
    """``rules``."""
    found = asked.surface.alerts.statuses()
    data = [
        {
            "name": rule.name,
            "metric": rule.metric,
            "state": rule.state,
            "value": rule.value,
            "limit": rule.limit,
            "window_s": rule.window_s,
            "reason": rule.reason,
            "groups_firing": rule.groups_firing,
        }
        for rule in found
    ]
    return Answer(data, _rule_lines(found))


def _rule_lines(rules: Sequence[RuleStatus]) -> Iterator[str]:
    if not rules:
        yield "no rules are configured"
        return
    rows = [
        (
            rule.name,
            rule.state,
            text.measured(rule.metric, rule.value),
            text.limit(rule.metric, rule.limit),
            window(rule.window_s),
            f"{rule.groups_firing:,}" if rule.groups_firing else "",
            rule.reason or "",
        )
        for rule in rules
    ]
    firing = "firing" if any(row[5] for row in rows) else ""
    header = ("rule", "state", "value", "limit", "window", firing, "")
    yield from text.table(header, rows, "<<>>>><")


def run_incidents(asked: Asked) -> Answer:
    """``incidents [all]``, ``incidents since 7d [RULE]``."""
    words = list(asked.words)
    match [word.lower() for word in words[:1]], words[1:]:
        case [], []:
            found = asked.surface.alerts.incidents()
            return Answer((_encoded(incident) for incident in found), _incident_lines(found))
        case ["all"], []:
            return past.everything(asked)
        case ["since"], [length, *rule] if len(rule) < 2:
            return past.since(asked, length, *rule)
    raise INCIDENTS.wrong()


def _incident_lines(incidents: Sequence[Incident]) -> Iterator[str]:
    if not incidents:
        yield "no open incidents"
        return
    shown = incidents[:MAX_ROWS]
    header = ("id", "severity", "rule", "group", "since", "value", "peak")
    rows = [
        (
            incident.short_id,
            incident.severity,
            incident.rule,
            incident.group_text or "-",
            clock(incident.triggered_at),
            brief.value(incident),
            brief.peak(incident),
        )
        for incident in shown
    ]
    yield from text.table(header, rows, "<<<<>>>")
    if len(incidents) > len(shown):
        yield f'{len(incidents) - len(shown):,} more; "json incidents" has all of them'


def run_incident(asked: Asked) -> Answer:
    """``incident ID``."""
    if not asked.words:
        raise INCIDENT.wrong("which one?")
    wanted = " ".join(asked.words)
    try:
        found = asked.surface.alerts.find(wanted)
    except QueryError as problem:
        if problem.code != "unknown_incident":
            raise
        return past.one(asked, wanted, problem)
    life = past.life(asked, found)
    return Answer(msgspec.Raw(recorded(found.as_event(), life)), _whole(found, life))


def _whole(incident: Incident, life: Life) -> Iterator[str]:
    """Everything about one incident."""
    rule = incident.definition
    metric = rule.metric
    over = f"{metric} over {window(rule.window_s)}"
    rows = [
        ("id", incident.id),
        ("rule", f"{incident.rule}: {over}, limit {brief.limit(incident)}"),
        ("state", f"{incident.state.value}, {incident.severity}, {span(incident.lasted_s)}"),
    ]
    if incident.group_text:
        rows.append(("group", incident.group_text))
    rows.append(("triggered", moment(incident.triggered_at)))
    if incident.ended_at is not None:
        rows.append(("ended", moment(incident.ended_at)))
    rows.append(("value", _value(incident)))
    counts_requests = metric in ("hits", "hits_per_second")
    for name, reached in (("peak", incident.peak_value), ("peak req/s", incident.peak_requests)):
        if reached is not None and not (counts_requests and name == "peak"):
            shown = number(reached.value)
            if reached is incident.peak_value:
                shown = text.measured(metric, reached.value)
            rows.append((name, f"{shown} at {clock(reached.at)}"))
    for part in incident.evidence:
        rows.append(("evidence", statements((part,)) or f"{part.dimension} {part.key}"))
    taken = incident.acknowledged
    if taken is not None:
        rows.append(("taken by", f"{taken.who} at {clock(taken.at)} {taken.comment}".rstrip()))
    rows += [("sample", sample) for sample in incident.samples]
    if rule.runbook:
        rows.append(("runbook", rule.runbook))
    rows += past.life_rows(life)
    told_at = incident.triggered_at if incident.ended_at is None else incident.ended_at
    yield render.line(incident.as_event(at=told_at))
    yield from text.fields(rows)


def _value(incident: Incident) -> str:
    """The value, where it is going, and why it may not be known."""
    value = brief.value(incident)
    if not incident.usable:
        return f"cannot tell: {incident.reason or 'no data'} (last value {value})"
    return f"{value} ({incident.trend})" if incident.open else value


def run_ack(asked: Asked) -> Answer:
    """``ack ID NAME [comment]``."""
    if len(asked.words) < 2:
        raise ACK.wrong("whose name?" if asked.words else "which incident?")
    which, who, *comment = asked.words
    alerts = asked.surface.alerts
    found = alerts.find(which)
    alerts.acknowledge(found.id, who, " ".join(comment))
    return Answer(_encoded(found), [f"{found.short_id} {found.rule} acknowledged by {who}"])


def run_silence(asked: Asked) -> Answer:
    """``silence list/add RULE 2h [comment]/remove ID``."""
    verb, *words = asked.words or ("list",)
    match verb.lower(), words:
        case "list", []:
            return _silences(asked.surface.alerts.silences())
        case "list", [word] if word.lower() == "all":
            return past.silences(asked)
        case "add", [rule, length, *comment]:
            return _silence(asked, rule, length, " ".join(comment))
        case "remove", [silence]:
            gone = asked.surface.alerts.unsilence(silence)
            return Answer({"removed": gone.id}, [f"silence {gone.id} of {gone.rule} removed"])
    raise SILENCE.wrong()


def _silence(asked: Asked, rule: str, length: str, comment: str) -> Answer:
    made = asked.surface.alerts.silence(rule, seconds_of(length), comment, asked.peer)
    told = f"{made.rule} is silent until {moment(made.until)}; silence remove {made.id} ends that"
    return Answer(_silence_data(made), [told])


def _silences(found: Sequence[Silence]) -> Answer:
    rows = [
        (silence.id, silence.rule, moment(silence.until), silence.who, silence.comment)
        for silence in found
    ]
    header = ("id", "rule", "until", "by", "comment" if any(row[4] for row in rows) else "")
    lines = text.table(header, rows, "<<<<<") if rows else ["nothing is silenced"]
    return Answer([_silence_data(silence) for silence in found], lines)


def _silence_data(silence: Silence) -> dict[str, object]:
    return {
        "id": silence.id,
        "rule": silence.rule,
        "until": moment(silence.until),
        "who": silence.who,
        "comment": silence.comment,
    }


def _encoded(incident: Incident) -> msgspec.Raw:
    """The incident as the same JSON object that its events are."""
    return msgspec.Raw(render.encoded(incident.as_event()))


RULES = Command("rules", "rules", "state and value of each rule", "rules", run_rules)
INCIDENTS = Command(
    "incidents",
    "incidents [all/since 7d [RULE]]",
    "what is wrong now, or was",
    "incidents since 7d",
    run_incidents,
)
INCIDENT = Command(
    "incident", "incident ID", "one incident, with evidence", "incident 9f3c21ab", run_incident
)
ACK = Command(
    "ack", "ack ID NAME [comment]", "say that you are on it", "ack 9f3c21ab eva", run_ack, always
)
SILENCE = Command(
    "silence",
    "silence list [all] | add RULE 2h [comment] | remove ID",
    "keep a rule quiet for a while",
    "silence add high-traffic 2h",
    run_silence,
    writes=lambda words: bool(words) and words[0].lower() != "list",
)
