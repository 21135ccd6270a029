"""The durable state as the daemon uses it: one writer, commits that wait, failures that heal."""

from pathlib import Path
from threading import current_thread

import pytest
import pytest_twisted
from patience import within
from statefile import Disk, found, second
from twisted.internet import reactor

from logmond.errors import StateError
from logmond.stores.rows import Changes, Restored
from logmond.stores.sqlite import SqliteState


@pytest_twisted.ensureDeferred
async def test_a_commit_is_written_when_its_deferred_fires(state: SqliteState, path: str) -> None:
    """What fired survives, whatever happens next."""
    await within(5, state.commit(second(1)))
    assert found(path).frames == {("second", 1): b"body"}
    assert state.commits == 1
    assert state.problem is None
    assert not state.busy


@pytest_twisted.ensureDeferred
async def test_a_restart_finds_what_was_committed(path: str) -> None:
    """Open, commit, close, open: the same rows."""
    state = SqliteState(path, reactor)
    assert state.open() == Restored()
    await within(5, state.commit(second(1)))
    await within(5, state.close())
    again = SqliteState(path, reactor)
    assert again.open().frames == {("second", 1): b"body"}
    await within(5, again.close())


@pytest_twisted.ensureDeferred
async def test_commits_that_come_meanwhile_become_one(state: SqliteState, disk: Disk) -> None:
    """A slow disk gets fewer and larger transactions, in order, the newest last."""
    disk.free.clear()
    fired: list[int] = []
    commits = [
        state.commit(second(number // 2, b"%d" % number)).addCallback(
            lambda _, number=number: fired.append(number)
        )
        for number in range(6)
    ]
    assert state.busy
    disk.free.set()
    for commit in commits:
        await within(5, commit)
    assert fired == [0, 1, 2, 3, 4, 5]
    assert [dict(changes.frames) for changes in disk.written] == [
        {("second", 0): b"0"},
        {("second", 0): b"1", ("second", 1): b"3", ("second", 2): b"5"},
    ]


@pytest_twisted.ensureDeferred
async def test_all_writing_is_done_by_one_thread_that_is_not_the_reactors(
    state: SqliteState, disk: Disk
) -> None:
    """A slow disk never holds the reactor."""
    for number in range(3):
        await within(5, state.commit(second(number)))
    assert len(disk.threads) == 1
    assert current_thread().name not in disk.threads


@pytest_twisted.ensureDeferred
async def test_a_failed_commit_goes_with_the_next(
    state: SqliteState, disk: Disk, path: str
) -> None:
    """A full disk is counted and told, and nothing is lost once there is room."""
    disk.failing = True
    await within(5, state.commit(second(1, b"old")))
    await within(5, state.commit(second(2)))
    assert state.failures == 2
    assert state.problem == (
        f"{state.path} cannot be written since 18:02:10Z: database or disk is full"
    )
    disk.failing = False
    await within(5, state.commit(second(1, b"new")))
    assert state.problem is None
    assert state.failures == 2
    assert found(path).frames == {("second", 1): b"new", ("second", 2): b"body"}


@pytest_twisted.ensureDeferred
async def test_commits_that_waited_for_a_failing_one_are_tried_at_once(
    state: SqliteState, disk: Disk
) -> None:
    """Every commit fires, though none of them could be written."""
    disk.failing = True
    disk.free.clear()
    commits = [state.commit(second(number)) for number in range(3)]
    disk.free.set()
    for commit in commits:
        await within(5, commit)
    assert state.failures == 2
    assert not state.busy
    disk.failing = False
    await within(5, state.commit(Changes()))
    assert len(disk.written) == 1
    assert len(disk.written[0].frames) == 3


@pytest_twisted.ensureDeferred
async def test_closing_writes_what_waits(state: SqliteState, disk: Disk, path: str) -> None:
    """An ordered stop loses nothing that was committed before it."""
    disk.free.clear()
    for number in range(3):
        state.commit(second(number))
    closed = state.close()
    disk.free.set()
    await within(5, closed)
    assert len(found(path).frames) == 3
    assert not Path(f"{path}-wal").exists()


@pytest_twisted.ensureDeferred
async def test_closing_tries_a_failed_commit_once_more(
    state: SqliteState, disk: Disk, path: str
) -> None:
    """A disk with room again at the last moment still gets everything."""
    disk.failing = True
    await within(5, state.commit(second(1)))
    disk.failing = False
    await within(5, state.close())
    assert found(path).frames == {("second", 1): b"body"}


@pytest_twisted.ensureDeferred
async def test_closing_ends_though_the_disk_stays_full(state: SqliteState, disk: Disk) -> None:
    """The stop of the daemon does not wait for an operator."""
    disk.failing = True
    await within(5, state.commit(second(1)))
    await within(5, state.close())
    with pytest.raises(StateError, match="not open"):
        state.commit(second(2))
