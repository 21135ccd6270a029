"""The durable state as the daemon uses it: one writer, commits that wait, failures that heal."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random
from threading import Event, current_thread

import pytest
import pytest_twisted
from merging import added
from patience import within
from twisted.internet import reactor
from twisted.logger import LogEvent, formatEvent, globalLogPublisher

import logmond
from logmond.errors import StateError
from logmond.stores.database import Database
from logmond.stores.rows import Changes, IncidentRow, Restored, SilenceRow
from logmond.stores.seam import NoState, State
from logmond.stores.sqlite import SqliteState

NOW = 1_795_456_930.0
INCIDENT = IncidentRow("0198-01", "errors", 10, 20, b"{}")
SILENCE = SilenceRow("s-1", "errors", 10, 20, b"{}")


class Disk:
    """Stands between the state and its file: holds writes, or fails them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.written: list[Changes] = []
        self.threads: set[str] = set()
        self.failing = False
        self.free = Event()
        self.free.set()
        real = Database.write

        def write(database: Database, changes: Changes) -> None:
            self.free.wait(10)
            self.threads.add(current_thread().name)
            if self.failing:
                raise sqlite3.OperationalError("database or disk is full")
            real(database, changes)
            self.written.append(changes)

        monkeypatch.setattr(Database, "write", write)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """A disk that works until told otherwise, and lets go at the end."""
    disk = Disk(monkeypatch)
    yield disk
    disk.free.set()


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where the state file will be, in a directory that is not there yet."""
    return str(tmp_path / "lib" / "state.db")


@pytest_twisted.async_yield_fixture
async def state(path: str, disk: Disk) -> AsyncIterator[SqliteState]:
    """An open state."""
    state = SqliteState(path, reactor, now=lambda: NOW)
    state.open()
    yield state
    disk.free.set()
    await within(5, state.close())


def kept(path: str) -> Restored:
    """What the next start finds."""
    database = Database(path, added)
    restored = database.read()
    database.close()
    return restored


def second(number: int, body: bytes = b"body") -> Changes:
    """A change of one frame."""
    return Changes(frames={("second", number): body})


@pytest_twisted.ensureDeferred
async def test_a_commit_is_written_when_its_deferred_fires(state: SqliteState, path: str) -> None:
    """What fired survives, whatever happens next."""
    await within(5, state.commit(second(1)))
    assert kept(path).frames == {("second", 1): b"body"}
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
    assert kept(path).frames == {("second", 1): b"new", ("second", 2): b"body"}


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
    assert len(kept(path).frames) == 3
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
    assert kept(path).frames == {("second", 1): b"body"}


@pytest_twisted.ensureDeferred
async def test_closing_ends_though_the_disk_stays_full(state: SqliteState, disk: Disk) -> None:
    """The stop of the daemon does not wait for an operator."""
    disk.failing = True
    await within(5, state.commit(second(1)))
    await within(5, state.close())
    with pytest.raises(StateError, match="not open"):
        state.commit(second(2))


@pytest_twisted.ensureDeferred
async def test_a_state_file_has_one_daemon(state: SqliteState, path: str) -> None:
    """The second one is refused with the process of the first and a way out."""
    script = (
        "import sys; from twisted.internet import reactor; "
        "from logmond.stores.sqlite import SqliteState; "
        "SqliteState(sys.argv[1], reactor).open()"
    )
    second = subprocess.run(
        [sys.executable, "-c", script, path],
        cwd=Path(logmond.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"{path} is in use by another logmond (process {os.getpid()})" in second.stderr
    assert "--set history.url=" in second.stderr


@pytest_twisted.ensureDeferred
async def test_the_lock_ends_with_its_state(path: str, tmp_path: Path) -> None:
    """After a close, and after a start that failed, the next one may have the file."""
    state = SqliteState(path, reactor)
    state.open()
    await within(5, state.close())
    Path(path).unlink()
    Path(path).mkdir()
    for _ in range(2):
        with pytest.raises(StateError, match="cannot be written"):
            SqliteState(path, reactor).open()
    Path(path).rmdir()
    again = SqliteState(path, reactor)
    again.open()
    await within(5, again.close())


@pytest_twisted.ensureDeferred
async def test_two_names_of_one_file_are_one_state(state: SqliteState, tmp_path: Path) -> None:
    """A symbolic link does not get around the lock."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "lib")
    with pytest.raises(StateError, match="in use by another logmond"):
        SqliteState(str(link / "state.db"), reactor).open()


@pytest_twisted.ensureDeferred
async def test_a_directory_that_cannot_be_made_is_refused_with_the_fix(tmp_path: Path) -> None:
    """A wrong path is one line, not a traceback."""
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="writable for this user"):
        SqliteState(str(tmp_path / "file" / "state.db"), reactor).open()


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
