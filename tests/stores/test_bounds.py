"""History is bounded in days and bytes, a few rows a commit, the oldest minutes first."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from merging import added

from logmond.stores.bounds import MINUTES_AT_ONCE, ROWS_AT_ONCE
from logmond.stores.database import Database
from logmond.stores.history import open_history
from logmond.stores.rows import (
    INCIDENTS,
    MINUTES,
    SILENCES,
    Changes,
    FileRow,
    IncidentRow,
    SilenceRow,
)

MIB = 1024 * 1024
BODY = Random(1).randbytes(8000)


@pytest.fixture
def database(path: str) -> Iterator[Database]:
    """A state file that must not use more than 1 MiB."""
    database = Database(path, added, max_bytes=MIB)
    yield database
    database.close()


def starts(path: str) -> list[int]:
    """The minutes kept."""
    with closing(open_history(path)) as history:
        return [start for start, _ in history.minutes(0, 1 << 40)]


def incidents(path: str) -> list[str]:
    """The incidents kept, newest first."""
    with closing(open_history(path)) as history:
        return [row.id for row in history.incidents(0, limit=10_000)]


def test_what_is_too_old_goes(path: str, database: Database) -> None:
    """Minutes by their start, incidents and silences by their end; open incidents stay."""
    database.write(
        Changes(
            minutes={60: b"1", 120: b"2"},
            incidents=[
                IncidentRow("open", "errors", 1, None, b""),
                IncidentRow("old", "errors", 1, 99, b""),
                IncidentRow("new", "errors", 1, 100, b""),
            ],
            silences=[SilenceRow("old", "", 0, 99, b""), SilenceRow("new", "", 0, 100, b"")],
        )
    )
    database.write(Changes(drop={MINUTES: 120, INCIDENTS: 100, SILENCES: 100}))
    assert starts(path) == [120]
    assert sorted(incidents(path)) == ["new", "open"]
    with closing(open_history(path)) as history:
        assert [row.id for row in history.silences(0)] == ["new"]
    assert database.bounds.crowded_out == {MINUTES: 0, INCIDENTS: 0}


def test_much_that_is_too_old_goes_a_little_with_every_commit(
    path: str, database: Database
) -> None:
    """No commit after a month of standstill is a long one."""
    database.write(Changes(minutes={60 * n: b"1" for n in range(1000)}))
    database.write(Changes(drop={MINUTES: 60 * 900}))
    assert starts(path)[0] == 60 * MINUTES_AT_ONCE
    for _ in range(900 // MINUTES_AT_ONCE):
        database.write(Changes())
    assert starts(path) == [60 * n for n in range(900, 1000)]


def test_the_oldest_minutes_go_first_when_the_file_is_too_large(
    path: str, database: Database
) -> None:
    """They make room for the newest; incidents stay."""
    database.write(Changes(incidents=[IncidentRow("one", "errors", 1, 2, BODY)]))
    for n in range(400):
        database.write(Changes(minutes={60 * n: BODY}))
        assert database.bounds.used_bytes() <= MIB + 100_000
    kept = starts(path)
    assert kept == list(range(kept[0], 60 * 400, 60))
    assert len(kept) > 20
    assert database.bounds.crowded_out == {MINUTES: 400 - len(kept), INCIDENTS: 0}
    assert database.bounds.before == kept[0] - 60
    assert incidents(path) == ["one"]


def test_without_minutes_the_oldest_ended_incidents_go(path: str, database: Database) -> None:
    """Those that are open stay, however old."""
    database.write(Changes(incidents=[IncidentRow("open", "errors", 0, None, BODY)]))
    for n in range(1, 400):
        database.write(Changes(incidents=[IncidentRow(f"{n}", "errors", n, n, BODY)]))
    kept = incidents(path)
    assert kept[-1] == "open"
    assert [int(name) for name in kept[:-1]] == list(range(399, 399 - len(kept) + 1, -1))
    gone = database.bounds.crowded_out[INCIDENTS]
    assert gone == 400 - len(kept)
    assert gone % ROWS_AT_ONCE == 0


def test_pages_that_became_free_are_used_again(path: str, database: Database) -> None:
    """The file of a bounded history does not grow however long it is written."""
    for n in range(300):
        database.write(Changes(minutes={60 * n: BODY}))
    database.close()
    size = Path(path).stat().st_size
    again = Database(path, added, max_bytes=MIB)
    for n in range(300, 900):
        again.write(Changes(minutes={60 * n: BODY}))
    again.close()
    assert Path(path).stat().st_size <= size + 100_000


def test_a_smaller_bound_is_reached_step_by_step(path: str, database: Database) -> None:
    """After the operator lowered it, some minutes go with every commit until it holds."""
    database.close()
    large = Database(path, added)
    large.write(Changes(minutes={60 * n: BODY for n in range(400)}))
    large.close()
    small = Database(path, added, max_bytes=MIB)
    before = small.bounds.used_bytes()
    small.write(Changes())
    assert MIB < small.bounds.used_bytes() < before
    for _ in range(10):
        small.write(Changes())
    assert small.bounds.used_bytes() <= MIB
    small.close()
    assert starts(path)[-1] == 60 * 399


def test_a_vacuum_changes_nothing_that_counts(path: str, database: Database) -> None:
    """Whoever gives free pages back to the disk keeps every row, and every order."""
    outbox = {("ops", f"m-{n}"): b"%d" % n for n in (3, 1, 2)}
    files = [FileRow("web", f"/{n}", 1, n, b"", 0, n) for n in (5, 4, 6)]
    database.write(Changes(files=files, outbox=outbox, minutes={60: b"1"}))
    database.write(Changes(outbox={("ops", "m-3"): b"tried"}))
    database.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("VACUUM")
    again = Database(path, added)
    restored = again.read()
    again.close()
    assert list(restored.outbox.values()) == [b"tried", b"1", b"2"]
    assert restored.files == files
    assert starts(path) == [60]
