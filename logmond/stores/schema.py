"""The tables of the state file, and the check sums of their rows.

SQLite guards the structure of a file, not its content: a bit that flips
inside a packed frame or an offset goes unnoticed by its integrity check.
Every row therefore carries the sum of its columns.

Tables keep their rowid: writing a row again gives it the highest, so reading
by rowid is reading in the order of change. Numbers of devices and inodes are
unsigned and may exceed SQLite's integers: they are stored as text. Paths are
bytes, as they are to the system. People know incidents by their last digits:
the id is there backwards as well, because an index finds by what comes first.

The table ``meta`` with its row ``schema_version`` keeps this shape in all
versions to come, so that an older logmond can tell a newer file.
"""

from __future__ import annotations

from typing import TypeAlias
from zlib import crc32

from msgspec import msgpack

SCHEMA_VERSION = 2
"""1 had no minutes, outbox and silences, and could not find an incident by its last digits."""

APPLICATION_ID = 0x106D_0D01
"""In the header of the file, for ``file`` and for us: whose database this is."""

Row: TypeAlias = tuple[str | int | bytes | None, ...]

COLUMNS = {
    "meta": ("name", "value"),
    "files": (
        *("source", "device", "inode", "path", "fingerprint", "fingerprint_length", "offset"),
    ),
    "frames": ("kind", "start", "body"),
    "snapshots": ("name", "body"),
    "incidents": ("id", "backwards", "rule", "triggered_at", "ended_at", "body"),
    "minutes": ("start", "body"),
    "outbox": ("output", "id", "body"),
    "silences": ("id", "rule", "since", "until", "body"),
}

INCIDENTS = """
CREATE TABLE incidents (
    id TEXT NOT NULL UNIQUE, backwards TEXT NOT NULL UNIQUE, rule TEXT NOT NULL,
    triggered_at INTEGER NOT NULL, ended_at INTEGER, body BLOB NOT NULL, sum INTEGER NOT NULL
);
CREATE INDEX incidents_by_trigger ON incidents (triggered_at);
CREATE INDEX incidents_by_rule ON incidents (rule, triggered_at);
CREATE INDEX incidents_by_end ON incidents (ended_at, triggered_at, rule);
"""

ADDED = """
CREATE TABLE minutes (start INTEGER PRIMARY KEY, body BLOB NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE outbox (
    output TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL,
    sum INTEGER NOT NULL, UNIQUE (output, id)
);
CREATE TABLE silences (
    id TEXT NOT NULL UNIQUE, rule TEXT NOT NULL, since INTEGER NOT NULL,
    until INTEGER NOT NULL, body BLOB NOT NULL, sum INTEGER NOT NULL
);
CREATE INDEX silences_by_end ON silences (until);
"""
"""What came with schema 2."""

CREATE = f"""
PRAGMA application_id = {APPLICATION_ID};
CREATE TABLE meta (name TEXT NOT NULL UNIQUE, value INTEGER NOT NULL, sum INTEGER NOT NULL);
CREATE TABLE files (
    source TEXT NOT NULL, device TEXT NOT NULL, inode TEXT NOT NULL, path BLOB NOT NULL,
    fingerprint BLOB NOT NULL, fingerprint_length INTEGER NOT NULL, offset INTEGER NOT NULL,
    sum INTEGER NOT NULL, UNIQUE (source, device, inode)
);
CREATE TABLE frames (
    kind TEXT NOT NULL, start INTEGER NOT NULL, body BLOB NOT NULL,
    sum INTEGER NOT NULL, UNIQUE (kind, start)
);
CREATE TABLE snapshots (name TEXT NOT NULL UNIQUE, body BLOB NOT NULL, sum INTEGER NOT NULL);
{INCIDENTS}
{ADDED}
"""


def write_sql(table: str) -> str:
    """The statement that writes one row and its sum, replacing the row of the same key."""
    places = ", ".join("?" * (len(COLUMNS[table]) + 1))
    return f"INSERT OR REPLACE INTO {table} ({', '.join(COLUMNS[table])}, sum) VALUES ({places})"


def enter_sql() -> str:
    """The statement that writes a message of the outbox, in its place if it has one."""
    return (
        "INSERT INTO outbox (output, id, body, sum) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (output, id) DO UPDATE SET body = excluded.body, sum = excluded.sum"
    )


def read_sql(table: str, where: str = "ORDER BY rowid") -> str:
    """The statement that reads rows with their sums; all, in the order of change."""
    return f"SELECT {', '.join(COLUMNS[table])}, sum FROM {table} {where}"


def summed(row: Row) -> Row:
    """The row with its sum behind it."""
    return (*row, crc32(msgpack.encode(row)))
