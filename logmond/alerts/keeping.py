"""What alerts remember, packed anew only where it changed.

Theory of operation
-------------------
Each rule has two rows. What *lasts* (its open incidents with evidence,
messages and definition, a kilobyte each) is packed again when one of them
changed, and of that incident alone. What *passes* (values, peaks, counts, a
tenth of that) is packed each second of a rule that is not quiet. A quiet rule
costs a comparison.

Packing may be done ahead, in pieces (`Keeping.ahead`); what was touched
between that and the commit is packed again by the commit, so that the rows of
one commit are always of one evaluated second. No clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

import msgspec

from logmond.alerts.incident import Incident
from logmond.alerts.memory import LASTS, PASSES, Memory, Passing, encode, pack
from logmond.alerts.seam import Group
from logmond.alerts.watch import Watch

PIECE = 100
"""Groups that are not quiet packed in one piece: about a millisecond."""

RULES_LIKE_A_GROUP = 20
"""Quiet rules that cost as much as a group that is not."""

_passing = attrgetter(*Passing.__struct_fields__)
_lasting = attrgetter(
    *(f.name for f in fields(Incident) if f.name not in Passing.__struct_fields__)
)
_track = attrgetter("state", "beyond", "clear", "blind")


@dataclass(slots=True)
class _Kept:
    """How a rule was last packed; `about` is None where it has no rows."""

    about: Any = None
    signs: list[tuple[Any, ...]] = field(default_factory=list)
    incidents: dict[str, tuple[tuple[Any, ...], msgspec.Raw]] = field(default_factory=dict)
    tracks: bool = False
    silent_s: int = 0
    admitted: list[Group] = field(default_factory=list)


class Keeping:
    """The rows of all rules."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._packed: set[str] = set()
        self._changed: dict[str, bytes | None] = {}

    def found(self, names: Collection[str]) -> None:
        """Rows of these names are there: they are replaced, or deleted, by the next commit."""
        for name in names:
            for prefix in (LASTS, PASSES):
                if name.startswith(prefix):
                    self._kept[name.removeprefix(prefix)] = _Kept(about=name, tracks=True)
        self.stale()

    def stale(self, rule: str | None = None) -> None:
        """A rule changed since it was packed, or may have; without a name, all of them."""
        if rule is None:
            self._packed.clear()
        else:
            self._packed.discard(rule)

    def ahead(self, watches: Collection[Watch]) -> Iterator[None]:
        """Pack what `changes` will need, in pieces of about a millisecond."""
        work = 0
        for watch in watches:
            if watch.rule.name not in self._packed:
                self._pack(watch)
                work += 1 + RULES_LIKE_A_GROUP * len(watch.tracks)
                if work >= PIECE * RULES_LIKE_A_GROUP:
                    yield
                    work = 0

    def changes(self, memory: Memory, watches: Collection[Watch]) -> dict[str, bytes | None]:
        """The rows that differ from those of the last call, None for one that is gone."""
        for _ in self.ahead(watches):
            pass
        for gone in self._kept.keys() - {watch.rule.name for watch in watches}:
            del self._kept[gone]
            self._changed[LASTS + gone] = self._changed[PASSES + gone] = None
        changed, self._changed = self._changed, {}
        return {"alerts": pack(memory), **changed}

    def _pack(self, watch: Watch) -> None:
        name, silent_s = watch.rule.name, watch.observer.silent_s
        admitted = watch.admission.remembered
        self._packed.add(name)
        kept = self._kept.get(name)
        if kept is None:
            kept = self._kept[name] = _Kept()
        there = bool(watch.tracks or watch.reached or silent_s or admitted)
        about = (watch.rule.metric, watch.rule.group_by, len(watch.reached)) if there else None
        signs = [_lasting(incident) for incident in watch.incidents.values()]
        if about != kept.about or signs != kept.signs:
            self._changed[LASTS + name] = self._lasting(watch, kept, signs) if there else None
            kept.about, kept.signs = about, signs
        counts = silent_s, admitted
        if watch.tracks or kept.tracks or counts != (kept.silent_s, kept.admitted):
            kept.tracks, (kept.silent_s, kept.admitted) = bool(watch.tracks), counts
            tracks = [(group, _track(track)) for group, track in watch.tracks.items()]
            passing = [_passing(incident) for incident in watch.incidents.values()]
            now = silent_s, tracks, passing, admitted
            self._changed[PASSES + name] = encode(now) if there else None

    def _lasting(self, watch: Watch, kept: _Kept, signs: list[tuple[Any, ...]]) -> bytes:
        before, kept.incidents = kept.incidents, {}
        for sign, incident in zip(signs, watch.incidents.values(), strict=True):
            packed = before.get(incident.id)
            if packed is None or packed[0] != sign:
                packed = sign, msgspec.Raw(encode(incident))
            kept.incidents[incident.id] = packed
        return encode(
            {
                "rule": watch.rule.name,
                "metric": watch.rule.metric,
                "group_by": watch.rule.group_by,
                "incidents": [raw for _, raw in kept.incidents.values()],
                "reached": sorted(watch.reached),
            }
        )
