"""The state file gives back what was written, all of it or nothing."""

import os
import sqlite3
from contextlib import closing

import pytest
from merging import added
from statefile import found

from logmond.stores import positions
from logmond.stores.database import Database
from logmond.stores.history import History, open_history
from logmond.stores.refusals import Damaged
from logmond.stores.rows import INCIDENTS, Changes, FileRow, IncidentRow, SilenceRow

EVERYTHING = Changes(
    files=[
        FileRow("nginx", "/var/log/nginx/access.log", 2049, 131_074, b"\x00\xff", 256, 1 << 40),
        FileRow("nginx", os.fsdecode(b"/logs/\xff.log"), (1 << 64) - 1, (1 << 64) - 2, b"", 0, 0),
    ],
    frames={("second", 1_795_456_930): b"packed", ("block", 1_795_456_920): b""},
    values={"rules": b"\x00\x01", "evaluated": b""},
    incidents=[
        IncidentRow("a-1", "errors", 20, None, b"open"),
        IncidentRow("b-2", "high-traffic", 10, 15, b"ended"),
    ],
    outbox={("ops", "m-2"): b"recovered", ("ops", "m-1"): b"alert", ("irc", "m-1"): b""},
    minutes={60: b"1", 120: b"2"},
    silences=[SilenceRow("s-1", "errors", 10, 20, b"deploy")],
)


def past(path: str) -> list[IncidentRow]:
    """All incidents there ever were, newest first."""
    with closing(open_history(path)) as history:
        return history.incidents(0)


def test_everything_comes_back_after_a_restart(path: str, database: Database) -> None:
    """Rows survive, inodes beyond 63 bits and paths that are not UTF-8 included."""
    database.write(EVERYTHING)
    database.close()
    restored = found(path)
    assert list(restored.files) == list(EVERYTHING.files)
    assert restored.frames == EVERYTHING.frames
    assert restored.values == EVERYTHING.values
    assert [row.id for row in restored.incidents] == ["a-1"]  # the other one has ended
    assert past(path) == list(EVERYTHING.incidents)
    assert list(restored.outbox.items()) == list(EVERYTHING.outbox.items())
    assert restored.warning is None


def test_a_file_is_one_row_whatever_it_is_called(database: Database) -> None:
    """A rotated file keeps its row under its new name."""
    database.write(Changes(files=[FileRow("nginx", "/a", 1, 2, b"f", 1, 10)]))
    database.write(Changes(files=[FileRow("nginx", "/a.1", 1, 2, b"f", 1, 20)]))
    assert database.read().files == [FileRow("nginx", "/a.1", 1, 2, b"f", 1, 20)]


def test_sources_that_read_the_same_file_have_their_own_rows(database: Database) -> None:
    """Each source counts by itself."""
    rows = [FileRow(name, "/a", 1, 2, b"f", 1, at) for name, at in (("one", 10), ("two", 20))]
    database.write(Changes(files=rows))
    assert database.read().files == rows


def test_none_deletes_and_drop_forgets_the_old(path: str, database: Database) -> None:
    """Frames go by kind and start, snapshots by name, ended incidents by their end."""
    database.write(EVERYTHING)
    database.write(
        Changes(
            frames={("block", 1_795_456_920): None},
            drop={"second": 1_795_456_931, INCIDENTS: 16},
            values={"rules": None},
        )
    )
    restored = database.read()
    assert restored.frames == {}
    assert restored.values == {"evaluated": b""}
    assert [row.id for row in past(path)] == ["a-1"]


def test_a_drop_spares_what_is_not_older(database: Database) -> None:
    """The bound itself stays, and so do other kinds."""
    database.write(Changes(frames={("second", 5): b"s", ("block", 1): b"b"}))
    database.write(Changes(drop={"second": 5, INCIDENTS: 100}))
    assert database.read().frames == {("second", 5): b"s", ("block", 1): b"b"}


def test_positions_beyond_the_cap_are_those_of_files_rotated_away(
    database: Database, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often one file is rotated, a quiet one beside it keeps its position."""
    monkeypatch.setattr(positions, "MAX_FILES", 20)
    database.write(Changes(files=[FileRow("nginx", "/quiet", 1, 7, b"", 0, 5)]))
    for inode in range(100, 150):
        database.write(Changes(files=[FileRow("nginx", "/busy", 1, inode, b"", 0, 9)]))
        assert len(database.read().files) <= 20
    kept = list(database.read().files)
    assert (kept[0].path, kept[-1].inode) == ("/quiet", 149)
    database.close()
    assert found(path).files == kept


def test_positions_of_names_used_once_go_by_their_last_change(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files named by date are forgotten oldest first, the one that grows is not."""
    monkeypatch.setattr(positions, "MAX_FILES", 3)
    for day in range(8):
        dated = FileRow("nginx", f"/log-{day}", 1, 100 + day, b"", 0, 7)
        growing = FileRow("nginx", "/log", 1, 2, b"", 0, day)
        database.write(Changes(files=[dated, growing]))
    kept = [(row.path, row.offset) for row in database.read().files]
    assert kept == [("/log-6", 7), ("/log-7", 7), ("/log", 7)]


def test_a_change_that_fails_halfway_changes_nothing(database: Database) -> None:
    """Frames are written before incidents; a bad incident takes them back."""
    database.write(EVERYTHING)
    before = database.read()
    bad = Changes(
        files=[FileRow("nginx", "/new", 1, 1, b"", 0, 1)],
        frames={("second", 1_795_456_931): b"new"},
        drop={"block": 1 << 40},
        values={"rules": b"new"},
        incidents=[IncidentRow("c-3", None, 1, None, b"")],  # type: ignore[arg-type]
    )
    with pytest.raises(sqlite3.IntegrityError):
        database.write(bad)
    assert database.read() == before
    database.write(Changes(files=bad.files))
    assert len(database.read().files) == 3


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE frames SET body = 'packeD'",
        "UPDATE frames SET start = start + 1",
        "UPDATE files SET offset = offset - 1",
        "UPDATE files SET path = CAST(path AS TEXT)",
        "UPDATE snapshots SET body = CAST(body AS TEXT)",
        "UPDATE meta SET value = 0",
        "DELETE FROM meta",
    ],
)
def test_a_row_that_is_not_what_was_written_is_found(
    path: str, database: Database, damage: str
) -> None:
    """A change that SQLite itself would accept is found by the sum of the row."""
    database.write(EVERYTHING)
    database.close()
    connection = sqlite3.connect(path)
    connection.execute(damage)
    connection.commit()
    connection.close()
    with pytest.raises(Damaged):
        found(path)


def test_a_file_opened_alone_is_shared_once_it_could_be_written(path: str) -> None:
    """A start on a full disk keeps readers out only until there is room."""
    with closing(Database(path, added, alone=True)) as alone, closing(History(path)) as history:
        history.connect()
        assert history.minute(60) is None
        alone.write(Changes(minutes={60: b"1"}))
        assert history.minute(60) == b"1"
        alone.write(Changes(minutes={60: b"2"}))
        assert history.minute(60) == b"2"
