"""Evaluating what is due in slices: a thousand rules do not hold the reactor.

A tick evaluates second after second; a second is done in pieces (see
`Evaluation.begin`), and after `SLICE_S` of them the reactor gets a turn. When
more is due than fits into a tick, the rest waits for the next one, so that
outputs, commits and the watchdog go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from twisted.internet.defer import Deferred

from logmond.daemon.evaluation import Evaluation

SLICE_S = 0.004
"""Seconds of work between two turns; a piece that is begun in time may take one more ms."""

TICK_S = 0.5
"""Seconds after which a tick begins no other second."""


class Turns:
    """One tick's seconds, evaluated with turns of the reactor between.

    `last` begins what is to be done behind them, before the tick is over.
    """

    def __init__(
        self,
        evaluation: Evaluation,
        reactor: Any,
        last: Callable[[], Iterable[None]] = lambda: (),
    ) -> None:
        self._evaluation = evaluation
        self._last = last
        self._ending = False
        self._reactor = reactor
        self._seconds: Iterator[int] = iter(())
        self._done: Deferred[None] = Deferred()
        self._call: Any = None
        self._enough = 0.0

    def run(self, seconds: Iterable[int]) -> Deferred[None]:
        """Evaluate `seconds` in order; fires when that is done, or enough for one tick."""
        self._seconds = iter(seconds)
        self._ending = False
        self._enough = self._reactor.seconds() + TICK_S
        done = self._done = Deferred()
        self._turn()
        return done

    def stop(self) -> None:
        """Finish the second that is under way, and begin no other."""
        self._seconds = iter(())
        self._evaluation.finish()
        if self._call is not None:
            self._call.cancel()
            self._call = None
            self._ended().callback(None)

    def _turn(self) -> None:
        self._call = None
        until = self._reactor.seconds() + SLICE_S
        try:
            while self._step():
                if self._reactor.seconds() > until:
                    self._call = self._reactor.callLater(0, self._turn)
                    return
        except Exception as error:
            self._ended().errback(error)
        else:
            self._ended().callback(None)

    def _ended(self) -> Deferred[None]:
        done, self._done = self._done, Deferred()
        return done

    def _step(self) -> bool:
        """One piece; False when the tick is over."""
        if self._evaluation.work():
            return True
        if self._ending:
            return False
        enough = self._reactor.seconds() > self._enough
        second = None if enough else next(self._seconds, None)
        if second is None:
            self._ending = True
            self._evaluation.gather(self._last())
        else:
            self._evaluation.begin(second)
        return True
