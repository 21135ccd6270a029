"""One path, and the files that were found there one after the other.

Rotation gives a path another file. The earlier ones are read to their end
first, in order, then the one that lies there now:

* renamed: the descriptor leads to the old file wherever it went; it is read on
  until `GRACE_S` have passed without a change (a server told to reopen its log
  takes its time), then its unterminated tail is counted as cut;
* renamed more than once since the last look: the files in between lie beside
  the path under the names of rotation, and were never seen; they are read whole;
* copied and truncated: the same inode begins anew, and what was not read yet is
  in the copy, which begins with the same bytes.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator

from twisted.logger import Logger

from logmond.errors import SourceError
from logmond.ingest.sources.follower import Follower
from logmond.ingest.sources.identity import FINGERPRINT_BYTES, FilePosition, Identity
from logmond.ingest.sources.register import Register
from logmond.ingest.sources.rotation import Sibling, newer

GRACE_S = 60.0
"""Seconds without a change after which a rotated file is let go."""

_REMEMBERED = 16
_ATTEMPTS = 5
_log = Logger()


class Track:
    """Follows one path.

    Attributes:
        path: as configured, or as a glob found it.
        live: the file that lies there, or did last.
        older: earlier ones that are still read, the oldest first.
        newest: the newest second counted on this path.
        missing_since: when the path began to show no file, by the source's clock.
        read_bytes: counted on this path since the start.
    """

    def __init__(self, path: str, register: Register, grace_s: float = GRACE_S) -> None:
        self.path = path
        self.live: Follower | None = None
        self.older: list[Follower] = []
        self.newest: int | None = None
        self.missing_since: float | None = None
        self._register = register
        self._grace_s = grace_s
        self._finished: deque[Follower] = deque()
        self._turned = False
        self.read_bytes = 0

    @property
    def ready(self) -> bool:
        """Whether there may be something to read."""
        return any(follower.ready for follower in self._followers())

    @property
    def empty(self) -> bool:
        """Whether no file is read here."""
        return self.live is None and not self.older

    @property
    def behind_bytes(self) -> int:
        """Bytes seen and not counted."""
        return sum(max(0, each.size - each.offset) for each in self._followers())

    def positions(self) -> list[FilePosition]:
        """How far each file was counted, the live one last."""
        return [follower.position(self.path) for follower in (*self._finished, *self._followers())]

    def inherit(self, older: list[Follower], now: float) -> None:
        """Begin with files of an earlier run, the oldest first."""
        for follower in older:
            self._own(follower, now)
            self.older.append(follower)

    def turn(self, follower: Follower, now: float, unknown_since_ns: int | None = None) -> None:
        """The path shows another file from now on.

        Args:
            follower: reads it.
            now: by the clock of the source.
            unknown_since_ns: when all files were last known, unless the path
                showed this one then too: there may be others between the two.
        """
        if self.live is not None:
            self.older.append(self.live)
            self.live.ready = True
            self.live.changed_at = now
        if follower in self.older:
            self.older.remove(follower)
        previous = self.older[-1] if self.older else None
        self._own(follower, now)
        self.live = follower
        self.live.ready = True
        self.missing_since = None
        if unknown_since_ns is not None:
            self._find_unseen(previous, now, unknown_since_ns)
        self._turned = True

    def release(self, follower: Follower) -> None:
        """Another path shows this file now, and follows it."""
        if self.live is follower:
            self.live = None
        elif follower in self.older:
            self.older.remove(follower)
        elif follower in self._finished:
            self._finished.remove(follower)

    def miss(self, now: float) -> None:
        """The path shows no file at this look."""
        if self.missing_since is None:
            self.missing_since = now
            if self.live is not None:
                self.live.ready = True  # what was written before it went is read wherever it is

    def pump(self, max_bytes: int) -> bool:
        """Read and hand over about `max_bytes`, the oldest file first; True while there is more.

        Raises:
            OSError: a file cannot be opened or read; it stays to be read.
            SourceError: the path shows no regular file any more.
        """
        for follower in self._followers():
            if not follower.ready:
                continue
            try:
                if not self._register.opened(follower, self.path):
                    self._lose(follower)
                    return self.ready
                offset = follower.offset
                follower.pump(max_bytes)
            except (OSError, SourceError):
                follower.ready = True
                raise
            self.read_bytes += max(0, follower.offset - offset)
            if follower.newest is not None:
                self.newest = max(follower.newest, self.newest or follower.newest)
            if follower.restarted:
                self._restart(follower)
            return self.ready
        return False

    def settle(self, now: float, wall_ns: int) -> None:
        """Look at files that no path shows; let go of those that are done."""
        if self.live is not None:
            for follower in self.older.copy():
                if self._idle(follower, now, wall_ns) and self._let_go(follower):
                    self.older.remove(follower)
        if self.live is None or self.missing_since is None:
            return
        live = self.live
        # Deleted and written to no more: our descriptor must not hold its blocks for ever.
        if self._idle(live, now, wall_ns) and self._unlinked(live) and self._let_go(live):
            self.live = None

    def dissolve(self) -> None:
        """Forget every file of this path."""
        for follower in (*self._finished, *self._followers()):
            self._register.forget(follower)
        self._finished.clear()
        self.older.clear()
        self.live = None

    def _followers(self) -> Iterator[Follower]:
        yield from self.older
        if self.live is not None:
            yield self.live

    def _idle(self, follower: Follower, now: float, wall_ns: int) -> bool:
        """Whether a file that no path shows has been read and unchanged for the grace."""
        unread = follower.ready
        if follower.descriptor is not None:
            follower.look(os.fstat(follower.descriptor), now, wall_ns)
        if now - follower.changed_at < self._grace_s:
            return False
        if follower.descriptor is None:
            follower.ready = True  # one last look, wherever it is
        return not unread

    def _unlinked(self, follower: Follower) -> bool:
        return follower.descriptor is None or os.fstat(follower.descriptor).st_nlink == 0

    def _let_go(self, follower: Follower) -> bool:
        """Count the tail, close the file, remember for a while how far it was counted.

        False if there is more to read first.
        """
        if follower.descriptor is not None and not follower.finish():
            return False
        if not follower.offset:
            # Nothing was counted, so there is nothing to remember it by.
            self._register.forget(follower)
            return True
        self._register.rest(follower)
        self._finished.append(follower)
        if len(self._finished) > _REMEMBERED:
            self._register.forget(self._finished.popleft())
        return True

    def _own(self, follower: Follower, now: float) -> None:
        follower.track = self
        follower.changed_at = now

    def _lose(self, follower: Follower) -> None:
        """The file is nowhere any more."""
        follower.forsake_tail()
        self._register.forget(follower)
        self.release(follower)
        if follower.size > follower.offset:
            _log.warn(
                "{path}: {bytes} bytes were not read before the file went away",
                path=follower.path,
                bytes=follower.size - follower.offset,
            )

    def _restart(self, follower: Follower) -> None:
        """The inode holds other lines than those counted: truncated, or used again."""
        now = follower.changed_at
        fresh = self._register.begin_again(follower)
        self._own(fresh, now)
        if follower is self.live:
            self.live = fresh
            place = len(self.older)
        else:
            place = self.older.index(follower)
            self.older[place] = fresh
        copy = self._register.copy_of(follower, self._register.beside.siblings(self.path))
        if copy is None:
            follower.forsake_tail()
            _log.warn(
                "{path} was truncated or replaced; lines after byte {offset} that no copy of it "
                "holds are lost",
                path=follower.path,
                offset=follower.offset,
            )
            return
        self._own(copy, now)
        self.older.insert(place, copy)
        self._find_unseen(copy, now, None)

    def _find_unseen(self, previous: Follower | None, now: float, since_ns: int | None) -> None:
        """Follow the files that came after `previous` and were rotated away unseen."""
        identity = previous.identity if previous is not None else None
        place = self.older.index(previous) + 1 if previous in self.older else len(self.older)
        checked: set[Identity] = set()
        # While we look rotation goes on, and names move: until nothing new is found.
        for _ in range(_ATTEMPTS):
            # Once we look every second, files are seen before they are compressed.
            beside = self._register.beside.siblings(self.path, compressed=not self._turned)
            found = newer(beside, identity, since_ns)
            unchecked = [each for each in found if each.identity not in checked]
            if not unchecked:
                return
            for each in unchecked:
                try:
                    follower = self._unseen(each)
                except FileNotFoundError:
                    continue  # it has another name by now
                checked.add(each.identity)
                if follower is not None:
                    self._own(follower, now)
                    self.older.insert(place, follower)
                    place += 1

    def _unseen(self, found: Sibling) -> Follower | None:
        """The follower of a file, None unless its lines are new; FileNotFoundError if it moved."""
        try:
            follower, fresh = self._register.follow(found.path, found.identity)
        except FileNotFoundError:
            raise
        except (OSError, SourceError) as error:
            _log.warn(
                "{path} was rotated and cannot be read: {error}", path=found.path, error=error
            )
            return None
        if fresh and self._is_copy(follower):
            self._register.forget(follower)
            return None
        return follower if fresh else None

    def _is_copy(self, follower: Follower) -> bool:
        """Whether a file begins with the same lines as one that is counted here already."""
        head = follower.beginning(FINGERPRINT_BYTES)
        known = (*self._finished, *self._followers())
        return any(
            head.startswith(each.head)
            for each in known
            if b"\n" in each.head or len(each.head) == FINGERPRINT_BYTES
        )
