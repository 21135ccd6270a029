"""What a configuration says of itself is in the log, after a reload what is new of it."""

from __future__ import annotations

from twisted.logger import LogEvent, globalLogPublisher

from logmond.config.loading import Loaded, loads
from logmond.daemon.announcing import announce


def _loaded(*files: str) -> Loaded:
    listed = ", ".join(files)
    return loads(f"sources: [{{name: web, files: [{listed}]}}]", "l.yaml", {})


def _told(loaded: Loaded, before: Loaded | None = None) -> list[str]:
    events: list[LogEvent] = []
    globalLogPublisher.addObserver(events.append)
    try:
        announce(loaded, before)
    finally:
        globalLogPublisher.removeObserver(events.append)
    return [str(event.get("warning", event.get("told"))) for event in events]


def test_a_reload_tells_only_what_is_new() -> None:
    """A warning that was told at the start is not told at every reload."""
    old, new = _loaded("one.log"), _loaded("one.log", "two.log")
    (first,) = _told(old)
    assert "one.log depends on the directory" in first
    (second,) = _told(new, old)
    assert "two.log depends on the directory" in second
    assert _told(new, new) == []
