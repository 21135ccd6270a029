"""What a state answers of the past while it writes, and where it keeps none."""

from random import Random

import pytest_twisted
from patience import within
from statefile import NOW, Disk, second
from twisted.internet import reactor
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

from logmond.stores.rows import Changes, IncidentRow, Restored, SilenceRow
from logmond.stores.seam import NoState, State
from logmond.stores.sqlite import SqliteState

INCIDENT = IncidentRow("0198-01", "errors", 10, 20, b"{}")
SILENCE = SilenceRow("s-1", "errors", 10, 20, b"{}")


@pytest_twisted.ensureDeferred
async def test_without_history_nothing_is_kept() -> None:
    """`history: none` takes every commit and restores nothing."""
    state: State = NoState()
    assert state.open() == Restored()
    await within(5, state.commit(second(1)))
    await within(5, state.close())
    assert state.open() == Restored()
    assert not state.busy
    assert state.problem is None


@pytest_twisted.ensureDeferred
async def test_a_history_that_is_too_large_is_told_once_an_hour(path: str) -> None:
    """What goes before its time is counted, and the operator learns how far back the rest is."""
    now = NOW
    state = SqliteState(path, reactor, now=lambda: now, max_bytes=200_000)
    state.open()
    told: list[str] = []

    def observe(event: LogEvent) -> None:
        if "max_size" in str(event.get("log_format")):
            told.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    try:
        for minute in range(40):
            body = Random(minute).randbytes(10_000)
            await within(5, state.commit(Changes(minutes={60 * minute: body})))
        assert state.crowded_out > 0
        assert len(told) == 1
        assert "state.db has reached history.max_size (195.3 KiB): the history up to" in told[0]
        now += 3600
        await within(5, state.commit(Changes(minutes={60 * 99: Random(99).randbytes(400_000)})))
        assert len(told) == 2
    finally:
        globalLogPublisher.removeObserver(observe)
        await within(5, state.close())


@pytest_twisted.ensureDeferred
async def test_the_past_is_read_beside_the_writer(state: SqliteState, disk: Disk) -> None:
    """While a commit is held up by the disk, questions are answered from what was written."""
    await within(5, state.commit(Changes(minutes={60: b"one"}, incidents=[INCIDENT])))
    disk.free.clear()
    held = state.commit(Changes(minutes={60: b"two"}))
    assert state.minute(60) == b"one"
    assert state.incidents(0) == state.incident("01") == [INCIDENT]
    disk.free.set()
    await within(5, held)
    assert list(state.minutes(0, 60)) == [(60, b"two")]


@pytest_twisted.ensureDeferred
async def test_a_state_that_is_not_open_has_no_past(path: str) -> None:
    """Before it is opened, after it is closed, and where nothing is kept."""
    state = SqliteState(path, reactor)
    assert state.minute(60) is None
    state.open()
    await within(5, state.commit(Changes(minutes={60: b"one"}, silences=[SILENCE])))
    assert state.silences(0) == [SILENCE]
    await within(5, state.close())
    nothing: State = NoState()
    for past in (state, nothing):
        assert past.minute(60) is None
        assert list(past.minutes(0, 60)) == []
        assert past.incidents(0) == past.incident("01") == []
        assert past.silences(0) == []
