"""Opening a state file whatever has become of it.

What an operator can fix (rights, a full disk, a second daemon, a file of a
later version or another program) is a `StateError` that says how. A file whose
content cannot be trusted is moved aside, whole, and a new one begun: better to
lose the past than to count on it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from glob import escape, glob

from logmond.errors import StateError
from logmond.stores.database import Database
from logmond.stores.refusals import Damaged, Foreign, Newer
from logmond.stores.rows import Merge, Restored
from logmond.stores.schema import SCHEMA_VERSION

_SIDE_FILES = ("-wal", "-shm", "-journal")

# A full disk need not keep the daemon from reading what it wrote before.
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)

# Errors of the moment, after which the file is as good as before. All others,
# from a header that is none to a column that is missing, mean damaged content.
_PASSING = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    *_NO_ROOM,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_CANTOPEN,
)
_UNREADABLE = (
    sqlite3.SQLITE_IOERR_READ,
    sqlite3.SQLITE_IOERR_SHORT_READ,
    sqlite3.SQLITE_IOERR_CORRUPTFS,
    sqlite3.SQLITE_IOERR_DATA,
)


def open_database(
    path: str, now: float, merge: Merge, max_bytes: int | None = None
) -> tuple[Database, Restored]:
    """Open or begin the state file at `path`; give it with what a start needs of it.

    Args:
        path: in a directory that exists; the file is made ours alone (0600).
        now: wall time in seconds, for the name of a file that is moved aside or copied.
        merge: joins what came late for a minute with what is kept of it.
        max_bytes: of the pages in use; None for no bound.

    Raises:
        StateError: it cannot be used; the message says the fix.
    """
    open_one = partial(Database, path, merge, max_bytes=max_bytes, now=now)
    _ready(path)
    try:
        try:
            return _opened(path, open_one)
        except sqlite3.OperationalError as error:
            if _code(error) & 0xFF not in _NO_ROOM:
                raise
            return _opened(path, partial(open_one, alone=True))
    except (Damaged, sqlite3.DatabaseError, UnicodeError, MemoryError) as error:
        _raise_if_passing(path, error)
        aside = _move_aside(path, now)
        warning = (
            f"state file {path} is damaged ({error}); moved to {aside} and begun anew: "
            "windows start empty, files are read from where their source says"
        )
    _ready(path)
    try:
        return _opened(path, open_one)[0], Restored(warning=warning)
    except sqlite3.Error as error:
        raise StateError(f"a new state file {path} cannot be written: {error}") from error


def _opened(path: str, open_one: Callable[[], Database]) -> tuple[Database, Restored]:
    try:
        database = open_one()
    except Newer as error:
        raise StateError(
            f"{path} was written by a later logmond (schema {error}, this one knows "
            f"{SCHEMA_VERSION}); install that version again, or {_instead(path)}"
        ) from error
    except Foreign as error:
        raise StateError(
            f"{path} is a database of another program; name another file in history.url"
        ) from error
    try:
        return database, database.read()
    except BaseException:
        database.close()
        raise


def _instead(path: str) -> str:
    """What to do with a file of a later schema, other than to read it with its own version."""
    copies = sorted(glob(f"{escape(path)}.v{SCHEMA_VERSION}-*"))
    if copies:
        return f"move it away and put {copies[-1]}, the copy made at its upgrade, in its place"
    return "move the file away"


def _ready(path: str) -> None:
    """See to a file that only we may read; refuse what we may not write."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        if os.stat(path).st_mode & 0o077:
            os.chmod(path, 0o600)  # the side files take their mode from this one
    except OSError as error:
        raise StateError(
            f"state file {path} cannot be written: {error.strerror}; "
            f"make {os.path.dirname(path) or '.'} writable for this user, or set history.url"
        ) from error


def _raise_if_passing(path: str, error: Exception) -> None:
    code = sqlite3.SQLITE_NOMEM if isinstance(error, MemoryError) else _code(error)
    if code in _UNREADABLE or code & 0xFF not in _PASSING:
        return
    raise StateError(
        f"state file {path} cannot be used now ({error}); the file was left as it is"
    ) from error


def _code(error: Exception) -> int:
    """SQLite's extended code; 0 where Python found the fault, as in text that is none."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code


def _move_aside(path: str, now: float) -> str:
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside = f"{path}.corrupt-{stamp}"
    number = 1
    while os.path.exists(aside):
        number += 1
        aside = f"{path}.corrupt-{stamp}-{number}"
    try:
        os.rename(path, aside)
        for side in _SIDE_FILES:
            if os.path.exists(path + side):
                os.rename(path + side, aside + side)
    except OSError as error:
        raise StateError(
            f"damaged state file {path} cannot be moved to {aside}: {error.strerror}"
        ) from error
    return aside
