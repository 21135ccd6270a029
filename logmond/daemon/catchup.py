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

STILL_S = 2 * 86400
"""Seconds without a line after which the next one without a line changes nothing.

Windows are an hour at most, `for` and `hold` a day. One line with a stamp of
years ago must not hold up the daemon for hours.
"""


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
        self._still_s = 0

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
        """One second evaluated, or one chunk read; False when all is done."""
        stats = self._evaluation.stats
        if stats.evaluated is not None and stats.evaluated < self._reached():
            self._evaluate(stats.evaluated + 1)
        elif self._unfinished:
            self._read()
        elif stats.evaluated is None:
            self._begin(self._newest())
        else:
            return False
        return True

    def _reached(self) -> int:
        """The second up to which no file can add lines any more, but late ones."""
        newest = self._newest()
        if not self._unfinished:
            return newest
        return min(newest, min(one.newest or 0 for _, one in self._unfinished) - self._delay_s)

    def _evaluate(self, second: int) -> None:
        """Evaluate `second`, or the next one at which something can happen."""
        tiers = self._evaluation.stats.tiers
        self._still_s = 0 if tiers.second(second).cells else self._still_s + 1
        if self._still_s > STILL_S:
            until, oldest = self._reached(), tiers.oldest_open()
            until = until if oldest is None else min(until, oldest)
            if until > second:
                self._evaluation.stats.jump(until - 1)
                second = until
        self._evaluation.advance((second,))

    def _read(self) -> None:
        """Read on where the oldest lines are."""
        member, follower = min(self._unfinished, key=lambda entry: entry[1].newest or 0)
        if not follower.pump(CHUNK_BYTES):
            self._unfinished.remove((member, follower))
        self._evaluation.collect_one(member, follower.newest or self._newest())
        stats = self._evaluation.stats
        if stats.evaluated is None and all(one.newest is not None for _, one in self._unfinished):
            oldest = stats.tiers.oldest_open()
            if oldest is not None:
                self._begin(oldest - 1)

    def _begin(self, evaluated: int) -> None:
        """Let the second after `evaluated` be the first; what was read is believed from there."""
        self._evaluation.stats.start(evaluated)
        coverage = self._evaluation.stats.coverage
        for name in self._evaluation.inputs:
            if not coverage.known(name):
                coverage.observe(name, evaluated + 1)
