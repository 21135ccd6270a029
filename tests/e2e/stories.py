"""A scenario as a story that really happened: its lines, and the incidents brute force finds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from oracle import Found, incidents

from logmond.frame.frame import CELL_DIMENSIONS
from logmond.ingest.scenarios import BACKFILL_S, Scenario, lines

AFTER_S = 200
"""Seconds told after offset 0: all that begins has ended by then."""

Event = dict[str, Any]


@dataclass(frozen=True)
class Story:
    """A scenario whose offset 0 was second `zero`."""

    scenario: Scenario
    zero: int
    seed: int = 1

    @property
    def first(self) -> int:
        """The first second with lines."""
        return self.zero - BACKFILL_S

    @property
    def last(self) -> int:
        """The last second with lines."""
        return self.zero + AFTER_S

    def lines(self) -> list[tuple[int, bytes]]:
        """Every line with its second."""
        return list(lines(self.scenario, self.seed, self.zero, range(-BACKFILL_S, AFTER_S + 1)))

    def settings(self, source: Mapping[str, Any], alerts: Path) -> dict[str, Any]:
        """A configuration with the scenario's rules, one source, and alerts as JSON in a file."""
        stats = {"labels": self.scenario.labels} if self.scenario.labels else {}
        return {
            "sources": [{"name": "web", **source}],
            "stats": stats,
            "rules": list(self.scenario.rules),
            "outputs": [{"name": "log", "type": "file", "path": str(alerts), "format": "json"}],
        }

    def brute_force(self) -> list[Found]:
        """What must be found by who evaluates since the first line, and saw nothing before."""
        made = self.lines()
        found = [
            one
            for rule in self.scenario.rules
            for one in incidents(
                made,
                rule,
                first=self.first,
                last=self.last,
                unobserved=[(self.first - 3600, self.first - 1)],
                labels=self.scenario.labels,
            )
        ]
        return sorted(map(_rounded, found), key=lambda one: (one.triggered_at, one.rule))


def told(alerts: Path) -> list[Event]:
    """The events in a log file of alerts, less those a restart told again word by word."""
    if not alerts.exists():
        return []
    events: list[Event] = []
    for raw in alerts.read_bytes().splitlines():
        event = msgspec.json.decode(raw)
        if event not in events:
            events.append(event)
    return events


def in_words(events: Iterable[Event]) -> list[Found]:
    """The incidents that events tell of, in the oracle's words."""
    by_id: dict[str, list[Event]] = {}
    for event in events:
        by_id.setdefault(event["id"], []).append(event)
    found = [_found(theirs) for theirs in by_id.values()]
    return sorted(found, key=lambda one: (one.triggered_at, one.rule))


def plain(events: Sequence[Event]) -> list[Event]:
    """Events without the evidence, which is of what was read so far, and what tells of it."""
    return [
        {
            **{key: value for key, value in event.items() if key != "evidence"},
            "message": event["message"].partition(" Most of the ")[0],
        }
        for event in events
    ]


def exact(event: Event) -> list[Any]:
    """The evidence of the dimensions that are counted by the second, not by the block."""
    return [one for one in event["evidence"] if one["dimension"] in CELL_DIMENSIONS]


def _found(events: list[Event]) -> Found:
    """One incident: its first event, and what its last one says of the whole."""
    first, last = events[0], events[-1]
    assert first["event"] == "alert"
    over = last["event"] == "recovered"
    requests, peak = last["peak_requests_per_second"], last["peak_value"]
    return Found(
        rule=first["rule"],
        group=tuple(first["group"].values()),
        first_severity=first["severity"],
        severity=last["severity"],
        limit=last["limit"],
        triggered_at=_second(first["triggered_at"]),
        value=first["value"],
        peak_requests=(requests["value"], _second(requests["at"])),
        peak_value=(peak["value"], _second(peak["at"])),
        recovered_at=_second(last["recovered_at"]) if over else None,
        recovered_value=last["value"] if over else None,
    )


def _second(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


def _rounded(found: Found) -> Found:
    """As JSON tells numbers: to four places."""
    value, (peak, at), recovered = found.value, found.peak_value, found.recovered_value
    return replace(
        found,
        value=round(value, 4),
        peak_value=(round(peak, 4), at),
        recovered_value=None if recovered is None else round(recovered, 4),
    )
