"""Standard output: a view for a person at a terminal, lines for the journal elsewhere.

On a terminal a summary of the last seconds every `every_s`, with the busiest
sections and the open alerts below, as plain lines: nothing is redrawn. Elsewhere
the event lines and one summary line a minute. Times are UTC. No clock: the
evaluated second is an argument.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from logmond.alerts import brief, render
from logmond.alerts.event import Event
from logmond.alerts.incident import Incident
from logmond.alerts.quantities import quantity
from logmond.frame.selector import Selector
from logmond.outputs.status import OutputStatus
from logmond.stats.results import Group, Summary
from logmond.telemetry import clock, size, span, window

TERMINAL, JOURNAL, PLAIN = "terminal", "journal", "plain"

QUIET_EVERY_S = 60
"""Seconds between two summaries where nobody sits before them."""

SECTIONS = 3
"""Busiest sections below a summary."""

ALERTS = 10
"""Open alerts repeated below a summary."""

_INFO = "<6>"


class Statistics(Protocol):
    """What is asked of `logmond.stats.service`."""

    def summary(
        self, window_s: int, where: Selector | None = None, by: str | None = None
    ) -> Summary:
        """What a window amounted to."""


class Lines(Protocol):
    """Where lines go (`logmond.outputs.linewriter`)."""

    dropped: int
    written: int
    written_at: float | None
    trouble: str

    def put(self, line: str) -> None:
        """Write a line, or drop and count it; never waits."""

    def close(self) -> None:
        """Write what waits."""


class Console:
    """The console output.

    Args:
        incidents: the open incidents, oldest first.
        lost: messages lost so far, over all sources.
        style: `TERMINAL`, `JOURNAL` or `PLAIN` (see `style_of`).
        every_s: seconds between two summaries on a terminal.
    """

    kind = "console"

    def __init__(
        self,
        name: str,
        lines: Lines,
        stats: Statistics,
        incidents: Callable[[], Sequence[Incident]],
        lost: Callable[[], int],
        *,
        style: str = PLAIN,
        every_s: int = 10,
    ) -> None:
        self.name = name
        self._lines = lines
        self._stats = stats
        self._incidents = incidents
        self._lost = lost
        self._style = style
        self._every_s = every_s if style == TERMINAL else QUIET_EVERY_S
        self._turn: int | None = None
        self._lost_before = lost()

    @property
    def dropped(self) -> int:
        """Lines that could not be written."""
        return self._lines.dropped

    @property
    def problem(self) -> str | None:
        """Why nothing can be written, or None."""
        trouble = self._lines.trouble
        return f"output {self.name}: cannot write: {trouble}" if trouble else None

    def status(self) -> OutputStatus:
        """How it is doing; its summaries count as sent, too."""
        return OutputStatus(
            self.name,
            self.kind,
            "retrying" if self._lines.trouble else "ok",
            self._lines.trouble,
            sent=self._lines.written,
            dropped=self.dropped,
            last_sent_at=self._lines.written_at,
        )

    def event(self, event: Event) -> None:
        """Write the event's line."""
        self._lines.put(render.journal(event) if self._style == JOURNAL else render.line(event))

    def tick(self, second: int) -> None:
        """Write the summary when it is due."""
        turn = second // self._every_s
        if turn == self._turn:
            return
        begun, self._turn = self._turn is not None, turn
        if begun:  # the first one began in the middle of its span
            prefix = _INFO if self._style == JOURNAL else ""
            for line in self._told(second):
                self._lines.put(prefix + line)

    def reopen(self) -> None:
        """Standard output is not ours to open."""

    def close(self) -> None:
        """Write what waits."""
        self._lines.close()

    def _told(self, second: int) -> Iterator[str]:
        """The summary as of `second`, and what stands below it on a terminal."""
        terminal = self._style == TERMINAL
        summary = self._stats.summary(self._every_s, by="section" if terminal else None)
        lost = self._lost()
        newly, self._lost_before = max(0, lost - self._lost_before), lost
        yield f"{clock(second).rstrip('Z')}  {headline(summary, newly)}"
        if not terminal:
            return
        yield from _sections(summary.groups[:SECTIONS])
        incidents = self._incidents()
        for incident in incidents[:ALERTS]:
            group = f" ({incident.group_text})" if incident.key else ""
            named = f"{incident.short_id} {incident.rule}{group}"
            yield f"  ! {named} {span(incident.lasted_s)}: {brief.standing(incident)}"
        if len(incidents) > ALERTS:
            yield f'  ! {len(incidents) - ALERTS:,} more are open: see "incidents"'


def headline(summary: Summary, lost: int) -> str:
    """A summary on one line, with what the operator must know before believing it."""
    over = f"last {window(summary.window_s)}"
    if summary.coverage == "empty" and not summary.hits:
        return f'{over}: no lines yet: see "sources" | lost {lost:,}'
    statuses = " ".join(
        f"{name} {hits:,}" for name, hits in summary.status.items() if hits or name != "1xx"
    )
    parts = [f"{over}: {summary.hits:,} hits {summary.hits_per_second:,.1f}/s", statuses]
    parts.append(size(summary.bytes))
    if summary.duration and "p95" in summary.duration:
        parts.append(f"p95 {quantity('seconds', summary.duration['p95'])}")
    parts.append(f"lost {lost:,}")
    if summary.coverage != "whole":
        parts.append(summary.coverage)
    return " | ".join(parts)


def _sections(groups: Sequence[Group]) -> Iterator[str]:
    shares = [f"{group.share:.0%}" for group in groups]
    width = max((len(group.key) for group in groups), default=0)
    share_width = max(map(len, shares), default=0)
    for group, share in zip(groups, shares, strict=True):
        failed = round((group.ratio_5xx or 0) * group.hits)
        errors = f"   5xx {failed:,}" if failed else ""
        yield f"  {group.key:<{width}}  {group.hits:>5,}  {share:>{share_width}}{errors}"


def style_of(descriptor: int, environ: Mapping[str, str]) -> str:
    """How lines to a descriptor should look.

    JOURNAL_STREAM names the journal's socket as ``device:inode``
    (systemd.exec(5)); a descriptor that was redirected since is another one.
    """
    if os.isatty(descriptor):
        return TERMINAL
    try:
        found = os.fstat(descriptor)
    except OSError:
        return PLAIN
    journal = environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"
    return JOURNAL if journal else PLAIN
