"""Lines to a descriptor that may be stuck: a thread writes them, the caller never waits.

A terminal stopped by Ctrl-S, a pipe nobody reads and a full journal all block
the writer, and making the descriptor non-blocking would do so for everybody
who shares it, the shell included. Hence a thread, and a bounded queue.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from time import time

from logmond.telemetry import visible

MAX_WAITING_BYTES = 256 * 1024
"""What may wait; further lines are dropped and counted."""


class LineWriter:
    """Writes lines to a descriptor that it does not own."""

    def __init__(
        self,
        descriptor: int,
        max_waiting_bytes: int = MAX_WAITING_BYTES,
        wall: Callable[[], float] = time,
    ) -> None:
        self.dropped = 0
        self.written = 0
        self.written_at: float | None = None
        self.trouble = ""
        self._descriptor = descriptor
        self._max_waiting_bytes = max_waiting_bytes
        self._wall = wall
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._missing = 0
        self._ended = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def put(self, line: str) -> None:
        """Write a line as soon as that is possible, behind those that wait; or drop it."""
        raw = visible(line).encode() + b"\n"
        with self._changed:
            if self._ended or self._waiting_bytes + len(raw) > self._max_waiting_bytes:
                self.dropped += 1
                self._missing += 1
                return
            if self._missing:
                told = f"({self._missing} lines dropped: this could not be written)\n".encode()
                self._missing = 0
                self._append(told)
            self._append(raw)
            if self._thread is None:
                # A daemon thread: a write that never returns must not keep the process alive.
                self._thread = threading.Thread(target=self._run, name="console", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self, timeout_s: float = 1.0) -> None:
        """Take no more; give what waits so long to be written."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout_s)
        with self._changed:
            self._drop_waiting()

    def _append(self, raw: bytes) -> None:
        self._waiting.append(raw)
        self._waiting_bytes += len(raw)

    def _drop_waiting(self) -> None:
        self.dropped += len(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0

    def _run(self) -> None:
        """The thread: write line by line until there is nothing more to come."""
        while True:
            with self._changed:
                while not self._waiting and not self._ended:
                    self._changed.wait()
                if not self._waiting:
                    return
                raw = self._waiting.popleft()
                self._waiting_bytes -= len(raw)
            try:
                while raw:
                    raw = raw[os.write(self._descriptor, raw) :]
                self.written += 1
                self.written_at = self._wall()
            except OSError as error:
                # The reader is gone (``logmond run | head``): nobody will read what comes.
                with self._changed:
                    self.trouble = error.strerror or str(error)
                    self.dropped += 1
                    self._drop_waiting()
                    self._ended = True
                return
