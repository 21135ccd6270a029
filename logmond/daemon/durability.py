"""What one commit a second holds, and how a start takes it back.

Positions of files, frames, the evaluated second, coverage, rule states and
ledgers are of one moment: they are gathered in one turn of the reactor, right
after every intake was emptied, so that what was counted and how far files were
read can never disagree.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import msgspec
from twisted.logger import Logger

from logmond.alerts.event import Event
from logmond.alerts.record import Life, read, recorded, silence_record, went_on
from logmond.alerts.silences import Silence
from logmond.config.schema import HistoryConfig
from logmond.daemon.evaluation import Evaluation
from logmond.frame.caps import Caps
from logmond.frame.minutes import merge_minutes
from logmond.ingest.ledger import Ledger
from logmond.ingest.sources.file import FilePosition
from logmond.stores.rows import (
    KEPT_BY_AGE,
    Changes,
    FileRow,
    IncidentRow,
    Restored,
    SilenceRow,
)
from logmond.stores.seam import NoState, State
from logmond.stores.sqlite import SqliteState

_ENDS = ("recovered", "expired", "removed")


def state_of(config: HistoryConfig, reactor: Any, caps: Caps) -> State:
    """Where everything is kept; nothing is opened."""
    if config.path is None:
        return NoState()
    merge = partial(merge_minutes, caps=caps)
    return SqliteState(config.path, reactor, merge=merge, max_bytes=config.max_size_bytes)


class Durability:
    """Gathers commits and restores from them."""

    _log = Logger()

    def __init__(self, keep_s: int) -> None:
        """`keep_s`: how long minutes, ended incidents and silences are kept."""
        self._keep_s = keep_s
        self._noted: dict[str, IncidentRow] = {}
        self._lives: dict[str, Life] = {}
        self._unexplained: set[str] = set()
        self._silences: dict[str, Silence] = {}
        self._positions: dict[tuple[str, int, int], FileRow] = {}

    def note(self, event: Event) -> None:
        """Remember an incident's transition for the next commit."""
        if event.kind != "update":
            self._lives[event.id] = went_on(self._lives.get(event.id, ()), event)
            if not event.evidence:
                self._unexplained.add(event.id)
        elif event.id not in self._unexplained or not event.evidence:
            return
        life = self._lives.get(event.id, ())
        ended = event.at if event.kind in _ENDS else None
        if ended is not None:
            self._lives.pop(event.id, None)
        if ended is not None or event.evidence:
            self._unexplained.discard(event.id)
        # Written out here, a few at a time: a commit may hold those of a storm.
        self._noted[event.id] = IncidentRow(
            event.id, event.rule, event.triggered_at, ended, recorded(event, life)
        )

    def _recorded(self) -> list[IncidentRow]:
        """What was noted."""
        noted, self._noted = self._noted, {}
        return list(noted.values())

    def _silenced(self, evaluation: Evaluation) -> list[SilenceRow]:
        """Silences that are new or changed; one that was ended early ends now."""
        now = evaluation.stats.evaluated or 0
        known, self._silences = self._silences, {s.id: s for s in evaluation.alerts.silences()}
        rows = [s for id_, s in self._silences.items() if known.get(id_) != s]
        gone = (s for id_, s in known.items() if id_ not in self._silences and s.until > now)
        rows += (replace(silence, until=now) for silence in gone)
        return [SilenceRow(s.id, s.rule, s.since, s.until, silence_record(s)) for s in rows]

    def changes(self, evaluation: Evaluation) -> Changes:
        """Everything that changed since the last call. Intakes must have been emptied."""
        stats = evaluation.stats
        values: dict[str, Any] = {
            "evaluated": stats.evaluated,
            "coverage": stats.coverage.snapshot(),
            "ledgers": {name: _account(m.ledger) for name, m in evaluation.inputs.items()},
        }
        packed = {name: msgspec.msgpack.encode(value) for name, value in values.items()}
        return Changes(
            files=self._moved(evaluation),
            frames=stats.tiers.changed(),
            drop=self._expired(stats.tiers.expired(), stats.evaluated),
            values={**packed, **evaluation.alerts.changes()},
            incidents=self._recorded(),
            silences=self._silenced(evaluation),
            minutes=stats.minutes_changed(),
            late_minutes=stats.late_minutes(),
        )

    def _expired(self, frames: dict[str, int], evaluated: int | None) -> dict[str, int]:
        """What is dropped: frames no window needs, and what of the past is too old."""
        if evaluated is None:
            return frames
        return {**frames, **dict.fromkeys(KEPT_BY_AGE, evaluated - self._keep_s)}

    def _moved(self, evaluation: Evaluation) -> list[FileRow]:
        """Positions that are new or changed; only those that sources still tell are remembered."""
        before, self._positions = self._positions, {}
        for name, member in evaluation.inputs.items():
            for position in member.files.positions() if member.files is not None else ():
                row = FileRow(name, **asdict(position))
                self._positions[row.key] = row
        return [row for key, row in self._positions.items() if before.get(key) != row]

    def ledgers(self, restored: Restored) -> dict[str, Ledger]:
        """The accounts that were kept, by source."""
        kept = _value(restored, "ledgers") or {}
        return {name: _ledger(account) for name, account in kept.items()}

    def restore_files(self, restored: Restored, evaluation: Evaluation) -> None:
        """Hand every file source its positions."""
        for name, member in evaluation.inputs.items():
            if member.files is None:
                continue
            rows = [row for row in restored.files if row.source == name]
            self._positions |= {row.key: row for row in rows}
            rows = _with_orphans(rows, restored, set(member.config.files), evaluation)
            member.files.restore(
                [
                    FilePosition(
                        row.path,
                        row.device,
                        row.inode,
                        row.fingerprint,
                        row.fingerprint_length,
                        row.offset,
                    )
                    for row in rows
                ]
            )

    def restore_statistics(self, restored: Restored, evaluation: Evaluation) -> int | None:
        """Take back frames, coverage and rules; return the second last evaluated."""
        self._lives = {row.id: _life(row) for row in restored.incidents}
        evaluated = _value(restored, "evaluated")
        if evaluated is None:
            return None
        coverage = _value(restored, "coverage") or {}
        evaluation.stats.coverage.restore(coverage.get("since", {}), coverage.get("gaps", ()))
        evaluation.stats.restore(restored.frames, evaluated)
        if "alerts" in restored.values:
            evaluation.alerts.restore(restored.values)
        return int(evaluated)


def _with_orphans(
    rows: list[FileRow], restored: Restored, paths: set[str], evaluation: Evaluation
) -> list[FileRow]:
    """The rows of a source, and those of its files that a source which is gone had read.

    A server that changed the format of a file makes another source of it. Of one
    file under two names the position that is further counts.
    """
    found = {(row.path, row.device, row.inode): row for row in rows}
    for row in restored.files:
        if row.path in paths and row.source not in evaluation.inputs and row.device >= 0:
            key = (row.path, row.device, row.inode)
            if key not in found or found[key].offset < row.offset:
                found[key] = row
    return list(found.values())


def _life(row: IncidentRow) -> Life:
    """What had happened to an incident; nothing, where that was not kept."""
    try:
        life: Life = read(row.body)["life"]
    except ValueError:
        return ()
    return life


def _value(restored: Restored, name: str) -> Any:
    packed = restored.values.get(name)
    return None if packed is None else msgspec.msgpack.decode(packed)


def _account(ledger: Ledger) -> dict[str, Any]:
    return {
        "totals": dict(ledger.totals),
        "filtered": dict(ledger.filtered),
        "samples": {kind: list(kept) for kind, kept in ledger.samples.items()},
        "last_line_at": ledger.last_line_at,
    }


def _ledger(account: dict[str, Any]) -> Ledger:
    ledger = Ledger(Counter(account["totals"]), Counter(account["filtered"]))
    ledger.samples = {kind: deque(kept, maxlen=3) for kind, kept in account["samples"].items()}
    ledger.last_line_at = account["last_line_at"]
    return ledger
