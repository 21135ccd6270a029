"""The daemon itself: `status`, `version`, `config`, `reload`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.python.failure import Failure

from logmond.errors import LogmondError, QueryError
from logmond.interfaces.admin import text
from logmond.interfaces.admin.answer import Answer
from logmond.interfaces.admin.command import Asked, Command, always
from logmond.interfaces.reloading import Changes
from logmond.interfaces.surface import DaemonStatus
from logmond.telemetry import clock, moment, size, span

REFUSED = "configuration_refused"
"""The code of a reload that left the old configuration running."""

REFUSED_TEXT = "the configuration is broken, the old one stays in use:"
"""How the reason of such an error begins."""

IN_PART = "reloaded_in_part"
"""The code of a reload of which something could not be put to use."""

IN_PART_TEXT = "reloaded, but not all of it could be put to use:"
"""How the reason of such an error begins."""


def run_status(asked: Asked) -> Answer:
    """``status``."""
    found = asked.surface.status()
    at = found.evaluated_at
    data = {
        "version": found.version,
        "node": found.node,
        "uptime_s": int(found.uptime_s),
        "state": found.state,
        "reasons": list(found.reasons),
        "kernel": found.kernel,
        "memory_bytes": found.memory_bytes,
        "memory_limit_bytes": found.memory_limit_bytes,
        "lines_per_second": found.lines_per_second,
        "incidents_open": found.incidents_open,
        "evaluated_at": None if at is None else moment(at),
        "history": _history(found),
    }
    return Answer(data, _status_lines(found))


def _history(found: DaemonStatus) -> dict[str, object] | None:
    kept = found.history
    if kept is None:
        return None
    return {
        "since": None if kept.since is None else moment(kept.since),
        "used_bytes": kept.used_bytes,
        "max_bytes": kept.max_bytes,
        "crowded_out": kept.crowded_out,
        "late_dropped": found.late_dropped,
        "damaged": kept.damaged,
        "problem": kept.problem,
    }


def _history_fields(found: DaemonStatus) -> Iterator[tuple[str, str]]:
    """What is kept of the past, and what is missing there."""
    kept = found.history
    if kept is None:
        yield "history", "none is kept"
        return
    since = "no minute yet" if kept.since is None else f"since {moment(kept.since)}"
    bound = "" if kept.max_bytes is None else f" / {size(kept.max_bytes)}"
    yield "history", f"{since}, {size(kept.used_bytes)}{bound}"
    if kept.crowded_out:
        yield "history cut", f"{kept.crowded_out:,} minutes and incidents, for history.max_size"
    if found.late_dropped:
        yield "history short", f"{found.late_dropped:,} late lines are in no minute of it"
    if kept.damaged:
        yield "history damaged", f"{kept.damaged:,} rows were left out"


def _status_lines(found: DaemonStatus) -> Iterator[str]:
    if found.state == "ok":
        yield "ok"
    for reason in found.reasons if found.state != "ok" else ():
        yield f"{found.state}: {reason}"
    if found.state != "ok" and not found.reasons:
        yield found.state
    at = found.evaluated_at
    yield from text.fields(
        [
            ("version", f"{found.version} on {found.node}"),
            ("uptime", span(found.uptime_s)),
            ("kernel", found.kernel),
            ("memory", f"{size(found.memory_bytes)} / {size(found.memory_limit_bytes)}"),
            ("lines/s", text.rate(found.lines_per_second)),
            ("open incidents", f"{found.incidents_open:,}"),
            ("evaluated up to", "nothing yet" if at is None else clock(at)),
            *_history_fields(found),
        ]
    )


def run_version(asked: Asked) -> Answer:
    """``version``."""
    version = asked.surface.status().version
    return Answer({"version": version}, [f"logmond {version}"])


def run_config(asked: Asked) -> Answer:
    """``config``."""
    lines = asked.surface.config()
    data = [{"key": line.key, "value": line.value, "origin": line.origin} for line in lines]
    rows = [(line.key, _value(line.value), line.origin) for line in lines]
    # One pasted log format must not push every origin off the screen.
    return Answer(data, text.table(("key", "value", "origin"), rows, "<<<", most=48))


def _value(value: object) -> str:
    """A value of any kind on one line; empty text would look like a missing column."""
    return str(value) if str(value) else '""'


def run_reload(asked: Asked) -> Deferred[Answer]:
    """``reload``."""

    def done(changes: Sequence[str]) -> Answer:
        if isinstance(changes, Changes) and changes.problems:
            problems = "\n".join(changes.problems)
            raise QueryError(IN_PART, f"{IN_PART_TEXT}\n{problems}")
        return Answer({"reloaded": True, "changes": list(changes)}, ["reloaded", *changes])

    def refused(failure: Failure) -> Answer:
        try:
            failure.raiseException()
        except QueryError:  # it is no fault of the configuration
            raise
        except LogmondError as problem:
            raise QueryError(REFUSED, f"{REFUSED_TEXT}\n{problem}") from problem

    return maybeDeferred(asked.surface.reload).addCallbacks(done, refused)


STATUS = Command("status", "status", "ok or degraded, and why", "status", run_status)
VERSION = Command("version", "version", "the version of logmond", "version", run_version)
CONFIG = Command("config", "config", "every value and its origin", "config", run_config)
RELOAD = Command(
    "reload", "reload", "read the configuration again", "reload", run_reload, writes=always
)
