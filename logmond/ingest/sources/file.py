"""Files that a server writes: followed through rotation, from where they were left.

Every path is looked at once a second. Notifications (inotify) would only bring
a look forward: they are lost on overflow, in silence, and deleting what is
watched ends Twisted's watcher; evaluation waits longer than a second anyway. A
look, and the reading that follows it, hold the reactor for at most 5 ms at a
time. A file that cannot be read degrades its source and is tried again at every
look; one that does not exist yet is waited for.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from time import time
from typing import Any

from twisted.internet.defer import Deferred, succeed

from logmond.errors import SourceError
from logmond.ingest.sources.catchup import CatchUp
from logmond.ingest.sources.fileshealth import FilesHealth
from logmond.ingest.sources.follower import Follower, end_of_lines, refuse_kind
from logmond.ingest.sources.identity import FilePosition, identity_of, looked, no_file_yet
from logmond.ingest.sources.patterns import covers, find, is_glob
from logmond.ingest.sources.pumping import Pumping
from logmond.ingest.sources.register import MAX_OPEN, Register
from logmond.ingest.sources.restoring import restored
from logmond.ingest.sources.seam import Health, Intake
from logmond.ingest.sources.track import GRACE_S, Track
from logmond.ingest.sources.wholelines import MAX_BYTES

__all__ = ["FilePosition", "FileSource"]

_HOLD_S = 0.004


class FileSource:
    """Follows the files that `patterns` mean."""

    def __init__(
        self,
        name: str,
        patterns: Sequence[str],
        intake: Intake,
        start: str = "end",
        reactor: Any = None,
        *,
        max_open: int = MAX_OPEN,
        max_bytes: int = MAX_BYTES,
        grace_s: float = GRACE_S,
        wall: Callable[[], float] = time,
    ) -> None:
        """Prepare; nothing is opened before `open`.

        Args:
            name: of the source, for messages.
            patterns: paths and globs.
            intake: takes the lines.
            start: "end" or "beginning": where to begin in files that are there
                at the very first start. Files that appear later are read whole.
            reactor: gives turns, and the time.
            max_open: descriptors kept open.
            max_bytes: the longest line.
            grace_s: how long a rotated file is read on without a change.
            wall: epoch seconds.
        """
        self.name = name
        self.address = ", ".join(patterns)
        self._patterns = tuple(patterns)
        self._start = start
        self._reactor = reactor
        self._grace_s = grace_s
        self._wall = wall
        self._register = Register(intake, max_bytes, max_open)
        self._tracks: dict[str, Track] = {}
        self._pumping = Pumping(reactor)
        self._health = FilesHealth(self._patterns, wall)
        self._restored: list[FilePosition] = []
        self._markers: list[FilePosition] = []
        self._known: frozenset[str] = frozenset()
        self._opened = False
        self._looked_ns: int | None = None
        self._look: Iterator[None] | None = None
        self._looking: Any = None

    @property
    def open_descriptors(self) -> int:
        """Descriptors open now."""
        return self._register.open_descriptors

    @property
    def behind_bytes(self) -> int:
        """Bytes that were seen and are not counted yet."""
        return sum(track.behind_bytes for track in self._tracks.values())

    def restore(self, positions: Sequence[FilePosition]) -> None:
        """Begin where an earlier run ended; to be called before `open`."""
        self._restored = list(positions)

    def positions(self) -> list[FilePosition]:
        """How far every file has been counted, exact between two turns of the reactor.

        For each path the file that lies there comes last. Markers tell which
        patterns have no file, and when every file was known.
        """
        if not self._opened:
            return self._restored
        found = [position for track in self._tracks.values() for position in track.positions()]
        return found + self._markers

    def open(self) -> None:
        """Look for files and go to where each is to be read from; nothing is read yet."""
        for _ in self._one_look():
            pass

    def catch_up(self) -> list[CatchUp]:
        """What there is to read now, by path; held back from live reading until it is read."""
        behind = [track for track in self._tracks.values() if track.behind_bytes]
        for track in behind:
            self._pumping.hold(track)
        return [CatchUp(track, self._pumping.release) for track in behind]

    def tick(self) -> None:
        """Look at every path, then read what is new, in slices."""
        if self._look is None:
            self._look = self._one_look()
            self._go_on_looking()

    def health(self) -> Health:
        """Ok, waiting for files, or degraded by what cannot be read."""
        return self._health.health

    def close(self) -> Deferred[None]:
        """Read no more; close every file. Positions stay as they are."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        self._look = None
        self._pumping.stop()
        self._register.close()
        return succeed(None)

    def _go_on_looking(self) -> None:
        """Look until the slice is over."""
        self._looking = None
        assert self._look is not None
        deadline = self._reactor.seconds() + _HOLD_S
        for _ in self._look:
            if self._reactor.seconds() >= deadline:
                self._looking = self._reactor.callLater(0, self._go_on_looking)
                return
        self._look = None
        self._pumping.start()

    def _one_look(self) -> Iterator[None]:
        """Look at every path; each step is short."""
        health = self._health
        health.begin()
        began_ns = int(self._wall() * 1e9)
        shown: dict[str, os.stat_result] = {}
        for pattern in self._patterns:
            for path in find(pattern, health.refuse):
                if path is not None and path not in shown:
                    status = self._status(path, is_glob(pattern))
                    if status is not None:
                        shown[path] = status
                yield
        if not self._opened:
            self._take_up(shown)
        for path, status in shown.items():
            self._meet(path, status, shown)
            yield
        self._opened = True
        for path, track in list(self._tracks.items()):
            self._settle(path, track, path in shown)
            yield
        self._looked_ns = began_ns
        self._mark()
        health.judge(self._tracks, self._pumping.refused, self._reactor.seconds())

    def _status(self, path: str, globbed: bool) -> os.stat_result | None:
        try:
            status = os.stat(path)
            if stat.S_ISREG(status.st_mode):
                return status
            if not globbed:
                refuse_kind(path, status)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (OSError, SourceError) as error:
            self._health.refuse(path, error)
        return None

    def _take_up(self, shown: dict[str, os.stat_result]) -> None:
        """Join restored positions with their files."""
        self._known = frozenset(
            pattern
            for pattern in self._patterns
            if any(covers(pattern, p.path) or p.path == pattern for p in self._restored)
        )
        looks = [p.looked_ns for p in self._restored if p.looked_ns is not None]
        self._looked_ns = looks[0] if looks else None
        positions = [
            position
            for position in self._restored
            if not position.is_marker and self._is_known(position.path)
        ]
        now = self._reactor.seconds()
        for path, followers in restored(positions, shown, self._register).items():
            self._track(path).inherit(followers, now)

    def _is_known(self, path: str) -> bool:
        """Whether a path belongs to a pattern that an earlier run followed."""
        return any(covers(pattern, path) for pattern in self._known)

    def _track(self, path: str) -> Track:
        track = self._tracks.get(path)
        if track is None:
            track = self._tracks[path] = Track(path, self._register, self._grace_s)
        return track

    def _meet(self, path: str, status: os.stat_result, shown: dict[str, os.stat_result]) -> None:
        """A path shows a file: the one it showed before, one known from elsewhere, or a new one."""
        now = self._reactor.seconds()
        identity = identity_of(status)
        track = self._tracks.get(path)
        if track is not None and track.live is not None and track.live.identity == identity:
            track.live.path = path
            track.live.look(status, now, int(self._wall() * 1e9))
            track.missing_since = None
            return
        known = self._register.get(identity)
        if known is not None and _is_shown_elsewhere(known, shown):
            return
        known_path = self._opened or self._is_known(path)
        try:
            follower, fresh = self._register.follow(path)
            if fresh and not known_path and self._start == "end":
                assert follower.descriptor is not None
                follower.seek(end_of_lines(follower.descriptor, follower.size))
        except FileNotFoundError:
            return
        except (OSError, SourceError) as error:
            self._health.refuse(path, error)
            return
        if follower.track not in (None, track):
            follower.track.release(follower)
        if track is None or follower is not track.live:
            # Of a position without a fingerprint only the inode is known, and may be used again.
            sure = not fresh and (self._opened or follower.head != b"")
            since_ns = self._looked_ns if known_path and not sure else None
            self._track(path).turn(follower, now, since_ns)

    def _settle(self, path: str, track: Track, is_shown: bool) -> None:
        now = self._reactor.seconds()
        if not is_shown:
            track.miss(now)
        track.settle(now, int(self._wall() * 1e9))
        if track.empty and path not in self._patterns:
            track.dissolve()
            del self._tracks[path]
        elif track.ready:
            self._pumping.add(track)

    def _mark(self) -> None:
        """Mark when this was, and the patterns that have no file."""
        assert self._looked_ns is not None
        self._markers = [looked(self._looked_ns)]
        self._markers += [
            no_file_yet(pattern)
            for pattern in self._patterns
            if not any(covers(pattern, path) for path in self._tracks)
        ]


def _is_shown_elsewhere(known: Follower, shown: dict[str, os.stat_result]) -> bool:
    """Whether a file lies where it is followed too: this path is another name of it."""
    track = known.track
    if track is None or track.live is not known:
        return False
    status = shown.get(track.path)
    return status is not None and identity_of(status) == known.identity
