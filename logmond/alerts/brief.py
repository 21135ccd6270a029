"""An incident in a few words, for tables and for lines that are repeated. No clock."""

from __future__ import annotations

from logmond.alerts.incident import Incident
from logmond.alerts.quantities import bound, quantity

_REQUESTS = ("hits", "hits_per_second")


def value(incident: Incident) -> str:
    """Its last usable value, ``-`` without one."""
    known = incident.value
    return "-" if known is None else quantity(incident.definition.kind.unit, known)


def limit(incident: Incident) -> str:
    """The gravest limit it reached."""
    return bound(incident.definition.kind.unit, incident.limit)


def peak(incident: Incident) -> str:
    """Its largest single second, in the measure its events tell it in: ``31/s``, ``12.0%``."""
    requests = incident.definition.metric in _REQUESTS
    reached = incident.peak_requests if requests else incident.peak_value
    if reached is None:
        return "-"
    if requests:
        return f"{reached.value:,.0f}/s"
    return quantity(incident.definition.kind.unit, reached.value)


def standing(incident: Incident) -> str:
    """How it stands: ``now 12.1, limit 10, peak 31/s, falling``."""
    if not incident.usable:
        why = incident.reason or "no data"
        return f"cannot tell: {why}, last value {value(incident)}, limit {limit(incident)}"
    now = f"now {value(incident)}, limit {limit(incident)}"
    high = f", peak {peak(incident)}" if incident.definition.rising else ""
    return f"{now}{high}, {incident.trend}"
