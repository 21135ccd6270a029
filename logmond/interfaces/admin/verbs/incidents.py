"""What is watched and what is wrong: `rules`, `incidents`, `incident`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import msgspec

from logmond.alerts import brief, render
from logmond.alerts.evidence import statements
from logmond.alerts.incident import Incident
from logmond.alerts.record import Life, recorded
from logmond.alerts.status import GroupStatus, RuleStatus
from logmond.errors import QueryError
from logmond.interfaces.admin import text
from logmond.interfaces.admin.answer import Answer
from logmond.interfaces.admin.command import Asked, Command
from logmond.interfaces.admin.verbs import past
from logmond.interfaces.admin.words import quoted
from logmond.suggest import meant
from logmond.telemetry import clock, moment, number, span, window

MAX_ROWS = 500
"""Incidents shown as text; what somebody reads, made without holding up the daemon."""


def run_rules(asked: Asked) -> Answer:
    """``rules [NAME]``."""
    if asked.words:
        return _run_rule(asked, " ".join(asked.words))
    found = asked.surface.alerts.statuses()
    return Answer([_rule_data(rule) for rule in found], _rule_lines(found))


def _rule_data(rule: RuleStatus) -> dict[str, object]:
    return {
        "name": rule.name,
        "metric": rule.metric,
        "state": rule.state,
        "value": rule.value,
        "limit": rule.limit,
        "window_s": rule.window_s,
        "reason": rule.reason,
        "groups_firing": rule.groups_firing,
    }


def _run_rule(asked: Asked, name: str) -> Answer:
    """One rule with its groups."""
    alerts = asked.surface.alerts
    rule = next((rule for rule in alerts.statuses() if rule.name == name), None)
    if rule is None:
        names = [rule.name for rule in alerts.statuses()]
        likely = meant(name, names) or "; see: rules"
        raise QueryError("unknown_rule", f"no rule {quoted(name)}{likely}")
    groups = alerts.groups(name)
    data = _rule_data(rule) | {
        "groups_folded": rule.groups_folded,
        "groups": [asdict(group) for group in groups],
    }
    return Answer(data, _group_lines(rule, groups))


def _group_lines(rule: RuleStatus, groups: Sequence[GroupStatus]) -> Iterator[str]:
    yield from _rule_lines([rule])
    if not rule.groups and not rule.groups_folded:
        return
    rows = [
        (
            ", ".join(group.group.values()),
            group.state,
            text.measured(rule.metric, group.value),
            text.limit(rule.metric, group.limit),
            group.reason or "",
        )
        for group in groups[:MAX_ROWS]
    ]
    dimensions = ", ".join(groups[0].group) if groups else "group"
    if rows:
        yield from text.table((dimensions, "state", "value", "limit", ""), rows, "<<>><")
    if len(groups) > len(rows):
        yield f'{len(groups) - len(rows):,} more; "json rules {rule.name}" has all of them'
    if rule.groups_folded:
        yield f"{rule.groups_folded:,} groups more are watched together, as (other)"


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
    taken = "taken by" if any(incident.acknowledged for incident in shown) else ""
    header = ("id", "severity", "rule", "group", "since", "value", "peak", taken)
    rows = [
        (
            incident.short_id,
            incident.severity,
            incident.rule,
            incident.group_text or "-",
            clock(incident.triggered_at),
            brief.value(incident) if incident.usable else "-",
            brief.peak(incident),
            incident.acknowledged.who if incident.acknowledged else "",
        )
        for incident in shown
    ]
    yield from text.table(header, rows, "<<<<>>><")
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


def _encoded(incident: Incident) -> msgspec.Raw:
    """The incident as the same JSON object that its events are."""
    return msgspec.Raw(render.encoded(incident.as_event()))


RULES = Command("rules", "rules [NAME]", "state and value of each rule", "rules", run_rules)
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
