"""What an operator should know of a source's lines beside the counters, each with its cure."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.logger import Logger

from logmond.ingest.intake import Intake
from logmond.ingest.servers.files import Snapshot

_log = Logger()

LOOK_TICKS = 10
"""Seconds between two looks at the configuration of a server."""


def notes_of(intake: Intake, spec: str, now: float) -> Iterator[str]:
    """Everything that stands out.

    Args:
        spec: the source's ``format`` as configured.
        now: epoch seconds.
    """
    yield from intake.clocks.notes(now)
    suspects = intake.ledger.totals["truncated_suspect"]
    if suspects:
        yield (
            f"{suspects:,} messages of exactly 1024, 2048 or 8192 bytes, as senders cut them: "
            'HAProxy "log ... len 8192", logger -S 65000, rsyslog $MaxMessageSize 64k, '
            "syslog-ng log-msg-size(65536)"
        )
    if any(times > 1 for times in intake.kernel.directives.values()):
        yield (
            "its #Fields: lines contradict each other: files that differ in their fields must be "
            "sources of their own, or lines are misread"
        )
    yield from _formats_seen(intake, spec)


def _formats_seen(intake: Intake, spec: str) -> Iterator[str]:
    """Which formats the lines had: nothing is guessed in silence."""
    seen = intake.kernel.by_format
    total = sum(seen.values())
    if total and spec == "auto":
        parts = [f"{name} {hits / total:.1%}" for name, hits in seen.most_common(3)]
        yield f"format auto: {', '.join(parts)} of {total:,} lines"


class ClockWarnings:
    """Warns in the log of each sender's clock once, and again after it was right."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._warned: set[str] = set()

    def look(self, intake: Intake, now: float) -> None:
        """Compare with the last look."""
        off = {clock.sender: clock for clock in intake.clocks.clocks(now) if clock.off}
        for sender in off.keys() - self._warned:
            _log.warn("source {name}: {told}", name=self._source, told=off[sender].told)
        self._warned = set(off)


class ServerWatch:
    """Notices that a server's configuration is not as it was when a source was made of it."""

    def __init__(self, source: str, read: Snapshot) -> None:
        self._source = source
        self._read = read
        self._until_next = LOOK_TICKS
        self._changed: str | None = None

    def tick(self) -> None:
        """A second has passed; look at the files now and then."""
        self._until_next -= 1
        if self._until_next or not self._read.files:
            return
        self._until_next = LOOK_TICKS
        before, self._changed = self._changed, self._read.changed()
        if self._changed is not None and before is None:
            _log.warn("source {name}: {told}", name=self._source, told=self.notes[0])

    @property
    def notes(self) -> list[str]:
        """What to do about it, if anything."""
        if self._changed is None:
            return []
        return [f"{self._changed} changed since it was read; reload to follow what it says now"]
