"""Evidence at a bounded pace: many groups firing at once must not hold up the tick. No clock."""

from __future__ import annotations

from collections import deque

from logmond.alerts.evidence import gather
from logmond.alerts.incident import Incident
from logmond.alerts.seam import Statistics

PER_STEP = 1
"""Incidents that get evidence in one evaluated second; each reads two windows of frames."""

MAX_WAITING = 200
"""Incidents that wait for theirs; older ones stay without."""


class Attestor:
    """Gives incidents their evidence, those beyond the pace in later seconds."""

    def __init__(self, stats: Statistics) -> None:
        self._stats = stats
        self._left = PER_STEP
        self._waiting: deque[Incident] = deque(maxlen=MAX_WAITING)

    def attest(self, incident: Incident) -> None:
        """Give a new incident its evidence, now or soon."""
        if not self._left:
            self._waiting.append(incident)
            return
        self._left -= 1
        incident.evidence, incident.samples = gather(
            self._stats, incident.definition, incident.key, incident.triggered_at
        )

    def rest(self) -> None:
        """The second is over: serve who waited with what is left of the pace, and renew it."""
        while self._left and self._waiting:
            incident = self._waiting.popleft()
            if incident.open:
                self.attest(incident)
        self._left = PER_STEP
