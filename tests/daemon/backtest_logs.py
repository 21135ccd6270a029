"""Lines of a log, a backtest over them, and what fired in it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from logmond.config.loading import loads
from logmond.config.trial import tried
from logmond.daemon.backtest import Backtest
from logmond.daemon.expectations import expected
from logmond.daemon.oldlogs import assigned
from logmond.ingest.scenarios import time_local
from logmond.ingest.sources.oldlog import OldLog
from logmond.interfaces.outcome import Outcome

T0 = 1_795_453_200
BUSY = {"name": "busy", "metric": "hits", "window": "10s", "above": 20, "hold": "5s"}


def lines(second: int, count: int = 1, section: str = "a", status: int = 200) -> bytes:
    """So many lines of one second."""
    stamp = time_local(T0 + second).decode()
    line = f'192.0.2.1 - - [{stamp}] "GET /{section}/x HTTP/1.1" {status} 10\n'
    return line.encode() * count


def run(
    logs: Sequence[Path],
    rules: Sequence[dict[str, Any]] = (BUSY,),
    sources: Sequence[dict[str, Any]] = (),
    *,
    trials: Sequence[str] = (),
    expect: Sequence[str] = (),
    named: str | None = None,
    **more: Any,
) -> Outcome:
    """What a backtest finds."""
    whole: dict[str, Any] = {"node": "test", "rules": list(rules)}
    if sources:
        whole["sources"] = list(sources)
    trial = tried(loads(yaml.safe_dump(whole), "test", {}).config, trials)
    wanted = expected(expect, [rule.name for rule in trial.config.rules])
    backtest = Backtest(
        trial,
        assigned([OldLog(str(log)) for log in logs], trial.config, named),
        wall=lambda: T0 + 1e6,
        **more,
    )
    backtest.run()
    return backtest.outcome("test", wanted)


def fired(outcome: Outcome) -> list[tuple[str, int, int | None]]:
    """(rule, begin, end) of every incident, as seconds since T0."""
    return [
        (
            ran.event.rule,
            ran.event.triggered_at - T0,
            None if ran.ended_at is None else ran.ended_at - T0,
        )
        for ran in outcome.incidents
    ]
