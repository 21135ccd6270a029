"""A state file in tests: what a start finds in it, and a disk that holds writes or fails them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from threading import Event, current_thread

import pytest
from merging import added

from logmond.stores.database import Database
from logmond.stores.rows import Changes, Restored

NOW = 1_795_456_930.0


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


def found(path: str) -> Restored:
    """What a start finds."""
    with closing(Database(path, added)) as database:
        return database.read()


def second(number: int, body: bytes = b"body") -> Changes:
    """A change of one frame."""
    return Changes(frames={("second", number): body})
