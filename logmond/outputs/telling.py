"""What a message says: its title, its text, and the id by which a second copy is known.

One event is told in its own words; those of several groups of one rule as one
sentence and a list. No clock, no I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from uuid import UUID

from logmond.alerts.event import Event
from logmond.alerts.rule import SEVERITIES
from logmond.outputs.notifier import Message
from logmond.telemetry import visible

REMINDER, TEST = "reminder", "test"
"""Kinds of messages that are no kinds of events."""

LISTED = 20
"""Groups that have a line of their own in the text."""

NAMED = 2
"""Groups named in the first sentence."""

_ARRIVES = "if you can read this, it arrives"

_HAPPENED = {
    "alert": ("is firing", "are firing"),
    REMINDER: ("is still firing", "are still firing"),
    "recovered": ("recovered", "recovered"),
    "expired": ("ended without data", "ended without data"),
    "removed": ("was removed", "were removed"),
    "nodata": ("cannot be told", "cannot be told"),
    "databack": ("can be told again", "can be told again"),
}


def message(output: str, kind: str, events: Sequence[Event], second: int) -> Message:
    """One message about events of one rule, the gravest first."""
    ordered = sorted(events, key=lambda e: (-SEVERITIES.index(e.severity), _group(e), e.id))
    first = ordered[0]
    about = first.rule if len(ordered) > 1 or not first.group else f"{first.rule} ({_group(first)})"
    one, many = _HAPPENED.get(kind, (kind, kind))
    if len(ordered) == 1:
        # The id keeps mails about one incident together, and those about two apart.
        head = f"{about} {one} [{first.short_id}]"
        lines = _single(first)
    else:
        head = f"{len(ordered):,} groups of {about} {many}"
        lines = _several(head, ordered)
    return Message(
        id=message_id(output, kind, [event.id for event in ordered], second),
        kind=kind,
        at=second,
        events=tuple(ordered),
        title=visible(f"{kind.upper()} {first.severity} on {first.node}: {head}"),
        text="\n".join(map(visible, lines)),
    )


def test_message(output: str, node: str, said: str, second: int, serial: int) -> Message:
    """A message that says it is none."""
    text = visible(f"TEST from logmond on {node}: {said or _ARRIVES}")
    name = message_id(output, TEST, [node, str(serial)], second)
    return Message(name, TEST, second, (), visible(f"TEST on {node}: {output}"), text)


def test_event(node: str, said: str, second: int) -> Event:
    """The same for outputs that write events."""
    return Event(
        kind=TEST,
        at=second,
        id=message_id("", TEST, [node], second),
        node=node,
        rule=TEST,
        group={},
        severity="info",
        state=TEST,
        metric=TEST,
        window_s=0,
        value=None,
        limit=0,
        triggered_at=second,
        recovered_at=None,
        reason=None,
        peak_value=None,
        peak_requests_per_second=None,
        evidence=(),
        runbook=None,
        message=f"TEST from logmond: {said or _ARRIVES}",
    )


def message_id(output: str, kind: str, ids: Sequence[str], second: int) -> str:
    """The same after a crash: a hash of who is told what, and as of which second."""
    digest = blake2b(digest_size=16)
    for part in (output, kind, *sorted(ids), str(second)):
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(4, "big") + raw)
    return str(UUID(bytes=digest.digest(), version=5))


def _single(event: Event) -> list[str]:
    lines = [event.message]
    if event.runbook:
        lines.append(f"Runbook: {event.runbook}")
    return [*lines, f"Incident {event.short_id} on {event.node}"]


def _several(head: str, events: Sequence[Event]) -> list[str]:
    named = ", ".join(_group(event) or "the rule as a whole" for event in events[:NAMED])
    more = f" and {len(events) - NAMED:,} more" if len(events) > NAMED else ""
    lines = [f"{head}: {named}{more}."]
    for event in events[:LISTED]:
        lines.append(f"- {event.severity} {event.short_id} {_shortly(event)}")
    if len(events) > LISTED:
        lines.append(f"- and {len(events) - LISTED:,} more")
    if events[0].runbook:
        lines.append(f"Runbook: {events[0].runbook}")
    return lines


def _shortly(event: Event) -> str:
    """The first sentence of a message, which names the group and the value."""
    return event.message.split(". ", 1)[0].rstrip(".")


def _group(event: Event) -> str:
    return ", ".join(f"{dimension} {value}" for dimension, value in event.group.items())
