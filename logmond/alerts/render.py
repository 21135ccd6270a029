"""Events as text and as JSON: the same everywhere they are shown.

Every event is one line. What could act on a terminal is written visibly in
text, and as escapes (which lose nothing) in JSON. No I/O.
"""

from __future__ import annotations

import msgspec

from logmond.alerts.event import Acknowledgement, Event, Peak
from logmond.telemetry import harmless, moment, visible

_PRIORITIES = {"info": 6, "warning": 4, "critical": 2}

_encoder = msgspec.json.Encoder()


def line(event: Event) -> str:
    """The event as its line of text, without a newline."""
    return visible(
        f"{moment(event.at)} {event.kind.upper()} {event.severity} {event.rule} "
        f"{event.short_id} {event.node}: {event.message}"
    )


def journal(event: Event) -> str:
    """The line with the priority the systemd journal reads from its start (sd-daemon(3))."""
    if event.kind == "alert":
        priority = _PRIORITIES.get(event.severity, 4)
    elif event.kind == "nodata":
        priority = 4
    else:
        priority = 6 if event.kind == "update" else 5
    return f"<{priority}>{line(event)}"


def encoded(event: Event) -> bytes:
    """The event as one JSON object on one line, always with the same keys in the same order."""
    return harmless(_encoder.encode(fields(event)))


def fields(event: Event) -> dict[str, object]:
    """The keys and values of the JSON object."""
    ended = event.recovered_at if event.recovered_at is not None else event.at
    return {
        "v": 1,
        "event": event.kind,
        "time": moment(event.at),
        "id": event.id,
        "short_id": event.short_id,
        "node": event.node,
        "rule": event.rule,
        "group": event.group,
        "severity": event.severity,
        "state": event.state,
        "metric": event.metric,
        "window_s": event.window_s,
        "value": _number(event.value),
        "limit": _number(event.limit),
        "triggered_at": moment(event.triggered_at),
        "recovered_at": None if event.recovered_at is None else moment(event.recovered_at),
        "reason": event.reason,
        "duration_s": max(0, ended - event.triggered_at),
        "peak_value": _peak(event.peak_value),
        "peak_requests_per_second": _peak(event.peak_requests_per_second),
        "evidence": [
            {
                "dimension": evidence.dimension,
                "key": evidence.key,
                "share": round(evidence.share, 4),
                "error": round(evidence.error, 4),
                "name": evidence.name,
            }
            for evidence in event.evidence
        ],
        "runbook": event.runbook,
        "acknowledged": _acknowledged(event.acknowledged),
        "message": visible(event.message),
    }


def _acknowledged(taken: Acknowledgement | None) -> dict[str, object] | None:
    if taken is None:
        return None
    return {"by": taken.who, "at": moment(taken.at), "comment": taken.comment or None}


def _peak(peak: Peak | None) -> dict[str, object] | None:
    return None if peak is None else {"value": _number(peak.value), "at": moment(peak.at)}


def _number(value: float | None) -> float | int | None:
    """A number as people would write it: whole ones without a fraction, others to 4 places."""
    if value is None:
        return None
    rounded = round(value, 4)
    return int(rounded) if rounded == int(rounded) else rounded
