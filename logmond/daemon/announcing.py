"""What a configuration says of itself goes to the log: warnings, and what servers' files hold."""

from __future__ import annotations

from twisted.logger import Logger

from logmond.config.loading import Loaded

_log = Logger()


def announce(loaded: Loaded, before: Loaded | None = None) -> None:
    """Log what stands out, and after a reload what did not stand there `before`."""
    known = {*before.warnings, *before.told} if before else set()
    for warning in loaded.warnings:
        if warning not in known:
            _log.warn("{warning}", warning=warning)
    for told in loaded.told:
        if told not in known:
            _log.info("{told}", told=told)
