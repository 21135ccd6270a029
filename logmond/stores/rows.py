"""The plain data of the durable state: what one commit changes, and what a start finds.

Frames, values and incident bodies are bytes whose meaning belongs to those who
packed them. No database, no clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

FrameKey: TypeAlias = tuple[str, int]
"""(kind, start): the kind is a word of the statistics, the start an epoch second."""

OutboxKey: TypeAlias = tuple[str, str]
"""(output, message id)."""

INCIDENTS = "incidents"
"""The kind under which `Changes.drop` names ended incidents, by their end."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """How far one file has been counted; (source, device, inode) identify it.

    `fingerprint` is over the first `fingerprint_length` bytes; `offset` is the
    first byte not counted.
    """

    source: str
    path: str
    device: int
    inode: int
    fingerprint: bytes
    fingerprint_length: int
    offset: int

    @property
    def key(self) -> tuple[str, int, int]:
        """Which file of which source, whatever it is called today."""
        return (self.source, self.device, self.inode)


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident; `ended_at` is None while it is open, times are epoch seconds."""

    id: str
    rule: str
    triggered_at: int
    ended_at: int | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Changes:
    """What one transaction does: drop old frames, write, forget old incidents.

    Args:
        files: positions to write; those not named stay as they are.
        frames: packed frames to write, None to delete one.
        drop: by kind, the start before which frames go; under `INCIDENTS`, the
            end before which ended incidents go, for good: a bound never falls.
        values: bytes by name to write, None to delete one.
        incidents: incidents to write.
        outbox: messages still to be delivered, None to delete one.
        minutes: rollups of a minute by its start, each replacing what is kept.
        late_minutes: the same, each added to what is kept.
    """

    files: Sequence[FileRow] = ()
    frames: Mapping[FrameKey, bytes | None] = field(default_factory=dict)
    drop: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, bytes | None] = field(default_factory=dict)
    incidents: Sequence[IncidentRow] = ()
    outbox: Mapping[OutboxKey, bytes | None] = field(default_factory=dict)
    minutes: Mapping[int, bytes] = field(default_factory=dict)
    late_minutes: Mapping[int, bytes] = field(default_factory=dict)

    def then(self, newer: Changes) -> Changes:
        """One change that does what this and then `newer` would do.

        Frames that `newer` drops are left out, so that changes which cannot be
        written for hours stay as small as what is kept.
        """
        files = {row.key: row for row in self.files}
        for row in newer.files:
            files.pop(row.key, None)  # the order of rows is the order of their change
            files[row.key] = row
        incidents = {row.id: row for row in (*self.incidents, *newer.incidents)}
        kept = {key: body for key, body in self.frames.items() if key[1] >= newer.drop.get(*key)}
        drop = dict(self.drop)
        for kind, before in newer.drop.items():
            drop[kind] = max(before, drop.get(kind, before))
        return Changes(
            files=list(files.values()),
            frames={**kept, **newer.frames},
            drop=drop,
            values={**self.values, **newer.values},
            incidents=list(incidents.values()),
        )


@dataclass(frozen=True, slots=True)
class Restored:
    """What a start finds; empty at the first.

    `files` come in the order of their last change, `incidents` by their
    trigger, oldest first; `outbox` what was still to be delivered, in the order
    it was entered. `warning` says what became of a state file that
    could not be used.
    """

    files: Sequence[FileRow] = field(default_factory=list)
    frames: Mapping[FrameKey, bytes] = field(default_factory=dict)
    values: Mapping[str, bytes] = field(default_factory=dict)
    incidents: Sequence[IncidentRow] = field(default_factory=list)
    outbox: Mapping[OutboxKey, bytes] = field(default_factory=dict)
    warning: str | None = None
