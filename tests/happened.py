"""An event of an incident, for tests of those who pass it on."""

from __future__ import annotations

from typing import Any

from logmond.alerts.event import Event


def happened(at: int, **changes: Any) -> Event:
    """An alert at a second, with some fields changed."""
    fields: dict[str, Any] = {
        "kind": "alert",
        "at": at,
        "id": "019ab1c2-0000-7000-8000-00009f3c21ab",
        "node": "web1",
        "rule": "errors",
        "group": {},
        "severity": "warning",
        "state": "firing",
        "metric": "ratio_5xx",
        "window_s": 60,
        "value": 0.07,
        "limit": 0.05,
        "triggered_at": at,
        "recovered_at": None,
        "reason": None,
        "peak_value": None,
        "peak_requests_per_second": None,
        "evidence": (),
        "runbook": None,
        "message": "Errors generated an alert - ratio_5xx = 7.0%",
        **changes,
    }
    return Event(**fields)
