"""The verb `backtest`: logs opened and assigned, rules tried, the outcome told, an exit code."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TextIO

from logmond.config.loading import load
from logmond.config.trial import tried
from logmond.daemon.backtest import Backtest
from logmond.daemon.expectations import expected
from logmond.daemon.oldlogs import Assigned, assigned
from logmond.errors import ConfigError, Problem
from logmond.ingest.sources.oldlog import STDIN, OldLog
from logmond.interfaces.backtest import FORMS
from logmond.interfaces.outcome import Outcome
from logmond.interfaces.progress import Progress
from logmond.stores.history import open_history
from logmond.telemetry import moment, visible

FAILED, INTERRUPTED = 1, 130

_EPOCH = re.compile(r"@?(\d{9,11})")


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line."""

    logs: Sequence[str]
    config: str | None = None
    sets: Sequence[str] = ()
    source: str | None = None
    history: str | None = None
    rules: Sequence[str] = ()
    expect: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    per_day: float = 1.0
    form: str = "text"
    quiet: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, arguments: Any, environ: Mapping[str, str]) -> Request:
        """What a parsed command line asks for."""
        return cls(
            logs=arguments.logs,
            config=arguments.config,
            sets=arguments.set,
            source=arguments.source,
            history=arguments.history,
            rules=arguments.rules,
            expect=arguments.expect,
            since=arguments.since,
            until=arguments.until,
            per_day=arguments.per_day,
            form=arguments.format,
            quiet=arguments.quiet,
            environ=environ,
        )


def backtest(request: Request, out: TextIO, said: TextIO) -> int:
    """Run it; 0, or 1 where an expectation does not hold or a log could not be read.

    Raises:
        ConfigError: the configuration or an option cannot be used.
        SourceError: a log cannot be opened.
        StateError: the state file of `history` cannot be read.
    """
    loaded = load(request.config, request.environ, request.sets)
    trial = tried(loaded.config, request.rules)
    wanted = expected(request.expect, [rule.name for rule in trial.config.rules])
    since, until = _moment("--since", request.since), _moment("--until", request.until)
    if since is not None and until is not None and until <= since:
        message = f"is not after --since {moment(since)}"
        raise ConfigError([Problem("--until", str(request.until), message)])
    if not 0 <= request.per_day < float("inf"):
        message = "must be a number of alerts, 0 or more"
        raise ConfigError([Problem("--per-day", str(request.per_day), message)])
    history = open_history(request.history) if request.history else None
    found = assigned(_opened(request.logs), trial.config, request.source)
    if not request.quiet:
        _say(said, found)
    run = Backtest(trial, found, since=since, until=until, history=history)
    interrupted = False
    progress = Progress(said, run, shown=not request.quiet and said.isatty())
    try:
        run.run(progress.look)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        progress.clear()
        if history is not None:
            history.close()
    name = request.config or "the built-in settings"
    outcome = run.outcome(name, wanted, request.per_day, interrupted=interrupted)
    for line in FORMS[request.form](outcome):
        out.write(line + "\n")
    out.flush()
    return INTERRUPTED if interrupted else _code(outcome, said)


def _opened(paths: Sequence[str]) -> list[OldLog]:
    if list(paths).count(STDIN) > 1:
        raise ConfigError([Problem("LOG", STDIN, "standard input can be read only once")])
    logs: list[OldLog] = []
    try:
        for path in paths:
            logs.append(OldLog(path))
            _refuse_twice(logs)
    except BaseException:
        for log in logs:
            log.close()
        raise
    return logs


def _refuse_twice(logs: Sequence[OldLog]) -> None:
    """The newest must be no other name of one before: its lines would count twice."""
    *before, newest = logs
    for log in before:
        if newest.identity is not None and newest.identity == log.identity:
            same = (
                "is given twice" if log.path == newest.path else f"is the same file as {log.path}"
            )
            raise ConfigError([Problem("LOG", newest.path, same)])


def _say(said: TextIO, found: Sequence[Assigned]) -> None:
    for one in found:
        print(visible(one.sentence), file=said)


def _code(outcome: Outcome, said: TextIO) -> int:
    """The exit code, having said why it is not 0."""
    for log in outcome.faults:
        print(f"logmond: {visible(log.path)}: {visible(log.fault)}", file=said)
    for one in outcome.expectations:
        if not one.held:
            whom = f"rule {one.rule}" if one.rule else "all rules"
            there = "there was 1" if one.fired == 1 else f"there were {one.fired:,}"
            tested = "was not" if one.rule else "none was"
            told = f"{tested} tested: {one.why}" if one.why else there
            print(f"logmond: expected {one.wanted} of {whom}, but {told}", file=said)
    failed = outcome.faults or any(not one.held for one in outcome.expectations)
    return FAILED if failed else 0


def _moment(option: str, text: str | None) -> int | None:
    """An epoch second of a date, a date with a time (UTC unless it says otherwise), or a number."""
    if text is None:
        return None
    number = _EPOCH.fullmatch(text.strip())
    if number is not None:
        return int(number[1])
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        message = "must be a moment such as 2026-11-23, 2026-11-23T17:00 or 2026-11-23T17:00:00Z"
        raise ConfigError([Problem(option, text, message)]) from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
