"""Catching up: what files already hold is read by event time, and evaluated as it comes.

At a start, files may hold hours that nobody has seen. They are merged by event
time, each in its own order: the file whose newest line is oldest is read next,
and the evaluated second follows the least advanced file, less the delay. Then
it runs on to the present. Slices are short, so that sockets are served between.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from twisted.internet.defer import Deferred

from logmond.daemon.evaluation import Evaluation
from logmond.daemon.inputs import Input

SLICE_S = 0.005
"""Seconds of work between two turns of the reactor."""

CHUNK_BYTES = 128 * 1024


class CatchUp:
    """One run over everything the followed files hold."""

    def __init__(
        self,
        evaluation: Evaluation,
        delay_s: int,
        newest: Callable[[], int],
        reactor: Any,
    ) -> None:
        """Prepare.

        Args:
            evaluation: is moved along.
            delay_s: how far the evaluated second stays behind the files.
            newest: the second up to which evaluation may run at the end.
            reactor: gives turns.
        """
        self._evaluation = evaluation
        self._delay_s = delay_s
        self._newest = newest
        self._reactor = reactor
        self._unfinished: list[tuple[Input, Any]] = []
        self.done: Deferred[None] = Deferred(self._cancel)
        self._call: Any = None

    def run(self) -> None:
        """Read everything; `done` fires when the evaluated second has reached the present."""
        for member in self._evaluation.inputs.values():
            if member.files is not None:
                self._unfinished += [(member, one) for one in member.files.catch_up()]
        self._turn()

    def _cancel(self, _: Deferred[None]) -> None:
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _turn(self) -> None:
        self._call = None
        until = monotonic() + SLICE_S
        try:
            while self._step():
                if monotonic() > until:
                    self._call = self._reactor.callLater(0, self._turn)
                    return
        except Exception as error:
            self.done.errback(error)
            return
        self.done.callback(None)

    def _step(self) -> bool:
        """One chunk, or some seconds; False when all is done."""
        if self._unfinished:
            self._read()
            return True
        evaluated, newest = self._evaluation.stats.evaluated, self._newest()
        if evaluated is None:
            self._evaluation.stats.start(newest)
            return False
        last = min(newest, evaluated + 60)
        self._evaluation.advance(range(evaluated + 1, last + 1))
        return last < newest

    def _read(self) -> None:
        """Read on where the oldest lines are; evaluate what no file can add to any more."""
        stats = self._evaluation.stats
        entry = min(self._unfinished, key=lambda entry: entry[1].newest or 0)
        member, follower = entry
        if not follower.pump(CHUNK_BYTES):
            self._unfinished.remove(entry)
        self._evaluation.collect_one(member, follower.newest or self._newest())
        if stats.evaluated is None:
            if any(one.newest is None for _, one in self._unfinished):
                return
            oldest = stats.tiers.oldest_open()
            if oldest is None:
                return
            stats.start(oldest - 1)
            for name in self._evaluation.inputs:
                stats.coverage.observe(name, oldest)
        if not self._unfinished:
            return
        reached = min(one.newest or 0 for _, one in self._unfinished) - self._delay_s
        evaluated = stats.evaluated or 0
        if reached > evaluated:
            self._evaluation.advance(range(evaluated + 1, min(reached, self._newest()) + 1))
