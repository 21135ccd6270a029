"""A rule's own `summary`: a template with a fixed set of names, filled in from an incident.

Only plain names in braces: no attributes, indexes or formats, so a template
can reach nothing but text meant for it.
"""

from __future__ import annotations

from string import Formatter

from logmond.alerts.evidence import statements
from logmond.alerts.incident import Incident
from logmond.alerts.quantities import bound, quantity
from logmond.alerts.rule import Rule
from logmond.frame.frame import CELL_DIMENSIONS
from logmond.suggest import meant
from logmond.telemetry import moment, span, visible, window

SUMMARY_NAMES = (
    "rule",
    "metric",
    "value",
    "limit",
    "window",
    "severity",
    "node",
    "group",
    "peak",
    "peak_requests",
    "offender",
    "started",
    "duration",
    "runbook",
)
"""Names a `summary` may hold, besides the dimensions."""

MAX_VALUE = 200
"""Characters of one filled-in value: group values come from strangers."""

UNKNOWN = "unknown"


def summary(incident: Incident) -> str:
    """The rule's own summary, its names filled in; no value can act on a terminal."""
    rule = incident.definition
    unit = rule.kind.unit
    requests, peak = incident.peak_requests, incident.peak_value
    names = {
        **{name: ", ".join(rule.selector.values(name)) or "any" for name in CELL_DIMENSIONS},
        **{name: ", ".join(patterns) for name, patterns in rule.selector.where},
        **incident.group,
        "rule": rule.name,
        "metric": rule.metric,
        "value": UNKNOWN if incident.value is None else quantity(unit, incident.value),
        "limit": bound(unit, incident.limit),
        "window": window(rule.window_s),
        "severity": incident.severity,
        "node": incident.node,
        "group": incident.group_text or "all",
        "peak": UNKNOWN if peak is None else quantity(unit, peak.value),
        "peak_requests": UNKNOWN if requests is None else f"{requests.value:,.0f} requests/s",
        "offender": statements(incident.evidence[:1]) or UNKNOWN,
        "started": moment(incident.triggered_at),
        "duration": span(incident.lasted_s),
        "runbook": rule.runbook or "none",
    }
    shown = {name: visible(text[:MAX_VALUE]) for name, text in names.items()}
    try:
        return (rule.summary or "").format_map(shown)
    except (KeyError, ValueError, IndexError, AttributeError):  # `summary_problem` refuses these
        return rule.summary or ""


def summary_problem(rule: Rule) -> str | None:
    """Why the rule's summary cannot be filled in, or None when it can."""
    if rule.summary is None:
        return None
    used = (*rule.group_by, *sorted(rule.selector.dimensions))
    known = dict.fromkeys((*SUMMARY_NAMES, *CELL_DIMENSIONS, *used))
    try:
        parts = list(Formatter().parse(rule.summary))
    except ValueError as error:
        return f"{error}; write {{{{ for a brace"
    for _, name, spec, conversion in parts:
        if name is None:
            continue
        if spec or conversion or not name.isidentifier():
            return f"write a plain name in braces, like {{rule}}, not {{{name}...}}"
        if name not in known:
            likely = meant(name, known) or f"; known: {', '.join(known)}"
            return f"unknown name {{{name}}}{likely}"
    return None
