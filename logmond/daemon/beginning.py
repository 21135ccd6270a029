"""Where a start takes up: the evaluated second, and from when on each source is believed.

Files hold what was written while nobody looked; what was sent meanwhile is
gone. A socket is believed from the second after it was opened, a file from
where it is read. No clock: the moment is an argument.
"""

from __future__ import annotations

from twisted.logger import Logger

from logmond.daemon.evaluation import Evaluation
from logmond.stats.clock import STEP_S, EvaluationClock, Jump
from logmond.telemetry import moment, span

_log = Logger()


def begin(
    evaluation: Evaluation,
    clock: EvaluationClock,
    evaluated: int | None,
    wall: float,
    backfill_s: int = 0,
) -> None:
    """Place the evaluated second, unless old files have to say where to begin.

    Args:
        evaluation: with its inputs opened, statistics and coverage as restored.
        clock: started at `wall`.
        evaluated: the second last evaluated by an earlier run, None without one.
        wall: now, in seconds since the epoch.
        backfill_s: seconds before now that somebody will fill.
    """
    newest, present = clock.target(wall), int(wall) + 1
    if evaluated is not None and clock.is_behind(evaluated, wall):
        evaluated = int(wall)
        evaluation.jump(Jump(evaluated, "the state is ahead of the clock"))
    elif evaluated is not None and newest - evaluated > STEP_S:
        _log.info(
            "the state ends {ago} ago, at {at}: what files hold since then is read now",
            ago=span(newest - evaluated),
            at=moment(evaluated),
        )
    old_files = any(_reads_old_files(evaluation, name) for name in evaluation.inputs)
    if evaluated is None and (backfill_s or not old_files):
        evaluated = newest - backfill_s
        evaluation.stats.start(evaluated)
    coverage = evaluation.stats.coverage
    for name, member in evaluation.inputs.items():
        if coverage.known(name):
            if member.files is None and evaluated is not None:
                coverage.gap(name, evaluated + 1, present - 1, "restart")
        elif backfill_s or _reads_old_files(evaluation, name):
            if evaluated is not None:
                coverage.observe(name, evaluated + 1)
        else:
            coverage.observe(name, present)


def _reads_old_files(evaluation: Evaluation, name: str) -> bool:
    member = evaluation.inputs[name]
    return member.files is not None and member.config.start == "beginning"
