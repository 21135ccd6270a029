"""A rule's own `summary`: a template with a fixed set of names, filled in from an incident.

Only plain names in braces: no attributes, indexes or formats, so a template
can reach nothing but text meant for it.
"""

from __future__ import annotations

from string import Formatter

from logmond.alerts.incident import Incident
from logmond.alerts.quantities import bound, quantity
from logmond.alerts.rule import Rule
from logmond.frame.frame import CELL_DIMENSIONS
from logmond.telemetry import window

SUMMARY_NAMES = ("rule", "metric", "value", "limit", "window", "severity", "node", "group")
"""Names a `summary` may hold, besides the dimensions."""


def summary(incident: Incident) -> str:
    """The rule's own summary, its names filled in."""
    rule = incident.definition
    unit = rule.kind.unit
    names = {
        **{name: ", ".join(rule.selector.values(name)) or "any" for name in CELL_DIMENSIONS},
        **{name: ", ".join(patterns) for name, patterns in rule.selector.where},
        **incident.group,
        "rule": rule.name,
        "metric": rule.metric,
        "value": "unknown" if incident.value is None else quantity(unit, incident.value),
        "limit": bound(unit, incident.limit),
        "window": window(rule.window_s),
        "severity": incident.severity,
        "node": incident.node,
        "group": incident.group_text or "all",
    }
    try:
        return (rule.summary or "").format_map({name: str(text) for name, text in names.items()})
    except (KeyError, ValueError, IndexError):  # `summary_problem` refuses these at load
        return rule.summary or ""


def summary_problem(rule: Rule) -> str | None:
    """Why the rule's summary cannot be filled in, or None when it can."""
    if rule.summary is None:
        return None
    known = dict.fromkeys((*SUMMARY_NAMES, *CELL_DIMENSIONS, *rule.group_by))
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
            return f"unknown name {{{name}}}; known: {', '.join(known)}"
    return None
