"""A state file of schema 1, made by the daemon of that time, becomes one of this and keeps all."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from merging import added

import logmond
from logmond.alerts.memory import unpack, unpack_ended
from logmond.alerts.service import AlertService
from logmond.errors import StateError
from logmond.frame.packing import unpack_bounded, unpack_exact
from logmond.stats.service import StatisticsService
from logmond.stores import upgrade
from logmond.stores.history import open_history
from logmond.stores.opening import open_database
from logmond.stores.rows import Changes, FileRow, Restored
from logmond.stores.schema import COLUMNS, summed

FIXTURE = Path(__file__).parent / "state-schema-1.db"
"""Of a daemon that read 56 lines; one incident has recovered, one is open, one rule is silent."""

NOW = 1_795_480_000.0
COPY = "state.db.v1-20261124T002640Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file, where its daemon will find it."""
    path = tmp_path / "state.db"
    shutil.copy(FIXTURE, path)
    return path


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """What a statement finds in a closed file."""
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def opened(path: Path) -> Restored:
    """What a start finds."""
    database, restored = open_database(str(path), NOW, added)
    database.close()
    return restored


def test_an_upgrade_keeps_every_field(path: Path) -> None:
    """Positions, frames, snapshots and incidents are those of the old tables."""
    restored = opened(path)
    assert restored.warning is None
    assert [
        (
            *(row.source, str(row.device), str(row.inode), os.fsencode(row.path)),
            *(row.fingerprint, row.fingerprint_length, row.offset),
        )
        for row in restored.files
    ] == rows(
        FIXTURE,
        "SELECT source, device, inode, path, fingerprint, fingerprint_length, offset "
        "FROM files ORDER BY rowid",
    )
    assert [(*key, body) for key, body in restored.frames.items()] == rows(
        FIXTURE, "SELECT kind, start, body FROM frames ORDER BY rowid"
    )
    assert list(restored.values.items()) == rows(
        FIXTURE, "SELECT name, body FROM snapshots ORDER BY rowid"
    )
    columns = "id, rule, triggered_at, ended_at, body"
    with closing(open_history(str(path))) as history:
        assert [
            (row.id, row.rule, row.triggered_at, row.ended_at, row.body)
            for row in history.incidents(0)
        ] == rows(FIXTURE, f"SELECT {columns} FROM incidents ORDER BY triggered_at DESC")


def test_what_was_kept_still_means_what_it_did(path: Path) -> None:
    """Frames, incidents and silences are read by the code of today."""
    restored = opened(path)
    hits = 0
    for (kind, _), body in restored.frames.items():
        if kind == "bounded":
            assert unpack_bounded(body).tops
        elif kind == "second":
            hits += sum(cell[0] for cell in unpack_exact(body).cells.values())
    assert hits == 56
    assert restored.files[-1].path == "/var/log/web/access.log"
    assert restored.files[-1].offset == 4996
    memory = unpack(restored.values["alerts"])
    assert [(silence.rule, silence.comment) for silence in memory.silences] == [
        ("errors", "deploy")
    ]
    [ended] = unpack_ended(restored.values["alerts_ended"])
    assert (ended.rule, ended.state.value) == ("high-traffic", "recovered")
    assert ended.acknowledged is not None
    assert (ended.acknowledged.who, ended.acknowledged.comment) == ("eva", "on it")
    assert [row.rule for row in restored.incidents] == ["errors"]


def test_alerts_go_on_from_the_one_value_they_had_then(path: Path) -> None:
    """And what the first commit writes in its place is as much."""
    restored = opened(path)
    rules = unpack(restored.values["alerts"]).rules
    [rule] = {incident.definition for watched in rules for incident in watched.incidents}
    alerts = AlertService([rule], StatisticsService(), "web1")
    alerts.restore(restored.values)
    [incident] = [found for found in alerts.incidents() if found.rule == "errors"]
    assert incident.id == restored.incidents[0].id
    again = AlertService([rule], StatisticsService(), "web1")
    again.restore({name: row for name, row in alerts.changes().items() if row is not None})
    assert again.find(incident.id).peak_value == incident.peak_value is not None
    assert again.silences() == alerts.silences() != []


def test_the_file_as_it_was_stays_beside_it(path: Path) -> None:
    """The copy is a whole file of schema 1, readable by its user alone; there is but one."""
    opened(path)
    copy = path.parent / COPY
    assert copy.stat().st_mode & 0o777 == 0o600
    for table, columns in COLUMNS.items():
        if table in ("minutes", "outbox", "silences"):
            continue
        names = ", ".join(name for name in columns if name != "backwards")
        sql = f"SELECT {names}, sum FROM {table} ORDER BY rowid"
        assert rows(copy, sql) == rows(FIXTURE, sql)
    assert rows(copy, "SELECT value FROM meta") == [(1,)]
    opened(path)
    assert sorted(file.name for file in path.parent.iterdir()) == ["state.db", COPY]


def test_an_upgraded_file_is_one_of_this_schema(path: Path, tmp_path: Path) -> None:
    """Its tables and indexes are those of a file begun today, and it takes all that one takes."""
    opened(path)
    opened(tmp_path / "new.db")
    tables = "SELECT name, tbl_name, sql FROM sqlite_schema ORDER BY name"
    assert rows(path, tables) == rows(tmp_path / "new.db", tables)
    database, _ = open_database(str(path), NOW, added)
    database.write(
        Changes(
            files=[FileRow("web", "/a", 1, 2, b"", 0, 5)],
            outbox={("ops", "m"): b"message"},
            late_minutes={60: b"3"},
        )
    )
    database.close()
    assert opened(path).outbox == {("ops", "m"): b"message"}


def test_without_room_for_a_copy_it_is_upgraded_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy is a courtesy; a disk that has no room for it must not hold up a start."""
    full = SimpleNamespace(f_bavail=1, f_frsize=4096)
    monkeypatch.setattr(upgrade.os, "statvfs", lambda _: full)
    assert len(opened(path).incidents) == 1
    assert [file.name for file in path.parent.iterdir()] == ["state.db"]


def test_a_copy_that_cannot_be_written_leaves_nothing_behind(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither half a copy nor a start that fails."""

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(upgrade.os, "rename", refuse)
    assert len(opened(path).incidents) == 1
    assert [file.name for file in path.parent.iterdir()] == ["state.db"]


def test_a_damaged_incident_stays_behind(path: Path) -> None:
    """One that is not what was written is not carried into the new tables as if it were."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE incidents SET triggered_at = 1 WHERE ended_at IS NULL")
        connection.commit()
    assert opened(path).incidents == []
    with closing(open_history(str(path))) as history:
        assert [row.rule for row in history.incidents(0)] == ["high-traffic"]


KILLED = """
import os, signal, sqlite3, sys
from logmond.stores import database, upgrade
from logmond.stores.opening import open_database

statements = int(sys.argv[2])

class Counting(sqlite3.Connection):
    def execute(self, sql, *more):
        global statements
        statements -= 1
        if statements < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().execute(sql, *more)

real = sqlite3.connect
sqlite3.connect = lambda *more, **named: real(*more, factory=Counting, **named)
open_database(sys.argv[1], 1795480000.0, lambda one, other: one)
"""


def _schemas_after_kills(path: Path) -> Iterator[int]:
    """The schema of the file after a kill before each of its statements, until none kills it."""
    environment = {**os.environ, "PYTHONPATH": str(Path(logmond.__file__).parents[1])}
    for statement in range(4, 400, 3):
        for file in path.parent.iterdir():
            file.unlink()
        shutil.copy(FIXTURE, path)
        child = subprocess.run(
            [sys.executable, "-c", KILLED, str(path), str(statement)], env=environment, check=False
        )
        with closing(sqlite3.connect(path)) as connection:
            [(schema,)] = connection.execute("SELECT value FROM meta")
        yield schema
        restored = opened(path)
        assert restored.warning is None
        assert len(restored.frames) == len(rows(FIXTURE, "SELECT 1 FROM frames"))
        assert [row.rule for row in restored.incidents] == ["errors"]
        if child.returncode == 0:
            return


def test_a_kill_at_any_moment_leaves_the_old_file_or_the_new_one(path: Path) -> None:
    """Never half of an upgrade; the next start has everything."""
    schemas = list(_schemas_after_kills(path))
    assert set(schemas) == {1, 2}
    assert schemas == sorted(schemas)


def test_a_file_of_a_later_version_names_the_copy_its_upgrade_made(path: Path) -> None:
    """Whoever goes back a version finds in the message what to go back to."""
    opened(path)
    (path.parent / COPY).rename(path.parent / "state.db.v2-20261124T002640Z")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE meta SET value = 3, sum = ?", summed(("schema_version", 3))[2:])
        connection.commit()
    with pytest.raises(StateError, match=r"state\.db\.v2-20261124T002640Z"):
        opened(path)
