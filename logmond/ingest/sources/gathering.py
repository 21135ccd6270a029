"""How long a datagram reader may stay away so that datagrams gather. Pure: no socket, no clock.

A wake-up of the reactor costs as much as several datagrams. At 20,000 a second
one datagram a wake-up takes half a core, twenty of them a tenth. So a reader
that has caught up steps out of the reactor for a while, but only as far as the
kernel's queue is certain to hold what comes meanwhile:

* no pause unless the last drain took `MIN_DRAINED` datagrams;
* else a quarter of the time in which the highest rate of the last minute would
  fill the queue, at most `MAX_PAUSE_S`, and none under `MIN_PAUSE_S`;
* a queue found more than a quarter full on return halves the pauses to come;
* one found more than half full, or any drop, forbids them for a minute.
"""

from __future__ import annotations

from collections import deque

MIN_DRAINED = 8
MIN_PAUSE_S = 0.002
MAX_PAUSE_S = 0.020
FORBIDDEN_S = 60.0

LEAST_PEAK = 20_000
"""Datagrams a second that are always reckoned with."""

DATAGRAM_COST = 2304
"""Bytes the kernel charges a queue for a datagram of one log line."""

_SLOT_S = 0.1
_SLOTS = 600


class Gathering:
    """The pauses of one reader. Times are seconds of any one clock that does not step."""

    def __init__(self, granted_bytes: int) -> None:
        self._capacity = granted_bytes / DATAGRAM_COST
        self._slots: deque[tuple[int, int]] = deque()
        self._slot = 0
        self._in_slot = 0
        self._peak = float(LEAST_PEAK)
        self._share = 1.0
        self._forbidden_until = float("-inf")

    @property
    def peak(self) -> float:
        """The highest rate over a tenth of a second in the last minute, datagrams a second."""
        return max(self._peak, self._in_slot / _SLOT_S)

    @property
    def held_s(self) -> float:
        """How long the queue holds what comes at the peak."""
        return self._capacity / self.peak

    def received(self, datagrams: int, now: float) -> None:
        """Count what a wake-up took."""
        slot = int(now / _SLOT_S)
        if slot != self._slot:
            self._close_slot(slot)
        self._in_slot += datagrams

    def pause_s(self, drained: int, now: float) -> float:
        """How long to stay away after a drain that ended with an empty queue; 0 for not at all."""
        if drained < MIN_DRAINED or now < self._forbidden_until:
            return 0.0
        pause = min(MAX_PAUSE_S, self.held_s / 4) * self._share
        return pause if pause >= MIN_PAUSE_S else 0.0

    def returned(self, fill: float, dropped: bool, now: float) -> None:
        """Learn from what a pause led to: how full the queue was, and whether it overflowed."""
        if dropped or fill > 0.5:
            self._forbidden_until = now + FORBIDDEN_S
            self._share = 1.0
        elif fill > 0.25:
            self._share /= 2
        else:
            self._share = min(1.0, self._share * 2)

    def _close_slot(self, slot: int) -> None:
        if self._in_slot:
            self._slots.append((self._slot, self._in_slot))
        while self._slots and self._slots[0][0] <= slot - _SLOTS:
            self._slots.popleft()
        most = max((count for _, count in self._slots), default=0)
        self._peak = max(float(LEAST_PEAK), most / _SLOT_S)
        self._slot, self._in_slot = slot, 0
