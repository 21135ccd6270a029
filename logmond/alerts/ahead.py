"""Reads the minutes that the next one will be compared with, a little at a time.

Whoever steps seconds says when a minute begins (`turn`) and how much may be
done now (`work`). A step takes about a millisecond: one look-up, or the filling
of a few shelves. No clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from functools import partial

from logmond.alerts.earlier import History
from logmond.alerts.localtime import around
from logmond.alerts.shelf import Key, Shelf
from logmond.errors import StateError
from logmond.frame.minutes import MINUTE_S, Minute, unpack_minute

RECENT = 180
"""Minutes before now that stand in for days that are not known."""

SHELVES_AT_ONCE = 12
"""Shelves that one step fills."""

Step = Callable[[], None]


def recent(minute: int) -> range:
    """The minutes of the three hours before the one that comes before `minute`."""
    return range(minute - (RECENT + 1) * MINUTE_S, minute - MINUTE_S, MINUTE_S)


class Ahead:
    """Shelves, filled with what the minute that runs and the one to come are compared with."""

    def __init__(
        self, recently: Callable[[int], Minute | None], history: History, zone: tzinfo | None
    ) -> None:
        self.shelves: dict[Key, Shelf] = {}
        self.minute: int | None = None
        self.days: dict[int, list[range]] = {}
        """For the minute that runs and the one to come, the minutes of each earlier day."""
        self.reading = False
        """Whether the minute that runs needs what is still to be read, after a leap."""
        self.steps: deque[Step] = deque()
        self._urgent: deque[Step] = deque()
        """While some shelves are read anew, what the others need for the minute to come."""
        self._lagging: set[Key] = set()
        self._put: set[int] = set()
        """Minutes that some shelf holds."""
        self._whole: set[int] = set()
        """Minutes that every shelf holds."""
        self._recently = recently
        self._history = history
        self._zone = zone

    def add(self, key: Key, shelf: Shelf) -> None:
        """Fill one more shelf, from the next `turn` on."""
        self.shelves[key] = shelf
        self._whole.clear()

    def lags(self, key: Key) -> bool:
        """Whether a shelf lacks something that the minute that runs needs."""
        return self.reading and key in self._lagging

    def turn(self, minute: int, then: Callable[[int], Iterable[Step]]) -> None:
        """Begin a minute: forget what it does not need, plan what it and the next one do.

        `then` gives the steps that follow once all of a minute is read.
        """
        if self.minute is not None and minute < self.minute:  # the clock was set back
            self._keep(set())
        self.minute = minute
        following = minute + MINUTE_S
        known = self.days
        self.days = {s: known.get(s) or around(s, self._zone) for s in (minute, following)}
        now, later = self._wanted(minute), self._wanted(following)
        self.hurry()
        self.steps.clear()
        self._keep(now | later)
        missing = now - self._whole
        self._lagging = {
            key for key, shelf in self.shelves.items() if any(s not in shelf for s in missing)
        }
        self.reading = bool(missing)
        if missing:
            others = [shelf for key, shelf in self.shelves.items() if key not in self._lagging]
            self._plan(sorted(later - self._whole), others, self._urgent)
            self._plan(sorted(missing))
            self.steps.append(partial(self._go_on, then, minute))
            self.steps.append(self._be_ready)
        self._plan(sorted(later - self._whole - missing))
        self.steps.append(partial(self._go_on, then, following))

    def work(self, steps: int) -> None:
        """Take so many steps, as far as there are any."""
        for _ in range(min(steps, len(self._urgent) + len(self.steps))):
            (self._urgent or self.steps).popleft()()

    def hurry(self) -> None:
        """Take the steps that must be taken before another minute begins."""
        while self._urgent:
            self._urgent.popleft()()

    def finish(self) -> None:
        """Read everything at once that the minute that runs needs."""
        while self.reading:
            self.steps.popleft()()

    def _go_on(self, then: Callable[[int], Iterable[Step]], minute: int) -> None:
        """What was planned behind this waits until `then` is done."""
        self.steps.extendleft(reversed(list(then(minute))))

    def _be_ready(self) -> None:
        self.reading = False

    def _wanted(self, minute: int) -> set[int]:
        return {start for day in self.days[minute] for start in day} | set(recent(minute))

    def _keep(self, wanted: set[int]) -> None:
        """Forget all other minutes."""
        for start in self._put - wanted:
            for shelf in self.shelves.values():
                shelf.drop(start)
        self._put &= wanted
        self._whole &= wanted

    def _plan(
        self,
        starts: Iterable[int],
        shelves: Sequence[Shelf] | None = None,
        steps: deque[Step] | None = None,
    ) -> None:
        """Plan the steps that read minutes and put each where it lacks."""
        steps = self.steps if steps is None else steps
        for start in starts:
            among = self.shelves.values() if shelves is None else shelves
            lacking = [shelf for shelf in among if start not in shelf]
            read: list[Minute | None] = []
            for at in range(0, len(lacking), SHELVES_AT_ONCE):
                some = lacking[at : at + SHELVES_AT_ONCE]
                steps.append(partial(self._fill, start, some, read))
            if shelves is None:
                steps.append(partial(self._whole.add, start))

    def _fill(self, start: int, shelves: Sequence[Shelf], read: list[Minute | None]) -> None:
        if not read:
            read.append(self._read(start))
            self._put.add(start)
        for shelf in shelves:
            shelf.put(start, read[0], self.minute or start)

    def _read(self, start: int) -> Minute | None:
        minute = self._recently(start)
        if minute is None:
            packed = self._history.minute(start)
            try:
                minute = None if packed is None else unpack_minute(packed)
            except StateError:
                return None  # as good as not observed
        return minute
