"""What an operator should know of a source's lines beside the counters, each with its cure."""

from __future__ import annotations

from collections.abc import Iterator

from twisted.logger import Logger

from logmond.ingest.intake import Intake

_log = Logger()


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
