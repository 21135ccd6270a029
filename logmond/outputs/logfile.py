"""Events in a file, one line each, as text or JSON.

Lines are appended by one write. What cannot be written (the directory is
missing, the disk is full) waits, is tried again every second, and is counted
when too much waits. A file that was renamed or deleted is created again.
"""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from time import time

from twisted.logger import Logger

from logmond.alerts import render
from logmond.alerts.event import Event
from logmond.outputs.status import OutputStatus

MAX_WAITING_BYTES = 1024 * 1024
"""What may wait for a file that cannot be written; the oldest lines go first."""

# NONBLOCK: opening a fifo that nobody reads must fail, not wait.
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK


class LogFile:
    """One log file; `form` is "text" or "json", `mode` the permissions of a file it creates."""

    kind = "file"
    _log = Logger()

    def __init__(
        self,
        name: str,
        path: str,
        form: str = "text",
        mode: int = 0o640,
        wall: Callable[[], float] = time,
    ) -> None:
        self.name = name
        self.dropped = 0
        self.failures = 0
        self.written = 0
        self._path = path
        self._json = form == "json"
        self._mode = mode
        self._wall = wall
        self._written_at: float | None = None
        self._file: int | None = None
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._torn = False  # the file ends in the middle of a line
        self._trouble = ""

    @property
    def problem(self) -> str | None:
        """Why nothing can be written, or None."""
        if not self._trouble:
            return None
        return f"output {self.name}: cannot write {self._path}: {self._trouble}"

    def status(self) -> OutputStatus:
        """How it is doing."""
        return OutputStatus(
            self.name,
            self.kind,
            "retrying" if self._trouble else "ok",
            self._trouble,
            queued=len(self._waiting),
            sent=self.written,
            failed=self.failures,
            dropped=self.dropped,
            last_sent_at=self._written_at,
        )

    def event(self, event: Event) -> None:
        """Append the event, behind whatever waits."""
        line = render.encoded(event) if self._json else render.line(event).encode()
        self._waiting.append(line + b"\n")
        self._waiting_bytes += len(line) + 1
        self._flush()
        while self._waiting_bytes > MAX_WAITING_BYTES:
            self._waiting_bytes -= len(self._waiting.popleft())
            self.dropped += 1

    def tick(self, second: int) -> None:
        """Try again what could not be done; the first one opens the file."""
        if self._waiting or self._file is None:
            self._flush()

    def reopen(self) -> None:
        """Close the file and open its path anew."""
        self._close()
        self._flush()

    def close(self) -> None:
        """Write what waits, if that is possible now, and close."""
        self._flush()
        self.dropped += len(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        self._close()

    def _flush(self) -> None:
        try:
            file = self._opened()
            while self._waiting:
                self._write(file)
        except OSError as error:
            self.failures += 1
            self._close()
            told, self._trouble = self._trouble, self._explained(error)
            if self._trouble != told:
                self._log.warn("{problem}; trying again every second", problem=self.problem)
            return
        if self._trouble:
            self._log.info(
                "output {name}: {path} is written again", name=self.name, path=self._path
            )
        self._trouble = ""

    def _explained(self, error: OSError) -> str:
        directory = os.path.dirname(self._path)
        if isinstance(error, FileNotFoundError):
            return f"there is no directory {directory}; make it"
        return error.strerror or str(error)

    def _write(self, file: int) -> None:
        """Write one line; behind the half of one, on a line of its own."""
        line = self._waiting[0]
        if self._torn:
            line = b"\n" + line
        if os.write(file, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._torn = False
        self.written += 1
        self._written_at = self._wall()
        self._waiting_bytes -= len(self._waiting.popleft())

    def _opened(self) -> int:
        """The file, opened anew when its path names another one by now."""
        if self._file is not None and self._moved(self._file):
            self._close()
        if self._file is None:
            self._file = self._open()
            self._torn = self._ends_torn()
        return self._file

    def _open(self) -> int:
        try:
            return os.open(self._path, _FLAGS)
        except FileNotFoundError:
            file = os.open(self._path, _FLAGS | os.O_CREAT, self._mode)
            # The mode is what was configured, whatever the umask.
            with suppress(OSError):
                os.fchmod(file, self._mode)
            return file

    def _ends_torn(self) -> bool:
        """Whether the file ends within a line: the disk was full, or a crash came between."""
        with suppress(OSError), open(self._path, "rb") as file:
            if file.seek(0, os.SEEK_END) > 0:
                file.seek(-1, os.SEEK_END)
                return file.read(1) != b"\n"
        return False

    def _moved(self, file: int) -> bool:
        try:
            named = os.stat(self._path)
        except FileNotFoundError:
            return True
        opened = os.fstat(file)
        return (named.st_dev, named.st_ino) != (opened.st_dev, opened.st_ino)

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                os.close(self._file)
            self._file = None
