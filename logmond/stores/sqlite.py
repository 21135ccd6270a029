"""The durable state in one SQLite file: one writer thread, one transaction at a time.

Commits that come while one is being written wait and become one, in order; a
commit that fails (a full disk) waits as well and goes with the next. Nothing
is lost or torn in either case, and nothing here blocks or raises into a tick.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.logger import Logger
from twisted.python.failure import Failure

from logmond.errors import StateError
from logmond.frame.minutes import merge_minutes
from logmond.stores.database import Database
from logmond.stores.history import History
from logmond.stores.lock import Lock
from logmond.stores.opening import open_database
from logmond.stores.rows import Changes, IncidentRow, Kept, Merge, Restored, SilenceRow
from logmond.telemetry import clock, moment, size, span

P = ParamSpec("P")

_TOLD_EVERY_S = 3600.0


class SqliteState:
    """The state file at `path` (`logmond.stores.seam.State`).

    Args:
        path: of the file; its directory is made where missing.
        now: wall time in seconds.
        merge: joins two rollups of one minute.
        max_bytes: what the pages in use may come to; None for no bound.

    Attributes:
        commits: transactions written.
        failures: commits that failed, each of which was or will be retried.
        problem: why the last commit failed, None while all is well.
        crowded_out: minutes and incidents that went before their time, to keep
            the file within `max_bytes`.
    """

    _log = Logger()

    def __init__(
        self,
        path: str,
        reactor: IReactorFromThreads,
        now: Callable[[], float] = time.time,
        *,
        merge: Merge = merge_minutes,
        max_bytes: int | None = None,
    ) -> None:
        self.path = os.path.realpath(path)
        self.commits = 0
        self.failures = 0
        self.problem: str | None = None
        self.crowded_out = 0
        self._reactor = reactor
        self._now = now
        self._merge = merge
        self._max_bytes = max_bytes
        self._lock: Lock | None = None
        self._database: Database | None = None
        # One thread, begun with the first commit: what opens and then cannot
        # start leaves none behind.
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="logmond-state")
        self._history = History(self.path)
        self._running: Changes | None = None
        self._waiting: Changes | None = None
        self._untold: list[Deferred[None]] = []
        self._failing_since = 0.0
        self._told_of_room = -_TOLD_EVERY_S

    @property
    def busy(self) -> bool:
        """Whether a commit is under way; further ones wait and become one."""
        return self._running is not None

    def open(self) -> Restored:
        """Take the lock, open or begin the file, and give what it keeps.

        Raises:
            StateError: another daemon has it, or it cannot be used; says the fix.
        """
        self._lock = Lock(self.path)
        try:
            self._database, restored = open_database(
                self.path, self._now(), self._merge, self._max_bytes
            )
        except BaseException:
            self._lock.release()
            raise
        if restored.warning:
            self._log.warn("{warning}", warning=restored.warning)
        if self._database.upgraded:
            self._log.info("{upgraded}", upgraded=self._database.upgraded)
        self._history.connect()
        return restored

    def commit(self, changes: Changes) -> Deferred[None]:
        """Write `changes`, which the caller leaves as they are from now on.

        Fires when they are written or failed to be (see `problem`).

        Raises:
            StateError: the state is not open; a mistake of the caller.
        """
        if self._database is None:
            raise StateError(f"{self.path} is not open")
        self._waiting = (
            changes if self._waiting is None else self._waiting.then(changes, self._merge)
        )
        done: Deferred[None] = Deferred()
        self._untold.append(done)
        self._start(self._database)
        return done

    def minute(self, start: int) -> bytes | None:
        """The rollup of the minute that began at `start`, None where none is kept."""
        return self._history.minute(start)

    def minutes(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The rollups of minutes that began from `first` to `last`, both included, in order."""
        return self._history.minutes(first, last)

    def incidents(
        self, since: int, until: int | None = None, rule: str | None = None, limit: int = 500
    ) -> list[IncidentRow]:
        """Incidents that were open at some time from `since` until before `until`, newest first."""
        return self._history.incidents(since, until, rule, limit)

    def incident(self, suffix: str) -> list[IncidentRow]:
        """The incidents whose id ends in `suffix`, newest first, at most a few."""
        return self._history.incident(suffix)

    def silences(self, since: int, limit: int = 500) -> list[SilenceRow]:
        """Silences that were not over at `since`, the last to end first."""
        return self._history.silences(since, limit)

    def kept(self) -> Kept:
        """What the file holds of the past."""
        since, used = self._history.extent()
        return Kept(
            since, used, self._max_bytes, self.crowded_out, self._history.damaged, self.problem
        )

    def close(self) -> Deferred[None]:
        """Write what waits, once more if that failed before; close the file, free the lock."""
        return Deferred.fromCoroutine(self._close())

    async def _close(self) -> None:
        if self._running is not None or self._waiting is not None:
            await self.commit(Changes())
        if self._waiting is not None:
            self._log.warn("the last changes are lost: {problem}", problem=self.problem)
            self._waiting = None
        database, self._database = self._database, None
        if database is None or self._lock is None:
            return
        self._history.close()
        # In the writer: closing folds the write-ahead log into the file.
        await self._in_writer(database.close)
        self._writer.shutdown()
        self._lock.release()

    def _start(self, database: Database) -> None:
        """Hand all that waits to the writer, unless it is at work."""
        if self._running is not None or self._waiting is None:
            return
        self._running, self._waiting = self._waiting, None
        told, self._untold = self._untold, []
        written = self._in_writer(_write, database, self._running)
        written.addCallbacks(self._succeeded, self._failed, callbackArgs=(database,))
        written.addCallback(self._finished, database, told)
        written.addErrback(lambda failure: self._log.failure("state", failure))

    def _succeeded(self, _: None, database: Database) -> None:
        self.commits += 1
        if self.problem is not None:
            lasted = span(self._now() - self._failing_since)
            self._log.info("{path} is written again after {span}", path=self.path, span=lasted)
            self.problem = None
        gone = sum(database.bounds.crowded_out.values())
        if gone > self.crowded_out:
            self.crowded_out = gone
            self._tell_of_room(database.bounds.before)

    def _tell_of_room(self, before: int) -> None:
        """Say that the past is shorter than was asked for; now and then, as it goes on."""
        if self._now() < self._told_of_room + _TOLD_EVERY_S:
            return
        self._told_of_room = self._now()
        self._log.warn(
            "{path} has reached history.max_size ({size}): the history up to {before} is gone "
            "ahead of history.keep",
            path=self.path,
            size=size(self._max_bytes or 0),
            before=moment(before),
        )

    def _failed(self, failure: Failure) -> None:
        """Put back in front of what came meanwhile what could not be written."""
        assert self._running is not None
        self._waiting = (
            self._running
            if self._waiting is None
            else self._running.then(self._waiting, self._merge)
        )
        self.failures += 1
        if self.problem is None:
            self._failing_since = self._now()
            since = clock(self._failing_since)
            self.problem = (
                f"{self.path} cannot be written since {since}: {failure.getErrorMessage()}"
            )
            self._log.warn("{problem}; retried every second", problem=self.problem)
            if not isinstance(failure.value, sqlite3.Error):
                self._log.failure("a commit failed by our own fault", failure)

    def _finished(self, _: None, database: Database, told: list[Deferred[None]]) -> None:
        self._running = None
        if self._untold:
            self._start(database)
        for done in told:
            done.callback(None)

    def _in_writer(
        self, work: Callable[P, None], *args: P.args, **named: P.kwargs
    ) -> Deferred[None]:
        """Run `work` in the writer thread; fires in the reactor's."""
        result: Deferred[None] = Deferred()

        def deliver(future: Future[None]) -> None:
            error = future.exception()
            if error is None:
                result.callback(None)
            else:
                result.errback(error)

        self._writer.submit(work, *args, **named).add_done_callback(
            lambda future: self._reactor.callFromThread(deliver, future)
        )
        return result


def _write(database: Database, changes: Changes) -> None:
    """Write; on a full disk make what room there is for the next try."""
    try:
        database.write(changes)
    except sqlite3.OperationalError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
            database.make_room()
        raise
