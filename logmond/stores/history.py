"""What is kept of the past, read from a state file while its daemon goes on writing.

A connection of its own that only reads: with a write-ahead log it never waits
for the writer, nor the writer for it. No statement stays open between two
calls, so that the log can be folded into the file in between. Rows that are not
what was written are left out, counted, and told once.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeAlias
from urllib.parse import quote

from twisted.logger import Logger

from logmond.errors import StateError
from logmond.stores.rows import IncidentRow, SilenceRow, incident_row
from logmond.stores.schema import APPLICATION_ID, SCHEMA_VERSION, read_sql, summed

MATCHES = 6
"""Incidents given for the last digits of an id: enough to say that several are meant."""

_MINUTES_AT_ONCE = 60
_FOREVER = (1 << 63) - 1

_Value: TypeAlias = int | str


class History:
    """Reads the past in the state file at `path` (`logmond.stores.seam.Past`).

    Until it is connected nothing is found. Used by one thread at a time.

    Attributes:
        damaged: rows that are not what was written, and reads that failed.
    """

    _log = Logger()

    def __init__(self, path: str, connection: sqlite3.Connection | None = None) -> None:
        self.path = path
        self.damaged = 0
        self._connection = connection
        self._connecting = False

    def connect(self) -> None:
        """Use the file, which is there and of this schema, as soon as it can be read.

        It cannot while its writer is alone with it, because the disk was full.
        """
        self._connecting = True

    def close(self) -> None:
        """Let go of the file; nothing is found from now on."""
        self._connecting = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def minute(self, start: int) -> bytes | None:
        """The rollup of the minute that began at `start`, None where none is kept."""
        for _, body in self.minutes(start, start):
            return body
        return None

    def minutes(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The rollups of minutes that began from `first` to `last`, both included, in order.

        Nothing is held open between two of them: the iterator may rest.
        """
        where = f"WHERE start BETWEEN ? AND ? ORDER BY start LIMIT {_MINUTES_AT_ONCE}"
        while found := self._all("minutes", where, first, last):
            yield from self._sound("minutes", found)
            first = found[-1][0] + 1

    def incidents(
        self, since: int, until: int | None = None, rule: str | None = None, limit: int = 500
    ) -> list[IncidentRow]:
        """Incidents that were open at some time from `since` until before `until`, newest first.

        `rule` leaves those of other rules out.
        """
        before = _FOREVER if until is None else until
        of_rule, rules = ("AND rule = ?", (rule,)) if rule is not None else ("", ())
        order = "ORDER BY triggered_at DESC, rowid DESC LIMIT ?"
        span = f"triggered_at >= ? AND triggered_at < ? {of_rule}"
        found = self._all("incidents", f"WHERE {span} {order}", since, before, *rules, limit)
        if len(found) < limit:
            # Few are that long; they are found by their end, in the index alone.
            chosen = "SELECT rowid FROM incidents WHERE"
            older = f"triggered_at < ? {of_rule}"
            found += self._all(
                "incidents",
                f"WHERE rowid IN ({chosen} ended_at >= ? AND {older} "
                f"UNION ALL {chosen} ended_at IS NULL AND {older}) {order}",
                *(since, min(since, before), *rules, min(since, before), *rules),
                limit - len(found),
            )
        return [incident_row(row) for row in self._sound("incidents", found)]

    def incident(self, suffix: str) -> list[IncidentRow]:
        """The incidents whose id ends in `suffix`, newest first, at most a few."""
        first = suffix[::-1]
        found = self._all(
            "incidents",
            f"WHERE backwards >= ? AND backwards < ? LIMIT {MATCHES}",
            *(first, first + "\U0010ffff"),
        )
        rows = [incident_row(row) for row in self._sound("incidents", found)]
        return sorted(rows, key=lambda row: row.triggered_at, reverse=True) if suffix else []

    def silences(self, since: int, limit: int = 500) -> list[SilenceRow]:
        """Silences that were not over at `since`, the last to end first."""
        found = self._all(
            "silences", "WHERE until > ? ORDER BY until DESC, rowid DESC LIMIT ?", since, limit
        )
        return [SilenceRow(*row) for row in self._sound("silences", found)]

    def extent(self) -> tuple[int | None, int]:
        """When the oldest minute began, and how many bytes the file uses."""
        oldest = self._all("minutes", "ORDER BY start LIMIT 1")
        if self._connection is None:
            return None, 0
        with suppress(sqlite3.Error):
            pages, free, size = (
                self._connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "page_size")
            )
            return (oldest[0][0] if oldest else None), (pages - free) * size
        return None, 0

    def _all(self, table: str, where: str, *values: _Value) -> list[tuple[Any, ...]]:
        """The rows with their sums; none where they cannot be read."""
        try:
            if self._connection is None:
                if not self._connecting:
                    return []
                self._connection = _connected(self.path, "mode=ro")
            return self._connection.execute(read_sql(table, where), values).fetchall()
        except sqlite3.Error as error:
            self._left_out(str(error))
            return []

    def _sound(self, table: str, rows: Iterable[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        """The rows that are what was written, without their sums."""
        for row in rows:
            if summed(row[:-1]) == row:
                yield row[:-1]
            else:
                self._left_out(f"a row of {table} does not have its sum")

    def _left_out(self, why: str) -> None:
        self.damaged += 1
        if self.damaged == 1:
            self._log.warn(
                "some of the history in {path} cannot be read and is left out: {why}",
                path=self.path,
                why=why,
            )


def open_history(path: str) -> History:
    """Open the state file at `path` to read its past; its daemon may be running.

    Raises:
        StateError: there is none, or it cannot be read; the message says the fix.
    """
    if not os.path.isfile(path):
        raise StateError(f"there is no state file {path}; history.url of the daemon names it")
    # Without a write-ahead log nobody is writing, and the folder may be one that
    # only others may write to: such a file is read as it is.
    mode = "mode=ro" if os.path.exists(f"{path}-wal") else "mode=ro&immutable=1"
    try:
        connection = _connected(path, mode)
        try:
            _raise_unless_ours(connection, path)
        except BaseException:
            connection.close()
            raise
    except (sqlite3.Error, ValueError) as error:
        raise StateError(f"state file {path} cannot be read: {error}") from error
    return History(path, connection)


def _connected(path: str, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(path)}?{mode}",
        uri=True,
        timeout=0,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        # Of the file nothing is read before the first question: a damaged header shows here.
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _raise_unless_ours(connection: sqlite3.Connection, path: str) -> None:
    [(application,)] = connection.execute("PRAGMA application_id")
    if application != APPLICATION_ID:
        raise StateError(f"{path} is not a state file of logmond")
    found = connection.execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchall()
    version = found[0][0] if found else None
    if not isinstance(version, int):
        raise StateError(f"state file {path} is damaged: no schema version")
    if version > SCHEMA_VERSION:
        raise StateError(
            f"{path} was written by a later logmond (schema {version}, this one knows "
            f"{SCHEMA_VERSION}); read it with that version"
        )
    if version < SCHEMA_VERSION:
        raise StateError(
            f"{path} was written by an earlier logmond (schema {version}, this one reads "
            f"{SCHEMA_VERSION}); start the daemon of this version on it, which upgrades it"
        )
