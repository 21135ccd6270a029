"""Events counted by rule, and incidents kept, while a backtest runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from logmond.alerts.event import Event
from logmond.alerts.incident import Incident
from logmond.interfaces.outcome import INCIDENTS_KEPT, Count, Ran

_ENDS = frozenset({"recovered", "expired", "removed"})


class Tallies:
    """What events told so far."""

    def __init__(self, kept: int = INCIDENTS_KEPT) -> None:
        """`kept`: how many incidents are remembered one by one."""
        self.unlisted = 0
        self._kept = kept
        self._counts: dict[str, Count] = {}
        self._ran: dict[str, Ran] = {}

    def take(self, event: Event) -> None:
        """Take what happened next."""
        count = self.count(event.rule)
        if count.began(event):
            if len(self._ran) < self._kept:
                self._ran[event.id] = Ran(event, event)
            else:
                self.unlisted += 1
        ran = self._ran.get(event.id)
        if ran is not None and event.kind in ("alert", *_ENDS):
            ran.event = event
        if event.kind in _ENDS:
            count.ended(event)
            if ran is not None:
                ran.ended_at = event.at

    def count(self, rule: str) -> Count:
        """How often a rule fired."""
        return self._counts.setdefault(rule, Count())

    def close(self, last: int, incidents: Iterable[Incident] = ()) -> None:
        """The logs end with second `last`, these incidents being open."""
        for incident in incidents:
            ran = self._ran.get(incident.id)
            if ran is not None:
                ran.event = incident.as_event()
        for count in self._counts.values():
            count.close(last)

    @property
    def incidents(self) -> list[Ran]:
        """The remembered ones, in the order of their beginning."""
        return list(self._ran.values())

    @property
    def counts(self) -> Mapping[str, Count]:
        """By rule; one that never fired may be absent."""
        return self._counts
