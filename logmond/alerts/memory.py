"""What alerts remember over a restart, as packed bytes.

Several values, because they change at different times: what ended only when
something ends, the open incidents of a rule and how far it has counted in two
rows of its own (see `logmond.alerts.keeping`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from logmond.alerts.event import Peak
from logmond.alerts.incident import Incident
from logmond.alerts.lifecycle import State, Track
from logmond.alerts.seam import Group
from logmond.alerts.silences import Silence
from logmond.alerts.watch import Watched
from logmond.errors import StateError

LASTS, PASSES = "alerts/", "alerts.now/"
"""What the names of a rule's two rows begin with."""

VERSION = 2
"""Of version 1 everything was in one value."""


@dataclass(slots=True)
class Memory:
    """Rule states with their open incidents, silences, and ended incidents."""

    version: int = VERSION
    evaluated: int | None = None
    rules: list[Watched] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    ended: list[Incident] = field(default_factory=list)


class Passing(msgspec.Struct, array_like=True):
    """What changes of an incident from second to second."""

    updated_at: int
    noted_at: int
    trend_at: int
    trend_values: tuple[float | None, float | None]
    value: float | None
    usable: bool
    idle: bool
    level: int
    clear_s: int
    state: State
    cause: str
    reason: str | None
    peak_value: Peak | None
    peak_requests: Peak | None


class Now(msgspec.Struct, array_like=True):
    """How far a rule has counted; `incidents` are in the order of its other row."""

    silent_s: int
    tracks: list[tuple[Group, tuple[State, list[int], int, int]]]
    incidents: list[Passing]
    admitted: list[Group] = []


encode = msgspec.msgpack.Encoder().encode
_watched = msgspec.msgpack.Decoder(Watched)
_now = msgspec.msgpack.Decoder(Now)
_memory = msgspec.msgpack.Decoder(Memory)
_incidents = msgspec.msgpack.Decoder(list[Incident])


def pack(memory: Memory) -> bytes:
    """As bytes for the durable state."""
    return encode(memory)


def unpack(packed: bytes) -> Memory:
    """The value "alerts" back from bytes.

    Raises:
        StateError: these are not such bytes, or of a newer logmond.
    """
    memory: Memory = _decoded(_memory, packed)
    if memory.version > VERSION:
        raise StateError(f"the remembered alerts are of a newer logmond ({memory.version})")
    return memory


def unpack_rows(values: Mapping[str, bytes]) -> Memory:
    """Everything back from the values of the durable state, of this version or the first.

    Raises:
        StateError: these are not such bytes, or of a newer logmond.
    """
    memory = unpack(values["alerts"])
    rules: dict[str, Watched] = {}
    for name, packed in values.items():
        if name.startswith(LASTS):
            rules[name.removeprefix(LASTS)] = _decoded(_watched, packed)
    for name, packed in values.items():
        if name.startswith(PASSES):
            _pass(rules.get(name.removeprefix(PASSES)), _decoded(_now, packed))
    memory.rules += rules.values()
    return memory


def _pass(watched: Watched | None, now: Now) -> None:
    """Bring what lasts of a rule to the second it was left at."""
    if watched is None or len(now.incidents) != len(watched.incidents):
        raise StateError("the remembered alerts do not belong together")
    watched.silent_s, watched.admitted = now.silent_s, now.admitted
    watched.tracks = [(group, Track(*track)) for group, track in now.tracks]
    for incident, passing in zip(watched.incidents, now.incidents, strict=True):
        for name in Passing.__struct_fields__:
            setattr(incident, name, getattr(passing, name))


def _decoded(decoder: msgspec.msgpack.Decoder[Any], packed: bytes) -> Any:
    try:
        return decoder.decode(packed)
    except msgspec.MsgspecError as error:
        raise StateError(f"the remembered alerts cannot be read: {error}") from error


def pack_ended(incidents: Sequence[Incident]) -> bytes:
    """Ended incidents as bytes."""
    return encode(list(incidents))


def unpack_ended(packed: bytes) -> list[Incident]:
    """Back from bytes.

    Raises:
        StateError: these are not such bytes.
    """
    try:
        return _incidents.decode(packed)
    except msgspec.MsgspecError as error:
        raise StateError(f"the ended incidents cannot be read: {error}") from error
