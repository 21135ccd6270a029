"""What a path holds at the start, read by whoever merges several of them by event time."""

from __future__ import annotations

from collections.abc import Callable

from logmond.errors import SourceError
from logmond.ingest.sources.track import Track


class CatchUp:
    """What one path holds at the start, to be read before it is followed live."""

    def __init__(self, track: Track, done: Callable[[Track], None]) -> None:
        """Catch up with `track`; `done` is called once, when it may be followed live."""
        self._track = track
        self._done = done
        self._behind = track.behind_bytes
        self._until = track.read_bytes + self._behind

    @property
    def path(self) -> str:
        """The path it reads."""
        return self._track.path

    @property
    def newest(self) -> int | None:
        """The newest second counted on this path, None before there is one."""
        return self._track.newest

    def pump(self, max_bytes: int) -> bool:
        """Read and hand over about `max_bytes`, oldest file first; True while there is more.

        What is written meanwhile is read as well, lest its seconds be evaluated
        without it; unless it grows half as fast as it is read, so that this ends.
        A file that cannot be read ends it too; its source says so.
        """
        try:
            more = self._track.pump(max_bytes)
        except (OSError, SourceError):
            more = False
        if more and (self._track.read_bytes < self._until or self._goes_on()):
            return True
        self._done(self._track)
        return False

    def _goes_on(self) -> bool:
        """Whether to read what the last look found, which is less than half as much."""
        before, self._behind = self._behind, self._track.behind_bytes
        self._until = self._track.read_bytes + self._behind
        return 2 * self._behind < before
