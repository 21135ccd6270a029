"""One event of an incident: the line on every text sink, and the JSON object.

An event is a value: rendering it needs nothing else. The JSON form has always
the same keys, null when absent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from logmond.stats.results import Evidence

__all__ = ["Acknowledgement", "Event", "Evidence", "Peak"]


@dataclass(frozen=True, slots=True)
class Peak:
    """The largest single second: its value and when (epoch second)."""

    value: float
    at: int


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody has seen it, at epoch second `at`, and may have said something about it."""

    who: str
    comment: str
    at: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened to an incident.

    `kind` is one of "alert", "update", "recovered", "expired", "removed",
    "nodata", "databack", "acknowledged", "released"; `state` the state of the
    incident after it; times are epoch seconds; `message` is the human text behind
    ``node: `` on the line; `acknowledged` is by whom, None while nobody has.
    """

    kind: str
    at: int
    id: str
    node: str
    rule: str
    group: dict[str, str]
    severity: str
    state: str
    metric: str
    window_s: int
    value: float | None
    limit: float
    triggered_at: int
    recovered_at: int | None
    reason: str | None
    peak_value: Peak | None
    peak_requests_per_second: Peak | None
    evidence: tuple[Evidence, ...]
    runbook: str | None
    message: str
    samples: tuple[str, ...] = field(default_factory=tuple)
    acknowledged: Acknowledgement | None = None

    @property
    def short_id(self) -> str:
        """What people type: the last eight digits."""
        return self.id[-8:]
