"""What is forgotten: history that is too old, and the oldest of it when the file is too large.

Rows go in small numbers, a few with every commit, so that no commit takes
long however much there is to forget. Their pages are used again for what comes
next. The file itself never shrinks: SQLite can give pages back only by moving
others into their place (`auto_vacuum`), at every commit and for nothing, since
the next minute needs them again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from logmond.stores.rows import INCIDENTS, MINUTES, SILENCES

MINUTES_AT_ONCE = 60
"""Minutes that go with one commit: an hour of them a second, about 1 ms."""

ROWS_AT_ONCE = 20
"""Incidents, and silences, that go with one commit."""

_AGED = {
    MINUTES: ("start", MINUTES_AT_ONCE),
    INCIDENTS: ("ended_at", ROWS_AT_ONCE),
    SILENCES: ("until", ROWS_AT_ONCE),
}


class Bounds:
    """Keeps one state file within its age and size.

    Args:
        connection: to the file.
        max_bytes: of the pages in use, None for no bound.

    Attributes:
        crowded_out: rows that went because the file was too large, by kind.
        before: the end of what went for that reason: minutes that began, or
            incidents that ended, before it (epoch second) are gone.
    """

    def __init__(self, connection: sqlite3.Connection, max_bytes: int | None) -> None:
        self._connection = connection
        self._max_bytes = max_bytes
        self._too_old: dict[str, int] = {}
        self.crowded_out = {MINUTES: 0, INCIDENTS: 0}
        self.before = 0

    def apply(self, drop: Mapping[str, int]) -> None:
        """Forget some rows; within the transaction that brings new ones.

        `drop` raises the ages, by kind; kinds that are not kept by age are not meant.
        """
        for kind, (column, at_once) in _AGED.items():
            if kind in drop:
                self._too_old[kind] = max(drop[kind], self._too_old.get(kind, drop[kind]))
            if kind in self._too_old:
                self._delete(kind, f"{column} < ?", column, at_once, self._too_old[kind])
        if self._max_bytes is not None and self.used_bytes() > self._max_bytes:
            self._make_room()

    def used_bytes(self) -> int:
        """The pages in use."""
        return (self._pragma("page_count") - self._pragma("freelist_count")) * self._pragma(
            "page_size"
        )

    def _make_room(self) -> None:
        """Minutes first: there are many, and an incident says more than the minutes it had."""
        for kind in (MINUTES, INCIDENTS):
            column, at_once = _AGED[kind]
            gone = self._delete(kind, f"{column} IS NOT NULL", column, at_once)
            if gone:
                self.crowded_out[kind] += len(gone)
                self.before = max(gone)
                return

    def _delete(self, table: str, which: str, column: str, at_once: int, *values: int) -> list[int]:
        """Delete the first rows; give their `column`."""
        found = self._connection.execute(
            f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} "
            f"WHERE {which} ORDER BY {column} LIMIT {at_once}) RETURNING {column}",
            values,
        )
        return [value for (value,) in found.fetchall()]

    def _pragma(self, name: str) -> int:
        [(value,)] = self._connection.execute(f"PRAGMA {name}")
        return int(value)
