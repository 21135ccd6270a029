"""The plain data of the durable state: what one commit changes, and what a start finds.

Frames, values and incident bodies are bytes whose meaning belongs to those who
packed them. No database, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from logmond.frame.minutes import merge_minutes

FrameKey: TypeAlias = tuple[str, int]
"""(kind, start): the kind is a word of the statistics, the start an epoch second."""

OutboxKey: TypeAlias = tuple[str, str]
"""(output, message id)."""

INCIDENTS, MINUTES, SILENCES = "incidents", "minutes", "silences"
"""Kinds under which `Changes.drop` names ended incidents by their end, minutes by their
start and silences by their end. These go in small numbers, and such a bound never falls."""

KEPT_BY_AGE = (INCIDENTS, MINUTES, SILENCES)

Merge: TypeAlias = Callable[[bytes, bytes], bytes]
"""Two packed rollups of one minute as one."""


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
class SilenceRow:
    """A silence, in force, to come or over; times are epoch seconds.

    One that was ended early has that moment as its `until`.
    """

    id: str
    rule: str
    since: int
    until: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Changes:
    """What one transaction does: drop old frames, write, forget what is too old.

    Args:
        files: positions to write; those not named stay as they are.
        frames: packed frames to write, None to delete one.
        drop: by kind, the start before which frames go; under `INCIDENTS`,
            `MINUTES` and `SILENCES`, the bound before which those go.
        values: bytes by name to write, None to delete one.
        incidents: incidents to write.
        outbox: messages still to be delivered, None to delete one. A message
            written again keeps its place in the order of entry.
        minutes: rollups of a minute by its start, each replacing what is kept.
        late_minutes: the same, each added to what is kept, after `minutes`.
        silences: silences to write.
        entered_anew: messages of `outbox` that are deleted before they are
            written, and so go to the end of the order; `then` needs it.
    """

    files: Sequence[FileRow] = ()
    frames: Mapping[FrameKey, bytes | None] = field(default_factory=dict)
    drop: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, bytes | None] = field(default_factory=dict)
    incidents: Sequence[IncidentRow] = ()
    outbox: Mapping[OutboxKey, bytes | None] = field(default_factory=dict)
    minutes: Mapping[int, bytes] = field(default_factory=dict)
    late_minutes: Mapping[int, bytes] = field(default_factory=dict)
    silences: Sequence[SilenceRow] = ()
    entered_anew: frozenset[OutboxKey] = frozenset()

    def then(self, newer: Changes, merge: Merge = merge_minutes) -> Changes:
        """One change that does what this and then `newer` would do.

        What `newer` drops is left out, so that changes which cannot be written
        for hours stay as small as what is kept. `merge` joins what came late
        for a minute in both.
        """
        files = {row.key: row for row in self.files}
        for row in newer.files:
            files.pop(row.key, None)  # the order of rows is the order of their change
            files[row.key] = row
        incidents = {row.id: row for row in (*self.incidents, *newer.incidents)}
        silences = {row.id: row for row in (*self.silences, *newer.silences)}
        kept = {key: body for key, body in self.frames.items() if key[1] >= newer.drop.get(*key)}
        drop = dict(self.drop)
        for kind, before in newer.drop.items():
            drop[kind] = max(before, drop.get(kind, before))
        minutes, late = self._minutes_then(newer, merge)
        outbox, entered_anew = self._outbox_then(newer)
        return Changes(
            files=list(files.values()),
            frames={**kept, **newer.frames},
            drop=drop,
            values={**self.values, **newer.values},
            incidents=list(incidents.values()),
            outbox=outbox,
            minutes=minutes,
            late_minutes=late,
            silences=list(silences.values()),
            entered_anew=entered_anew,
        )

    def _minutes_then(
        self, newer: Changes, merge: Merge
    ) -> tuple[dict[int, bytes], dict[int, bytes]]:
        """`minutes` and `late_minutes` of both; a minute that is replaced needs nothing older."""

        def kept(start: int) -> bool:
            return start >= newer.drop.get(MINUTES, start) and start not in newer.minutes

        minutes = {start: body for start, body in self.minutes.items() if kept(start)}
        late = {start: body for start, body in self.late_minutes.items() if kept(start)}
        for start, body in newer.late_minutes.items():
            late[start] = merge(late[start], body) if start in late else body
        return {**minutes, **newer.minutes}, late

    def _outbox_then(
        self, newer: Changes
    ) -> tuple[dict[OutboxKey, bytes | None], frozenset[OutboxKey]]:
        """`outbox` of both, and what one of them deleted and a later one entered again."""
        anew = {*self.entered_anew, *newer.entered_anew}
        outbox = {k: body for k, body in self.outbox.items() if k not in newer.entered_anew}
        for key, body in newer.outbox.items():
            if body is not None and outbox.get(key, b"") is None:
                del outbox[key]  # written below it stands behind the others
                anew.add(key)
            outbox[key] = body
        return outbox, frozenset(anew)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a start finds; empty at the first.

    `files` come in the order of their last change, `incidents` (those that are
    open) by their trigger, oldest first; `outbox` is what was still to be
    delivered, in the order it was entered. `warning` says what became of a
    state file that could not be used, or of rows in it.
    """

    files: Sequence[FileRow] = field(default_factory=list)
    frames: Mapping[FrameKey, bytes] = field(default_factory=dict)
    values: Mapping[str, bytes] = field(default_factory=dict)
    incidents: Sequence[IncidentRow] = field(default_factory=list)
    outbox: Mapping[OutboxKey, bytes] = field(default_factory=dict)
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of the past, and what is not.

    `since` is when the oldest minute began (epoch second, None without one),
    `used_bytes` what the file uses of `max_bytes` (None: no bound).
    `crowded_out` counts minutes and incidents that went ahead of their time for
    that bound, `damaged` rows that were left out; `problem` says why nothing
    can be written now.
    """

    since: int | None = None
    used_bytes: int = 0
    max_bytes: int | None = None
    crowded_out: int = 0
    damaged: int = 0
    problem: str | None = None


def incident_row(row: Sequence[Any]) -> IncidentRow:
    """An incident as its table holds it: the id, the id backwards, the rest."""
    name, _, *rest = row
    return IncidentRow(name, *rest)


def incident_columns(row: IncidentRow) -> tuple[str | int | bytes | None, ...]:
    """An incident for its table; `incident_row` gives it back."""
    return (row.id, row.id[::-1], row.rule, row.triggered_at, row.ended_at, row.body)
