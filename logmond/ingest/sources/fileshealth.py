"""How the files of a source are doing, judged after every look at them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from logmond.errors import SourceError
from logmond.ingest.sources.access import refusal
from logmond.ingest.sources.patterns import covers, is_glob
from logmond.ingest.sources.seam import Health
from logmond.ingest.sources.track import Track

MISSING_S = 10.0
"""How long a followed file may be gone (rotation makes a new one) before its source is broken."""


class FilesHealth:
    """Collects what a look refuses; `health` is the verdict of the last whole look."""

    def __init__(self, patterns: Sequence[str], wall: Callable[[], float]) -> None:
        self.health = Health()
        self._patterns = patterns
        self._wall = wall
        self._refused: dict[str, Exception] = {}

    def begin(self) -> None:
        """A look begins."""
        self._refused = {}

    def refuse(self, path: str, error: Exception) -> None:
        """A file or directory cannot be read."""
        self._refused[path] = error

    def judge(
        self, tracks: Mapping[str, Track], unread: Mapping[str, Exception], now: float
    ) -> None:
        """The look is over.

        Args:
            tracks: what is followed, by path.
            unread: files that could not be read, by path.
            now: by the clock of the tracks.
        """
        state, reason, broken = self._verdict(tracks, {**unread, **self._refused}, now)
        if (state, reason) != (self.health.state, self.health.reason):
            self.health = Health(state, reason, self._wall(), broken)

    def _verdict(
        self, tracks: Mapping[str, Track], refused: Mapping[str, Exception], now: float
    ) -> tuple[str, str, bool]:
        if refused:
            path, error = next(iter(refused.items()))
            reason = _told(path, error)
            if len(refused) > 1:
                reason += f" (and {len(refused) - 1} more)"
            return "degraded", reason, True
        gone = self._gone(tracks, now)
        if gone:
            return "degraded", f"missing: {gone} was removed and has not come back", True
        waiting = [pattern for pattern in self._patterns if not _has_file(pattern, tracks)]
        if waiting:
            return "waiting", f"{', '.join(waiting)} does not exist yet", False
        return "ok", "", False

    def _gone(self, tracks: Mapping[str, Track], now: float) -> str | None:
        """A path configured by its name whose file went away. A glob's files come and go."""
        for pattern in self._patterns:
            track = None if is_glob(pattern) else tracks.get(pattern)
            if track is None or track.missing_since is None:
                continue
            if now - track.missing_since >= MISSING_S:
                return pattern
        return None


def _has_file(pattern: str, tracks: Mapping[str, Track]) -> bool:
    if not is_glob(pattern):
        return pattern in tracks
    return any(covers(pattern, path) for path in tracks)


def _told(path: str, error: Exception) -> str:
    if isinstance(error, OSError):
        return refusal(path, error)
    assert isinstance(error, SourceError)
    return f"unreadable: {error}"
