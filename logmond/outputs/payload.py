"""A message as JSON, for programs: the same object for a webhook and for a command. Pure."""

from __future__ import annotations

import msgspec

from logmond.alerts.render import fields
from logmond.outputs.notifier import Message
from logmond.telemetry import harmless


def payload(message: Message, node: str) -> bytes:
    """One JSON object on one line; `events` are the objects of `watch` and log files."""
    return harmless(
        msgspec.json.encode(
            {
                "v": 1,
                "id": message.id,
                "kind": message.kind,
                "severity": message.severity,
                "title": message.title,
                "text": message.text,
                "node": node,
                "events": [fields(event) for event in message.events],
            }
        )
    )
