"""Standard input: lines from a pipe, until its writer is gone.

A pipe has no position: what it delivered before a restart cannot be read again.
A regular file (``logmond run < access.log``) is read in turns of the reactor,
since no event tells of it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from time import time
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from logmond.errors import SourceError
from logmond.ingest.sources.cursor import Cursor
from logmond.ingest.sources.seam import Health, Intake
from logmond.ingest.sources.wholelines import MAX_BYTES

READ_BYTES = 64 * 1024
"""Bytes of one read; a pipe holds no more by default."""

_CLOSING_READS = 16


@implementer(IReadDescriptor)
class StdinSource:
    """``stdin: true``. `ended` fires when the writer has closed the pipe."""

    address = "stdin"

    def __init__(
        self,
        intake: Intake,
        reactor: Any,
        *,
        descriptor: int = 0,
        max_bytes: int = MAX_BYTES,
        wall: Callable[[], float] = time,
    ) -> None:
        self.ended: Deferred[None] = Deferred()
        self._reactor = reactor
        self._descriptor = descriptor
        self._wall = wall
        self._cursor = Cursor(intake, max_bytes)
        self._tail = b""
        self._reading = False
        self._turn: Any = None
        self._is_file = False
        self._health = Health()

    def open(self) -> None:
        """Read from now on.

        Raises:
            SourceError: there is no standard input.
        """
        try:
            status = os.fstat(self._descriptor)
        except OSError as error:
            raise SourceError("stdin: standard input is closed; pipe lines into it") from error
        self._reading = True
        # epoll knows no regular files: they are always ready.
        self._is_file = stat.S_ISREG(status.st_mode)
        if self._is_file:
            self._turn = self._reactor.callLater(0, self._next_turn)
        else:
            self._reactor.addReader(self)

    def tick(self) -> None:
        """Nothing to look at: a pipe tells when it has something."""

    def health(self) -> Health:
        """Ok until the writer is gone."""
        return self._health

    def close(self) -> Deferred[None]:
        """Hand over what the pipe holds now, and read no more."""
        if self._reading and not self._is_file:
            self._hand_over_waiting()
        self._stop()
        return succeed(None)

    def fileno(self) -> int:
        """The descriptor the reactor watches."""
        return self._descriptor

    def logPrefix(self) -> str:
        """What Twisted calls it in its log."""
        return "stdin"

    def connectionLost(self, reason: Failure) -> None:
        """The reactor gave the pipe up: reading failed, or the reactor ends."""
        if self._reading:
            self._end(f"reading standard input failed ({reason.getErrorMessage()})")

    def doRead(self) -> None:
        """Read once: more than what is there would block."""
        try:
            data = os.read(self._descriptor, READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        if data:
            self._take(data)
        else:
            self._end("standard input has ended: its writer is gone")

    def _take(self, data: bytes) -> None:
        cursor = self._cursor
        data, self._tail = self._tail + data, b""
        place = cursor.offset + cursor.ahead
        looked_at_all = cursor.take(data)
        if cursor.ahead:
            return  # the middle of a line that is too long: nothing of it is kept
        rest = data[cursor.offset - place :]
        if looked_at_all:
            self._tail = rest
        else:
            self._take(rest)

    def _next_turn(self) -> None:
        self._turn = None
        self.doRead()
        if self._reading:
            self._turn = self._reactor.callLater(0, self._next_turn)

    def _hand_over_waiting(self) -> None:
        """Read what is there without waiting for more, within bounds."""
        was_blocking = os.get_blocking(self._descriptor)
        os.set_blocking(self._descriptor, False)
        try:
            for _ in range(_CLOSING_READS):
                data = os.read(self._descriptor, READ_BYTES)
                if not data:
                    break
                self._take(data)
        except OSError:
            pass  # nothing more is there
        finally:
            os.set_blocking(self._descriptor, was_blocking)

    def _end(self, reason: str) -> None:
        self._stop()
        self._health = Health("degraded", reason, self._wall(), broken=True)
        self.ended.callback(None)

    def _stop(self) -> None:
        """Read no more; what was not ended by LF is cut."""
        if not self._reading:
            return
        self._reading = False
        self._reactor.removeReader(self)
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        self._cursor.forsake_tail()
        self._tail = b""
