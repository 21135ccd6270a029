"""The lifecycle as series of values show it: every cell of the table, with exact counts of events.

Each case leads a rule into a state, gives it one reading for a while, and then
clears it for good. What is told is counted and timed against what the table
promises, on the real service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import pytest
from fake_stats import START, FakeStatistics

from logmond.alerts.event import Event
from logmond.alerts.lifecycle import TABLE, Reading, State
from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService

BREACH, BETWEEN, CLEAR, UNUSABLE = Reading
QUIET, PENDING, FIRING, CLEARING = (State.QUIET, State.PENDING, State.FIRING, State.CLEARING)
GRAVE = "grave"
LONG = 12
"""Seconds of a reading that outlast every `for` and `hold` here."""

HITS = {
    "above": {BREACH: 20, GRAVE: 60, BETWEEN: 7, CLEAR: 1},
    "below": {BREACH: 5, GRAVE: 1, BETWEEN: 15, CLEAR: 30},
}


def rule(side: str, for_s: int, hold_s: int) -> Rule:
    """Two limits, and a recover value away from the milder one."""
    warning, critical, recover = (10.0, 50.0, 5.0) if side == "above" else (10.0, 2.0, 20.0)
    limits = (("warning", warning), ("critical", critical))
    return Rule(
        "scripted", "hits", window_s=1, for_s=for_s, hold_s=hold_s, recover=recover,
        above=limits if side == "above" else None, below=limits if side == "below" else None,
    )  # fmt: skip


def told(rule: Rule, side: str, script: Sequence[Reading | str]) -> list[Event]:
    """What a rule tells of one reading a second."""
    stats = FakeStatistics()
    alerts = AlertService([rule], stats, "web1")
    events: list[Event] = []
    for second, reading in enumerate(script):
        blind = reading is UNUSABLE
        stats.coverage.reason = "source nginx unreadable" if blind else None
        if not blind:
            stats.put(second, HITS[side][reading])
        stats.now = START + second
        events += alerts.step(START + second)
    return events


def counted(events: Iterable[Event]) -> Counter[str]:
    """How often what was told."""
    return Counter(event.kind for event in events)


def seconds(events: Iterable[Event], kind: str) -> list[int]:
    """When something was told, from the beginning of the script."""
    return [event.at - START for event in events if event.kind == kind]


@dataclass(frozen=True)
class Cell:
    """A cell of the table, and the rule that is led there."""

    state: State
    reading: Reading
    side: str
    for_s: int
    hold_s: int
    lasts: int

    @property
    def prefix(self) -> list[Reading]:
        """The seconds that lead to the state."""
        firing = [CLEAR, *[BREACH] * (self.for_s + 1)]
        return {
            QUIET: [CLEAR, CLEAR],
            PENDING: [CLEAR, BREACH],
            FIRING: firing,
            CLEARING: [*firing, CLEAR],
        }[self.state]

    @property
    def script(self) -> list[Reading]:
        """To the state, the reading for as long as it lasts, then clear for good."""
        return [*self.prefix, *[self.reading] * self.lasts, *[CLEAR] * LONG]

    def fires_at(self) -> int | None:
        """When, if ever."""
        if self.state in (FIRING, CLEARING):
            return 1 + self.for_s
        begun = 1 if self.state is PENDING else len(self.prefix)
        breached = (self.state is PENDING) + self.lasts * (self.reading is BREACH)
        return begun + self.for_s if breached > self.for_s else None

    def recovers_at(self) -> int | None:
        """When, if it fired."""
        if self.fires_at() is None:
            return None
        here = len(self.prefix)
        after = here + self.lasts
        if self.reading is CLEAR:
            after = here
        begun = here - 1 if self.state is CLEARING else after
        if self.state is CLEARING and self.reading in (BREACH, BETWEEN):
            begun = after
        if self.state is CLEARING and self.reading is UNUSABLE:
            return begun + self.hold_s + self.lasts  # the count is held
        return begun + self.hold_s


def cells() -> list[Cell]:
    """Every cell that a rule with these waits can be in, for one second and for long."""
    found = []
    for (state, reading), side, for_s, hold_s, lasts in product(
        TABLE, ("above", "below"), (0, 3), (0, 3), (1, LONG)
    ):
        reachable = not (state is PENDING and not for_s) and not (state is CLEARING and not hold_s)
        if reachable:
            found.append(Cell(state, reading, side, for_s, hold_s, lasts))
    return found


def named(cell: Cell) -> str:
    """What pytest calls a case."""
    waits = f"for{cell.for_s}-hold{cell.hold_s}-{cell.lasts}s"
    return f"{cell.side}-{cell.state}-{cell.reading}-{waits}"


def test_the_cases_are_every_cell_of_the_table() -> None:
    """Sixteen, each on both sides."""
    assert {(cell.state, cell.reading) for cell in cells()} == set(TABLE)
    assert len({(cell.state, cell.reading, cell.side) for cell in cells()}) == 32


@pytest.mark.parametrize("cell", cells(), ids=named)
def test_a_cell_tells_what_the_table_promises_and_nothing_else(cell: Cell) -> None:
    """One alert and one recovery at their seconds; blindness once each way while open."""
    events = told(rule(cell.side, cell.for_s, cell.hold_s), cell.side, cell.script)
    fires, recovers = cell.fires_at(), cell.recovers_at()
    expected: Counter[str] = Counter()
    if fires is not None:
        expected.update(alert=1, recovered=1)
        if cell.reading is UNUSABLE and cell.state in (FIRING, CLEARING):
            expected.update(nodata=1, databack=1)
    assert counted(events) == expected
    assert seconds(events, "alert") == [fires] * (fires is not None)
    assert seconds(events, "recovered") == [recovers] * (recovers is not None)
    assert len({event.id for event in events}) == (fires is not None)


@pytest.mark.parametrize("side", ["above", "below"])
@pytest.mark.parametrize("for_s", [0, 3])
@pytest.mark.parametrize("hold_s", [0, 3])
def test_an_incident_escalates_once_and_keeps_its_id(side: str, for_s: int, hold_s: int) -> None:
    """The graver limit has to be exceeded for as long as the milder one; back there it stays."""
    mild, grave = [BREACH] * (for_s + 2), [GRAVE] * (for_s + 2)
    script = [CLEAR, *mild, *grave, *mild, *grave, *[CLEAR] * LONG]
    events = told(rule(side, for_s, hold_s), side, script)
    assert counted(events) == Counter(alert=2, recovered=1)
    reached = 1 + len(mild)
    assert seconds(events, "alert") == [1 + for_s, reached + for_s]
    assert [event.severity for event in events] == ["warning", "critical", "critical"]
    assert len({event.id for event in events}) == 1
    limits = [event.limit for event in events]
    assert limits == ([10, 50, 50] if side == "above" else [10, 2, 2])
    end = len(script) - LONG
    assert seconds(events, "recovered") == [end + hold_s]


@pytest.mark.parametrize("side", ["above", "below"])
@pytest.mark.parametrize("for_s", [0, 3])
def test_a_short_excursion_beyond_the_graver_limit_is_no_escalation(side: str, for_s: int) -> None:
    """With a wait it must last as long there; without, a second is enough."""
    script = [CLEAR, *[BREACH] * (for_s + 1), *[GRAVE] * max(1, for_s), *[BREACH] * 5]
    events = told(rule(side, for_s, 0), side, [*script, CLEAR])
    assert counted(events) == Counter(alert=1 if for_s else 2, recovered=1)
    assert events[-1].severity == ("warning" if for_s else "critical")


@pytest.mark.parametrize("side", ["above", "below"])
@pytest.mark.parametrize("for_s", [0, 3])
def test_what_is_grave_from_the_start_fires_once_as_that(side: str, for_s: int) -> None:
    """No warning comes first, and none after."""
    script = [CLEAR, *[GRAVE] * (for_s + 1), *[BREACH] * 5, CLEAR]
    events = told(rule(side, for_s, 0), side, script)
    assert counted(events) == Counter(alert=1, recovered=1)
    assert {event.severity for event in events} == {"critical"}


@pytest.mark.parametrize("side", ["above", "below"])
def test_the_next_incident_is_another_one(side: str) -> None:
    """A new id, from the milder severity on."""
    events = told(rule(side, 0, 2), side, [CLEAR, GRAVE, *[CLEAR] * 3, BREACH, *[CLEAR] * 3])
    assert [event.kind for event in events] == ["alert", "recovered", "alert", "recovered"]
    assert [event.severity for event in events] == ["critical"] * 2 + ["warning"] * 2
    assert len({event.id for event in events}) == 2
