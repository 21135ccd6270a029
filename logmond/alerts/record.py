"""An incident as the history keeps it: its last event, and all that happened to it before.

The JSON object of the event with the keys `samples` and `life` behind it. No I/O.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

import msgspec

from logmond.alerts.event import Event
from logmond.alerts.render import fields
from logmond.alerts.silences import Silence
from logmond.telemetry import harmless, moment, visible

LIFE_KEPT = 100
"""Moments of a life that are kept: the first, and the newest."""

Moment: TypeAlias = Mapping[str, str]
"""``time``, ``event`` and ``message`` of something that happened."""

Life: TypeAlias = Sequence[Moment]
"""What happened to an incident, oldest first."""

_encoder = msgspec.json.Encoder()


def went_on(life: Life, event: Event) -> Life:
    """The life with one event more."""
    newest = {"time": moment(event.at), "event": event.kind, "message": visible(event.message)}
    return [*life[:1], *life[1:][-(LIFE_KEPT - 2) :], newest]


def recorded(event: Event, life: Life) -> bytes:
    """The record, one line of JSON."""
    more = {"samples": list(event.samples), "life": list(life)}
    return harmless(_encoder.encode(fields(event) | more))


def silence_record(silence: Silence) -> bytes:
    """A silence, one line of JSON."""
    whole = asdict(silence)
    for name in ("since", "until", "created_at"):
        whole[name] = moment(whole[name])
    return harmless(_encoder.encode(whole))


def read(record: bytes) -> dict[str, Any]:
    """The keys and values of a record; those of an earlier version may lack the last.

    Raises:
        ValueError: these bytes are no record.
    """
    try:
        whole = msgspec.json.decode(record)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
    if not isinstance(whole, dict):
        raise ValueError("not an object")
    return {"acknowledged": None, "samples": [], "life": [], **whole}
