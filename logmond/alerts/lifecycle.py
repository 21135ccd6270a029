"""The life of an alert: a table of states and readings. No clock, no values.

Theory of operation
-------------------
Every evaluated second gives one *reading* for each group of a rule:

* BREACH: the value is beyond the limit (at the limit is not beyond it),
* BETWEEN: not beyond the limit, yet beyond the recover value,
* CLEAR: not beyond the recover value either,
* UNUSABLE: thin, unknown or empty, or a partial window that may not speak: it
  may fire an `above` rule, it never clears anything, it never fires `below`.

A group is QUIET until a breach makes it PENDING; a breach that lasts fires it.
FIRING and CLEARING are the open states of one incident; it ends RECOVERED
after enough clear seconds in a row, or EXPIRED when nothing usable was seen
for too long. After an end the group is QUIET again.

A cell of `TABLE` names the next state and, where time matters, a *wait* and
the state that follows when it is over. Waits count evaluated seconds, never
wall time: the second that begins one counts 0, so a wait of 0s is over at
once, and one of 30s with the thirtieth second after it.

========  ===============  =======  =================  =================
state     breach           between  clear              unusable
========  ===============  =======  =================  =================
quiet     pending          quiet    quiet              quiet
          (for: firing)
pending   pending          quiet    quiet              pending
          (for: firing)                                (blindness: quiet)
firing    firing           firing   clearing           firing
                                    (hold: recovered)  (expiry: expired)
clearing  firing           firing   clearing           clearing
                                    (hold: recovered)  (expiry: expired)
========  ===============  =======  =================  =================

Unusable seconds hold the counts of `for` and `hold`: they neither add to them
nor break them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """Where a group of a rule is; the last three are ends of an incident."""

    QUIET = "quiet"
    PENDING = "pending"
    FIRING = "firing"
    CLEARING = "clearing"
    RECOVERED = "recovered"
    EXPIRED = "expired"
    REMOVED = "removed"


class Reading(StrEnum):
    """What one evaluated second says about a group."""

    BREACH = "breach"
    BETWEEN = "between"
    CLEAR = "clear"
    UNUSABLE = "unusable"


class Cell(NamedTuple):
    """The next state; or, once `wait` is over, `then`."""

    next: State
    wait: str | None = None
    then: State | None = None


Q, P, F, C = State.QUIET, State.PENDING, State.FIRING, State.CLEARING

TABLE = {
    (Q, Reading.BREACH): Cell(P, "for", F),
    (Q, Reading.BETWEEN): Cell(Q),
    (Q, Reading.CLEAR): Cell(Q),
    (Q, Reading.UNUSABLE): Cell(Q),
    (P, Reading.BREACH): Cell(P, "for", F),
    (P, Reading.BETWEEN): Cell(Q),
    (P, Reading.CLEAR): Cell(Q),
    (P, Reading.UNUSABLE): Cell(P, "blindness", Q),
    (F, Reading.BREACH): Cell(F),
    (F, Reading.BETWEEN): Cell(F),
    (F, Reading.CLEAR): Cell(C, "hold", State.RECOVERED),
    (F, Reading.UNUSABLE): Cell(F, "expiry", State.EXPIRED),
    (C, Reading.BREACH): Cell(F),
    (C, Reading.BETWEEN): Cell(F),
    (C, Reading.CLEAR): Cell(C, "hold", State.RECOVERED),
    (C, Reading.UNUSABLE): Cell(C, "expiry", State.EXPIRED),
}


class Waits(NamedTuple):
    """How long each wait of a rule is, in evaluated seconds."""

    for_s: int
    hold_s: int
    blindness_s: int
    expiry_s: int

    @classmethod
    def of(cls, for_s: int, hold_s: int, window_s: int) -> Waits:
        """The waits of a rule; blindness is window + for, expiry max(1h, 2 windows)."""
        return cls(for_s, hold_s, window_s + for_s, max(3600, 2 * window_s))


NOT_COUNTING = -1
"""A count that has not begun; the second that begins it makes it 0."""


@dataclass(slots=True)
class Track:
    """One group's place in the table, with the counts its waits need.

    `beyond` counts, for each limit of the rule from the mildest, the seconds
    since the value went beyond it; `clear` and `blind` count clear and
    unusable seconds in a row.
    """

    state: State = State.QUIET
    beyond: list[int] = field(default_factory=lambda: [NOT_COUNTING])
    clear: int = NOT_COUNTING
    blind: int = NOT_COUNTING

    def step(self, reading: Reading, level: int, waits: Waits) -> State:
        """Take one evaluated second; return the new state.

        Args:
            reading: what the second says.
            level: for a breach, the index of the gravest limit it is beyond.
            waits: the rule's.
        """
        self._count(reading, level)
        cell = TABLE[self.state, reading]
        self.state = cell.next
        if cell.then is not None and self._over(cell.wait, waits):
            self.state = cell.then
        return self.state

    def gravity(self, waits: Waits) -> int:
        """The gravest limit that the value has been beyond for long enough; -1 for none."""
        return max((i for i, s in enumerate(self.beyond) if s >= waits.for_s), default=-1)

    def _count(self, reading: Reading, level: int) -> None:
        if reading is Reading.UNUSABLE:
            self.blind += 1
            return
        self.blind = NOT_COUNTING
        self.clear = self.clear + 1 if reading is Reading.CLEAR else NOT_COUNTING
        passed = level if reading is Reading.BREACH else -1
        for index, seconds in enumerate(self.beyond):
            self.beyond[index] = seconds + 1 if index <= passed else NOT_COUNTING

    def _over(self, wait: str | None, waits: Waits) -> bool:
        if wait == "for":
            return self.beyond[0] >= waits.for_s
        if wait == "hold":
            return self.clear >= waits.hold_s
        limit = waits.blindness_s if wait == "blindness" else waits.expiry_s
        return self.blind >= limit
