"""Events and messages as the tests of notifiers need them."""

from __future__ import annotations

from typing import Any

from happened import happened

from logmond.alerts.event import Event
from logmond.outputs.notifier import Message

NOW = 1_790_000_000


def event(**changes: Any) -> Event:
    """An alert of a rule by vhost."""
    fields = {"group": {"vhost": "shop.example"}, "triggered_at": NOW - 10, **changes}
    return happened(**{"at": NOW, **fields})


def message(id: str = "m1", *, title: str = "title", text: str = "text", **changes: Any) -> Message:
    """A message of one event, changed as told."""
    one = event(**changes)
    return Message(id, one.kind, one.at, (one,), title, text)
