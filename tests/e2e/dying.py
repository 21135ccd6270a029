"""The program given, which ends itself as a crash would when it evaluates a certain second.

Run with the interpreter and arguments of the real one behind it; without
``DIES_AT`` it is that program. A kill from outside comes whenever the
machine gets to it; this one comes where the test wants it, on any machine.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import time
from typing import Any

from twisted.internet.defer import Deferred

from logmond.daemon.evaluation import Evaluation
from logmond.stores.rows import Changes
from logmond.stores.sqlite import SqliteState

TICK_S = 1.0


def dies(_: Any = None) -> None:
    """No handler runs, nothing is written out."""
    os.kill(os.getpid(), signal.SIGKILL)


def commits_at(second: int, kept: bool) -> None:
    """Die before `second` is evaluated or, with `kept`, once a commit of that moment is written."""
    begin, commit = Evaluation.begin, SqliteState.commit
    held = False

    def begins(self: Evaluation, evaluated: int) -> None:
        nonlocal held
        if evaluated >= second and not kept:
            dies()
        if evaluated >= second and not held:
            held = True
            time.sleep(TICK_S)  # the next tick is overdue: its commit comes before more is read
        begin(self, evaluated)

    def committed(self: SqliteState, changes: Changes) -> Deferred[None]:
        done = commit(self, changes)
        return done.addCallback(dies) if held else done

    Evaluation.begin = begins
    SqliteState.commit = committed


if __name__ == "__main__":
    if "DIES_AT" in os.environ:
        commits_at(int(os.environ["DIES_AT"]), "DIES_KEPT" in os.environ)
    sys.argv = sys.argv[3:]  # python -m logmond
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
