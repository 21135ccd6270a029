"""One open state file: reading all of it, writing one change. Blocking; no threads, no policy.

Used by one thread at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import astuple
from typing import Any

from logmond.errors import StateError
from logmond.stores.bounds import Bounds
from logmond.stores.positions import forgotten, position_row, positions
from logmond.stores.refusals import Damaged, Foreign, Newer
from logmond.stores.rows import (
    KEPT_BY_AGE,
    Changes,
    Merge,
    Restored,
    incident_columns,
    incident_row,
)
from logmond.stores.schema import (
    APPLICATION_ID,
    COLUMNS,
    CREATE,
    SCHEMA_VERSION,
    Row,
    enter_sql,
    read_sql,
    summed,
    write_sql,
)
from logmond.stores.upgrade import copy_before, upgrade

_BUSY_TIMEOUT_S = 5.0  # somebody reads the file with sqlite3, or copies it

_PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA cell_size_check = ON;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -1024;
PRAGMA journal_size_limit = 8388608;
"""


class Database:
    """A connection to a state file that is there, if only as an empty file.

    Args:
        path: the file.
        merge: joins what came late for a minute with what is kept of it.
        max_bytes: of the pages in use; None for no bound.
        alone: nobody else may read it meanwhile, for which SQLite needs no
            memory shared through a file, hence no room on a full disk.
        now: wall time in seconds, for the name of a copy made before an upgrade.

    Attributes:
        bounds: what keeps the file within its age and size.
        upgraded: what became of a file of an earlier schema, None for others.

    Raises:
        Damaged, sqlite3.Error: the file cannot be trusted, or read.
        Newer: it was written by a later version.
        Foreign: it belongs to another program.
    """

    def __init__(
        self,
        path: str,
        merge: Merge,
        *,
        max_bytes: int | None = None,
        alone: bool = False,
        now: float = 0.0,
    ) -> None:
        # The writer thread takes the connection over from the thread that opened it.
        self._connection = sqlite3.connect(
            path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        self._path = path
        self._alone = alone
        self._merge = merge
        self._unreadable: list[int] = []
        self.bounds = Bounds(self._connection, max_bytes)
        self.upgraded: str | None = None
        try:
            if alone:
                self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._prepare(now)
            try:
                self._known_files = {row.key: row for row in positions(self._rows("files"))}
            except ValueError as error:
                raise Damaged("files") from error
        except BaseException:
            self._connection.close()
            raise

    def _prepare(self, now: float) -> None:
        tables = {name for (name,) in self._all("SELECT name FROM sqlite_schema")}
        [(application,)] = self._all("PRAGMA application_id")
        if tables and application != APPLICATION_ID and not tables & COLUMNS.keys():
            self._check()
            raise Foreign
        self._connection.executescript(_PRAGMAS)
        if not tables:
            with self._transaction():
                for statement in CREATE.split(";"):
                    self._connection.execute(statement)
                self._write("meta", [("schema_version", SCHEMA_VERSION)])
            return
        self._check()
        meta = dict(self._rows("meta"))
        version = meta.get("schema_version")
        if not isinstance(version, int) or version < 1:
            raise Damaged("no schema version")
        if version > SCHEMA_VERSION:
            raise Newer(version)
        if version < SCHEMA_VERSION:
            self._upgrade(version, now)
        # A damaged header can make the file read-only. Rolled back, nothing
        # is written: a full disk is no reason not to start.
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("UPDATE meta SET value = value")
        self._connection.execute("ROLLBACK")

    def _upgrade(self, version: int, now: float) -> None:
        copy = copy_before(self._connection, self._path, version, now)
        with self._transaction():
            upgrade(self._connection, version)
        self.upgraded = (
            f"state file {self._path} was upgraded from schema {version} to {SCHEMA_VERSION}; "
            f"{f'as it was it is kept as {copy}' if copy else 'no copy of it was made'}"
        )

    def _check(self) -> None:
        for (finding,) in self._all("PRAGMA integrity_check(1)"):
            if finding != "ok":
                raise Damaged(finding)

    def read(self) -> Restored:
        """What a start needs. Minutes, and what has ended, wait until somebody asks.

        A message of the outbox, or an incident, that is not what was written is left out.

        Raises:
            Damaged: a row that the counts depend on is not what was written.
        """
        outbox, messages = self._readable("outbox", "ORDER BY rowid")
        incidents, damaged = self._readable(
            "incidents", "WHERE ended_at IS NULL ORDER BY triggered_at"
        )
        self._unreadable = messages
        return Restored(
            files=list(self._known_files.values()),
            frames={(kind, start): body for kind, start, body in self._rows("frames")},
            values=dict(self._rows("snapshots")),
            incidents=[incident_row(row) for row in incidents],
            outbox={(output, name): body for output, name, body in outbox},
            warning=_left_out(self._path, len(messages), len(damaged)),
        )

    def write(self, changes: Changes) -> None:
        """Write one change in one transaction.

        Raises:
            sqlite3.Error: nothing was written.
        """
        latest = {row.key: row for row in changes.files}
        files = [row for key, row in latest.items() if self._known_files.get(key) != row]
        execute = self._connection.execute
        with self._transaction():
            for kind, before in changes.drop.items():
                if kind not in KEPT_BY_AGE:
                    execute("DELETE FROM frames WHERE kind = ? AND start < ?", (kind, before))
            for (kind, start), body in changes.frames.items():
                if body is None:
                    execute("DELETE FROM frames WHERE kind = ? AND start = ?", (kind, start))
            for name, body in changes.values.items():
                if body is None:
                    execute("DELETE FROM snapshots WHERE name = ?", (name,))
            self._write(
                "frames", ((*key, body) for key, body in changes.frames.items() if body is not None)
            )
            self._write(
                "snapshots", (item for item in changes.values.items() if item[1] is not None)
            )
            self._write("files", map(position_row, files))
            self._write("incidents", map(incident_columns, changes.incidents))
            self._write("silences", map(astuple, changes.silences))
            self._write("minutes", changes.minutes.items())
            self._write("minutes", self._merged(changes.late_minutes))
            self._enter(changes)
            self.bounds.apply(changes.drop)
            gone = forgotten(self._known_files, files)
            for source, device, inode in gone:
                execute(
                    "DELETE FROM files WHERE source = ? AND device = ? AND inode = ?",
                    (source, str(device), str(inode)),
                )
        if self._alone:
            self._share()
        for row in files:
            self._known_files.pop(row.key, None)
            self._known_files[row.key] = row
        for key in gone:
            self._known_files.pop(key, None)
        self._unreadable.clear()

    def make_room(self) -> None:
        """Fold the write-ahead log into the file and give its room back, as far as that goes."""
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _share(self) -> None:
        """Let others read again: a file opened alone has been written, so there is room.

        SQLite can do that only out of the mode with a write-ahead log.
        """
        with suppress(sqlite3.Error):
            self._connection.executescript(
                "PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL;"
            )
            [(mode,)] = self._all("PRAGMA journal_mode = WAL")
            self._alone = mode != "wal"

    def close(self) -> None:
        """Fold the write-ahead log into the file and close it."""
        self._connection.close()

    def _enter(self, changes: Changes) -> None:
        """Write the outbox."""
        execute = self._connection.execute
        for rowid in self._unreadable:
            execute("DELETE FROM outbox WHERE rowid = ?", (rowid,))
        gone = {key for key, body in changes.outbox.items() if body is None}
        for key in gone | changes.entered_anew:
            execute("DELETE FROM outbox WHERE output = ? AND id = ?", key)
        entered = ((*key, body) for key, body in changes.outbox.items() if body is not None)
        self._connection.executemany(enter_sql(), map(summed, entered))

    def _merged(self, late: Mapping[int, bytes]) -> Iterator[Row]:
        """What came late with what is kept; where that cannot be read, by itself."""
        for start, body in late.items():
            kept = list(self._all(read_sql("minutes", f"WHERE start = {start:d}")))
            merged = body
            if kept and summed(kept[0][:-1]) == kept[0]:
                with suppress(StateError):
                    merged = self._merge(kept[0][1], body)
            yield start, merged

    def _rows(self, table: str) -> Iterator[Any]:
        for row in self._all(read_sql(table)):
            content = row[:-1]
            if summed(content) != row:
                raise Damaged(f"a row of {table} does not have its sum")
            yield content

    def _readable(self, table: str, where: str) -> tuple[list[Any], list[int]]:
        """The rows that are what was written, and the numbers of those that are not."""
        good, bad = [], []
        for rowid, *row in self._all(read_sql(table, where).replace("SELECT", "SELECT rowid,")):
            if summed(tuple(row[:-1])) == tuple(row):
                good.append(tuple(row[:-1]))
            else:
                bad.append(rowid)
        return good, bad

    def _all(self, sql: str) -> Iterator[tuple[Any, ...]]:
        yield from self._connection.execute(sql)

    def _write(self, table: str, rows: Iterable[Row]) -> None:
        self._connection.executemany(write_sql(table), map(summed, rows))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise


def _left_out(path: str, messages: int, incidents: int) -> str | None:
    """What to say of rows that cannot be read."""
    if not messages and not incidents:
        return None
    return (
        f"state file {path}: damaged and left out: messages still to be delivered {messages}, "
        f"open incidents {incidents}"
    )
