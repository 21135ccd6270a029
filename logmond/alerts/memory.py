"""What alerts remember over a restart, as packed bytes.

Two values, because they change at different times: what is open and counting
changes every second, what has ended only when something ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from logmond.alerts.incident import Incident
from logmond.alerts.silences import Silence
from logmond.alerts.watch import Watched
from logmond.errors import StateError


@dataclass(slots=True)
class Memory:
    """Rule states with their open incidents, silences, and (if asked for) ended incidents."""

    version: int = 1
    evaluated: int | None = None
    rules: list[Watched] = field(default_factory=list)
    silences: list[Silence] = field(default_factory=list)
    ended: list[Incident] = field(default_factory=list)


_encoder = msgspec.msgpack.Encoder()
_memory = msgspec.msgpack.Decoder(Memory)
_incidents = msgspec.msgpack.Decoder(list[Incident])


def pack(memory: Memory) -> bytes:
    """As bytes for the durable state."""
    return _encoder.encode(memory)


def unpack(packed: bytes) -> Memory:
    """Back from bytes.

    Raises:
        StateError: these are not such bytes, or of a newer logmond.
    """
    try:
        memory = _memory.decode(packed)
    except msgspec.MsgspecError as error:
        raise StateError(f"the remembered alerts cannot be read: {error}") from error
    if memory.version > 1:
        raise StateError(f"the remembered alerts are of a newer logmond ({memory.version})")
    return memory


def pack_ended(incidents: Sequence[Incident]) -> bytes:
    """Ended incidents as bytes."""
    return _encoder.encode(list(incidents))


def unpack_ended(packed: bytes) -> list[Incident]:
    """Back from bytes.

    Raises:
        StateError: these are not such bytes.
    """
    try:
        return _incidents.decode(packed)
    except msgspec.MsgspecError as error:
        raise StateError(f"the ended incidents cannot be read: {error}") from error
