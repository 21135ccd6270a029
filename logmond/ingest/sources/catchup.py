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
        self._until = track.read_bytes + track.behind_bytes

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

        What is written meanwhile is left to the live follower, so that this ends.
        A file that cannot be read ends it too; its source says so.
        """
        try:
            more = self._track.pump(max_bytes)
        except (OSError, SourceError):
            more = False
        if more and self._track.read_bytes < self._until:
            return True
        self._done(self._track)
        return False
