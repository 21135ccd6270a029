"""Fixtures of the tests of the durable state: its file, the file as it is written, the state."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import pytest_twisted
from merging import added
from patience import within
from statefile import NOW, Disk
from twisted.internet import reactor

from logmond.stores.database import Database
from logmond.stores.sqlite import SqliteState


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """A disk that works until told otherwise, and lets go at the end."""
    disk = Disk(monkeypatch)
    yield disk
    disk.free.set()


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where the state file will be."""
    return str(tmp_path / "state.db")


@pytest.fixture
def database(path: str) -> Iterator[Database]:
    """An empty state file."""
    with closing(Database(path, added)) as database:
        yield database


@pytest_twisted.async_yield_fixture
async def state(path: str, disk: Disk) -> AsyncIterator[SqliteState]:
    """An open state."""
    state = SqliteState(path, reactor, now=lambda: NOW)
    state.open()
    yield state
    disk.free.set()
    await within(5, state.close())
