"""A state file of an earlier schema becomes one of this: all at once, or not at all.

The tables that a start counts on (positions, frames, snapshots) are the same in
all schemas so far and are not touched.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from datetime import UTC, datetime

from twisted.logger import Logger

from logmond.stores.schema import ADDED, INCIDENTS, SCHEMA_VERSION, summed, write_sql

_log = Logger()


def copy_before(connection: sqlite3.Connection, path: str, version: int, now: float) -> str | None:
    """Copy the file as it is to ``PATH.vN-STAMP``, if there is room; the copy's name, or None.

    It is made under another name first, so that a process that is killed
    leaves no half of a copy that looks like one.
    """
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    target, part = f"{path}.v{version}-{stamp}", f"{path}.copying"
    try:
        with suppress(FileNotFoundError):
            os.unlink(part)
        disk = os.statvfs(path)
        if disk.f_bavail * disk.f_frsize < 2 * _size(connection):
            _log.warn("no room for a copy of {path} before its upgrade", path=path)
            return None
        os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        with closing(sqlite3.connect(part)) as copy:
            connection.backup(copy)
        os.rename(part, target)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            os.unlink(part)
        _log.warn("{path} cannot be copied before its upgrade: {error}", path=path, error=error)
        return None
    return target


def upgrade(connection: sqlite3.Connection, version: int) -> None:
    """Bring the file from schema `version` to this one, within a transaction of the caller.

    Raises:
        sqlite3.Error: it is not such a file, or cannot be written.
    """
    if version < 2:
        _to_2(connection)
    connection.execute(write_sql("meta"), summed(("schema_version", SCHEMA_VERSION)))


def _to_2(connection: sqlite3.Connection) -> None:
    """Incidents get their id backwards; rows that are not what was written stay behind."""
    connection.execute("ALTER TABLE incidents RENAME TO incidents_1")
    connection.execute("DROP INDEX incidents_by_end")
    _run(connection, INCIDENTS)
    _run(connection, ADDED)
    columns = "id, rule, triggered_at, ended_at, body, sum"
    connection.executemany(
        write_sql("incidents"),
        (
            summed((row[0], row[0][::-1], *row[1:-1]))
            for row in connection.execute(f"SELECT {columns} FROM incidents_1 ORDER BY rowid")
            if summed(row[:-1]) == row
        ),
    )
    connection.execute("DROP TABLE incidents_1")


def _run(connection: sqlite3.Connection, statements: str) -> None:
    """Not `executescript`, which would end the transaction."""
    for statement in statements.split(";"):
        connection.execute(statement)


def _size(connection: sqlite3.Connection) -> int:
    [(pages,)] = connection.execute("PRAGMA page_count")
    [(size,)] = connection.execute("PRAGMA page_size")
    return int(pages * size)
