"""The daemon's own log on standard error: a line each, levels for the journal, nothing hostile."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import TextIO

from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    formatEvent,
    globalLogBeginner,
)
from zope.interface import implementer

from logmond.telemetry import moment, visible

# sd-daemon(3): what a line begins with when the journal reads it.
_PRIORITIES = {
    LogLevel.debug: "<7>",
    LogLevel.info: "<6>",
    LogLevel.warn: "<4>",
    LogLevel.error: "<3>",
    LogLevel.critical: "<2>",
}


@implementer(ILogObserver)
class LogLines:
    """Writes what concerns an operator: everything of ours, warnings of libraries."""

    def __init__(self, out: TextIO, *, journal: bool) -> None:
        self._out = out
        self._journal = journal

    def __call__(self, event: LogEvent) -> None:
        """Write one event; a traceback takes further lines."""
        level = event.get("log_level", LogLevel.info)
        ours = str(event.get("log_namespace", "")).startswith("logmond")
        if level < (LogLevel.info if ours else LogLevel.warn):
            return
        head = _PRIORITIES[level] if self._journal else f"{moment(time.time())} {level.name} "
        lines = [visible(formatEvent(event))]
        failure = event.get("log_failure")
        if failure is not None:
            lines += [visible(line) for line in failure.getTraceback().splitlines()]
        try:
            self._out.write("".join(f"{head}{line}\n" for line in lines))
            self._out.flush()
        except (OSError, ValueError):
            return  # nobody reads standard error any more; the daemon goes on


def begin(environ: Mapping[str, str]) -> None:
    """Send the log to standard error from now on."""
    journal = _is_journal(environ.get("JOURNAL_STREAM", ""))
    globalLogBeginner.beginLoggingTo(
        [LogLines(sys.stderr, journal=journal)],  # type: ignore[list-item]  # implements it by zope
        redirectStandardIO=False,
        discardBuffer=True,
    )


def _is_journal(stream: str) -> bool:
    """Whether standard error is the stream the journal reads (systemd.exec(5))."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return stream == f"{status.st_dev}:{status.st_ino}"
