"""Events and messages as the tests of notifiers need them."""

from __future__ import annotations

from typing import Any

from logmond.alerts.event import Event
from logmond.outputs.notifier import Message

NOW = 1_790_000_000


def event(**changes: Any) -> Event:
    """An alert of a rule by vhost."""
    fields: dict[str, Any] = {
        "kind": "alert",
        "at": NOW,
        "id": "019ab1c2-0000-7000-8000-00009f3c21ab",
        "node": "web1",
        "rule": "errors",
        "group": {"vhost": "shop.example"},
        "severity": "warning",
        "state": "firing",
        "metric": "ratio_5xx",
        "window_s": 60,
        "value": 0.07,
        "limit": 0.05,
        "triggered_at": NOW - 10,
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


def message(id: str = "m1", *, title: str = "title", text: str = "text", **changes: Any) -> Message:
    """A message of one event, changed as told."""
    one = event(**changes)
    return Message(id, one.kind, one.at, (one,), title, text)
