"""Evidence at a bounded pace: neither a storm of incidents nor hostile frames hold up the tick.

Evidence is read from frames in pieces, and between two of them the reactor may
turn. An evaluated second reads so many entries and no more. In usual traffic
that is all of it, so that the line of an alert carries it; what does not fit is
gone on with in the seconds after, one incident after the other, and told by the
next update. No clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence

from logmond.alerts.event import Event
from logmond.alerts.evidence import Gathering, gather
from logmond.alerts.incident import Incident
from logmond.alerts.seam import Statistics
from logmond.alerts.wording import alert

PIECE = 12_000
"""Entries of frames read in one piece: 3 to 4 ms, in hostile traffic 5."""

PIECES = 5
"""Pieces in an evaluated second.

A window of two minutes takes 11,000 to 14,000 entries in usual traffic, one of
ten minutes 40,000 to 55,000.
"""

MAX_WAITING = 200
"""Incidents that wait for theirs; older ones stay without."""


class Attestor:
    """Gives incidents their evidence, those beyond the pace in later seconds."""

    def __init__(self, stats: Statistics) -> None:
        self._stats = stats
        self._left = PIECE
        self._waiting: deque[tuple[Incident, Callable[[], Gathering]]] = deque()
        self._begun: Gathering | None = None
        self._served: list[Incident] = []

    def attest(self, incident: Incident) -> None:
        """Give a new incident its evidence, now or soon."""
        if len(self._waiting) == MAX_WAITING:
            self._drop()
        self._waiting.append((incident, self._gathering(incident)))
        self._work()

    def rest(self) -> Generator[None, None, list[Incident]]:
        """The second is over: serve who waits, in pieces; return who was served by these.

        What one piece reads too much, the next reads less.
        """
        for _ in range(PIECES - 1):
            if not self._waiting:
                break
            self._left = min(PIECE, self._left + PIECE)
            self._work()
            yield
        self._left = min(PIECE, self._left + PIECE)
        served, self._served = self._served, []
        return served

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
                self._served.append(incident)
                self._drop()

    def _drop(self) -> None:
        self._waiting.popleft()
        self._begun = None


def with_evidence(events: Sequence[Event], served: Iterable[Incident]) -> list[Event]:
    """The events of a second, its alerts told anew where their evidence was found after them."""
    late = {i.id: i for i in served if i.evidence or i.samples}
    told = []
    for event in events:
        incident = late.get(event.id)
        if incident is not None and event.kind == "alert" and event.at == incident.triggered_at:
            incident.opening = alert(incident)
            event = incident.as_event("alert", event.at)  # noqa: PLW2901  # the same, told anew
        told.append(event)
    return told
