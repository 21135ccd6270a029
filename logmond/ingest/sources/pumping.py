"""The tracks of a source that have something to read, read in turn, in short slices."""

from __future__ import annotations

from typing import Any

from logmond.errors import SourceError
from logmond.ingest.sources.cursor import CHUNK_BYTES
from logmond.ingest.sources.track import Track

_SLICE_S = 0.004
_LEAST_BYTES = 16 * 1024


class Pumping:
    """Reads tracks until nothing is new.

    A slice is as many bytes as are handed on within about 4 ms; it adapts to the
    machine and to what is behind the intake. `refused` tells by path what could
    not be read; it is tried again when the track is added again.
    """

    def __init__(self, reactor: Any) -> None:
        self.refused: dict[str, Exception] = {}
        self._reactor = reactor
        self._waiting: dict[Track, None] = {}
        self._held: set[Track] = set()
        self._slice_bytes = CHUNK_BYTES
        self._call: Any = None

    def add(self, track: Track) -> None:
        """Read a track when its turn comes."""
        self._waiting[track] = None

    def hold(self, track: Track) -> None:
        """Do not read a track until it is released: somebody else does."""
        self._held.add(track)

    def release(self, track: Track) -> None:
        """Read a track again, from the next look on."""
        self._held.discard(track)

    def start(self) -> None:
        """Read what waits, from the reactor's next turn on."""
        if self._call is None and self._waiting:
            self._call = self._reactor.callLater(0, self._turn)

    def stop(self) -> None:
        """Read no more."""
        self._waiting.clear()
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _turn(self) -> None:
        self._call = None
        seconds = self._reactor.seconds
        # Another slice is begun only if it is sure to end within 5 ms.
        deadline = seconds() + 0.001
        while self._waiting:
            track = next(iter(self._waiting))
            del self._waiting[track]
            if track in self._held:
                continue
            before = seconds()
            if self._pump(track):
                self._waiting[track] = None
                self._adapt(seconds() - before)
            if seconds() >= deadline:
                break
        self.start()

    def _pump(self, track: Track) -> bool:
        try:
            more = track.pump(self._slice_bytes)
        except (OSError, SourceError) as error:
            self.refused[track.path] = error
            return False
        self.refused.pop(track.path, None)
        return more

    def _adapt(self, taken_s: float) -> None:
        """Fit the slice to how long the last one took."""
        if taken_s > _SLICE_S:
            self._slice_bytes = max(_LEAST_BYTES, self._slice_bytes // 2)
        elif taken_s < _SLICE_S / 3:
            self._slice_bytes = min(CHUNK_BYTES, self._slice_bytes * 2)
