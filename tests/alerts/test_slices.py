"""A second evaluated in pieces gives what a second evaluated at once gives."""

from __future__ import annotations

from fake_stats import START, FakeStatistics

from logmond.alerts.event import Event
from logmond.alerts.rule import Rule
from logmond.alerts.service import PIECE, TOLD_AT_ONCE, AlertService

SECTIONS = [f"/s{number}" for number in range(30)]


def stats() -> FakeStatistics:
    """Thirty sections that are busy, quiet and busy again at different times."""
    fake = FakeStatistics()
    for second in range(45):
        for number, section in enumerate(SECTIONS):
            busy = (second + number) % 40 < 20
            status = "500" if (second + number) % 7 == 0 else "200"
            fake.put(second, 20 if busy else 2, section=section, status=status)
    return fake


def rules() -> list[Rule]:
    """More rules than fit into a piece, some of which fire for many groups."""
    quiet = [
        Rule(f"quiet-{n}", "hits", window_s=1, above=(("warning", 1e9),)) for n in range(2 * PIECE)
    ]
    by_section = ("section",)
    return [
        *quiet[:PIECE],
        Rule("busy", "hits", group_by=by_section, window_s=5, hold_s=5, above=(("warning", 60.0),)),
        Rule("few", "hits", group_by=by_section, window_s=5, for_s=3, below=(("warning", 40.0),)),
        *quiet[PIECE:],
        Rule(
            "errors", "ratio_5xx", group_by=by_section, window_s=10, hold_s=0,
            above=(("warning", 0.1), ("critical", 0.2)),
        ),
    ]  # fmt: skip


def sliced(alerts: AlertService, second: int) -> tuple[list[Event], int]:
    """What a second amounts to, and in how many pieces."""
    pieces = alerts.steps(second)
    count = 1
    while True:
        try:
            next(pieces)
        except StopIteration as done:
            return done.value, count
        count += 1


def test_pieces_give_the_same_events_in_the_same_order_and_the_same_memory() -> None:
    """Every event in every field, and what a restart would go on from."""
    first, second = stats(), stats()
    whole = AlertService(rules(), first, "web1")
    cut = AlertService(rules(), second, "web1")
    told: list[Event] = []
    cut.subscribe(told.append)
    events, most = [], 0
    for number in range(45):
        first.now = second.now = START + number
        expected = whole.step(START + number)
        got, pieces = sliced(cut, START + number)
        assert got == expected
        assert whole.snapshot() == cut.snapshot()
        events += got
        most = max(most, pieces)
    assert told == events
    assert {event.rule for event in events} == {"busy", "few", "errors"}
    assert most > len(SECTIONS) // TOLD_AT_ONCE + 2


def test_nobody_is_told_before_the_whole_second_is_decided() -> None:
    """An event of the first rule waits for the last rule."""
    fake = stats()
    alerts = AlertService(list(reversed(rules())), fake, "web1")
    told: list[Event] = []
    alerts.subscribe(told.append)
    fake.now = START
    pieces = alerts.steps(START)
    decided = 0
    for _ in pieces:
        if told:
            break
        decided += 1
    assert decided > len(alerts.incidents())
    assert len(told) == min(TOLD_AT_ONCE, len(alerts.incidents()))
