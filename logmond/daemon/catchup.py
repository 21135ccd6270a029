"""Catching up: what files already hold is read by event time, and evaluated as it comes.

At a start, files may hold hours that nobody has seen. They are replayed (see
`logmond.daemon.replay`), then evaluation runs on to the present. Slices are
short, so that sockets are served between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic
from typing import Any

from twisted.internet.defer import Deferred

from logmond.daemon.evaluation import Evaluation
from logmond.daemon.inputs import Input
from logmond.daemon.replay import Replay
from logmond.stats.clock import Jump

SLICE_S = 0.005
"""Seconds of work between two turns of the reactor."""


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
        self._replay = Replay(evaluation, delay_s, newest, evaluation.begin)
        self._reactor = reactor
        self.done: Deferred[None] = Deferred(self._cancel)
        self._call: Any = None

    def run(self) -> None:
        """Read everything; `done` fires when the evaluated second has reached the present."""
        self._read(self._evaluation.inputs.values())
        self._turn()

    def exchange(self, closed: Iterable[Input], opened: Iterable[Input]) -> None:
        """Inputs were closed and others opened, which go on in the same files."""
        for member in closed:
            self._replay.forget(member)
        self._read(opened)

    def stepped(self, jump: Jump, lived: int) -> None:
        """A new epoch began meanwhile (see `Replay.stepped`)."""
        self._replay.stepped(jump, lived)

    def _read(self, members: Iterable[Input]) -> None:
        for member in members:
            if member.files is not None:
                self._replay.read(member, member.files.catch_up())

    def _cancel(self, _: Deferred[None]) -> None:
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _turn(self) -> None:
        self._call = None
        until = monotonic() + SLICE_S
        try:
            while self._replay.step():
                if monotonic() > until:
                    self._call = self._reactor.callLater(0, self._turn)
                    return
        except Exception as error:
            self.done.errback(error)
            return
        self.done.callback(None)
