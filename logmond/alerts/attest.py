"""Evidence at a bounded pace: neither a storm of incidents nor hostile frames hold up the tick.

Evidence is read from frames in pieces. An evaluated second reads so many
entries and no more: in usual traffic that is the evidence of an alert at once,
so that its line carries it. What does not fit is gone on with in the seconds
after, one incident after the other, and told by the next update. No clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from logmond.alerts.evidence import Gathering, gather
from logmond.alerts.incident import Incident
from logmond.alerts.seam import Statistics

PIECE = 20_000
"""Entries of frames read for evidence in an evaluated second: about 6 ms, in hostile traffic 9.

A window of two minutes takes 11,000 to 14,000 in usual traffic.
"""

MAX_WAITING = 200
"""Incidents that wait for theirs; older ones stay without."""


class Attestor:
    """Gives incidents their evidence, those beyond the pace in later seconds."""

    def __init__(self, stats: Statistics) -> None:
        self._stats = stats
        self._left = PIECE
        self._waiting: deque[tuple[Incident, Callable[[], Gathering]]] = deque(maxlen=MAX_WAITING)
        self._begun: Gathering | None = None

    def attest(self, incident: Incident) -> None:
        """Give a new incident its evidence, now or soon."""
        self._waiting.append((incident, self._gathering(incident)))
        self._work()

    def rest(self) -> None:
        """The second is over: serve who waited with what is left of the pace, and renew it."""
        self._work()
        self._left = min(PIECE, self._left + PIECE)

    def _gathering(self, incident: Incident) -> Callable[[], Gathering]:
        # What a window is at the trigger, whatever the incident becomes until it is its turn.
        rule, key, second, limit = (
            incident.definition, incident.key, incident.triggered_at, incident.limit,
        )  # fmt: skip
        return lambda: gather(self._stats, rule, key, second, limit)

    def _work(self) -> None:
        while self._left >= 0 and self._waiting:
            incident, begin = self._waiting[0]
            if not incident.open:
                self._drop()
                continue
            if self._begun is None:
                self._begun = begin()
            try:
                self._left -= next(self._begun)
            except StopIteration as done:
                incident.evidence, incident.samples = done.value
                self._drop()

    def _drop(self) -> None:
        self._waiting.popleft()
        self._begun = None
