"""One daemon per state file, held by a lock that dies with its process."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress

from logmond.errors import StateError


class Lock:
    """An exclusive lock on ``PATH.lock``, which also names the process that holds it.

    On a file of its own: closing any descriptor of the state file would drop
    the locks that SQLite holds on it (https://sqlite.org/howtocorrupt.html,
    section 2.2). The file stays: removing it would let two daemons lock two
    files of the same name. Its directory is made where missing.

    Raises:
        StateError: another process holds it, or the file cannot be written.
    """

    def __init__(self, path: str) -> None:
        try:
            os.makedirs(os.path.dirname(path) or ".", mode=0o750, exist_ok=True)
            self._descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StateError(
                f"{path}.lock cannot be written: {error.strerror}; "
                f"make {os.path.dirname(path)} writable for this user, or set history.url"
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(self._descriptor, 20).decode("ascii", "replace").strip()
            os.close(self._descriptor)
            raise StateError(
                f"{path} is in use by another logmond (process {holder or 'unknown'}); "
                "stop it, or give this one its own: --set history.url=sqlite:///OTHER/state.db"
            ) from error
        with suppress(OSError):  # the name is a courtesy; on a full disk the lock holds without it
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, b"%d\n" % os.getpid(), 0)

    def release(self) -> None:
        """Let another daemon have it."""
        os.close(self._descriptor)
