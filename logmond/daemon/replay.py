"""Lines that were written long ago, merged by event time and evaluated as they come.

Every input is read in its own order, the one whose newest line is oldest first.
The evaluated second follows the least advanced input, less the delay, and runs
on to the newest second once all is read. Each second is evaluated exactly once.
Nothing here waits: whoever calls `step` decides how long. No reactor, no clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol

from logmond.daemon.evaluation import Evaluation
from logmond.daemon.inputs import Input
from logmond.stats.clock import Jump

CHUNK_BYTES = 128 * 1024

FIRST_BYTES = 4096
"""Read first of each of several inputs, to learn where it begins.

What lies far ahead of the evaluated second is held open, and of a quiet log a
whole chunk may be an hour.
"""

STILL_S = 2 * 86400
"""Seconds without a line after which the next one without a line changes nothing.

Windows are an hour at most, `for` and `hold` a day. One line with a stamp of
years ago must not hold up the daemon for hours.
"""


class Stream(Protocol):
    """Something that holds lines, oldest first."""

    @property
    def newest(self) -> int | None:
        """The newest second counted from it, None before there is one."""

    def pump(self, max_bytes: int) -> bool:
        """Read and hand over about `max_bytes`; True while there is more."""


class Replay:
    """One run over everything some streams hold."""

    def __init__(
        self,
        evaluation: Evaluation,
        delay_s: int,
        newest: Callable[[], int | None],
        evaluate: Callable[[int], None] | None = None,
    ) -> None:
        """Prepare.

        Args:
            evaluation: is moved along.
            delay_s: how far the evaluated second stays behind the streams.
            newest: the second up to which evaluation may run at the end; None
                where no line has told any yet.
            evaluate: begins a second, which every `step` goes on with; by
                default a second is evaluated at once.
        """
        self._begin_second = evaluate or (lambda second: evaluation.advance((second,)))
        self._evaluation = evaluation
        self._delay_s = delay_s
        self._newest = newest
        self._unfinished: list[tuple[Input, Stream]] = []
        self._reached_s: int | None = None
        self._still_s = 0
        self._steps: deque[tuple[int, Jump]] = deque()

    def read(self, member: Input, streams: Iterable[Stream]) -> None:
        """Read what `streams` hold, all of it of one input."""
        self._unfinished += [(member, stream) for stream in streams]
        self._note_who_is_behind()

    def forget(self, member: Input) -> None:
        """Read no more of an input: it was closed."""
        self._unfinished = [entry for entry in self._unfinished if entry[0] is not member]
        self._reached_s = None
        self._note_who_is_behind()

    def stepped(self, jump: Jump, lived: int) -> None:
        """A new epoch began while old lines were read.

        Args:
            jump: what the clock found.
            lived: the newest second there was to evaluate before it.
        """
        self._reached_s = None
        evaluated = self._evaluation.stats.evaluated
        if jump.stepped and evaluated is not None and evaluated >= min(lived, jump.to + 1):
            self._evaluation.jump(jump)
        elif jump.to <= lived:
            # These seconds come twice; what was counted of the first time stands there too.
            self._steps = deque(step for step in self._steps if step[1].to <= jump.to)
            self._evaluation.unobserved(jump.to + 1, replace(jump, to=lived))
        else:
            self._evaluation.unobserved(lived + 1, jump)
            if jump.stepped:
                self._steps.append((lived, jump))

    def step(self) -> bool:
        """One second evaluated, or a piece of one, or one chunk read; False when all is done."""
        if self._evaluation.work():
            return True
        evaluated = self._evaluation.stats.evaluated
        if evaluated is not None and self._may_follow(evaluated):
            if self._steps and evaluated >= self._steps[0][0]:
                self._step_over(evaluated)
            else:
                self._evaluate(evaluated + 1)
        elif self._unfinished:
            self._read()
        elif evaluated is None:
            newest = self._newest()
            if newest is None:
                return False
            self._begin(newest)
        else:
            return False
        return True

    def _may_follow(self, evaluated: int) -> bool:
        """Whether no stream can add lines to the next second any more, but late ones."""
        if self._reached_s is None or evaluated >= self._reached_s:
            self._reached_s = self._reached()
        return self._reached_s is not None and evaluated < self._reached_s

    def _reached(self) -> int | None:
        newest = self._newest()
        if not self._unfinished or newest is None:
            return newest
        return min(newest, min(one.newest or 0 for _, one in self._unfinished) - self._delay_s)

    def _evaluate(self, second: int) -> None:
        """Evaluate `second`, or the next one at which something can happen."""
        tiers = self._evaluation.stats.tiers
        self._still_s = 0 if tiers.second(second).cells else self._still_s + 1
        if self._still_s > STILL_S and self._reached_s is not None:
            until, oldest = self._reached_s, tiers.oldest_open()
            until = until if oldest is None else min(until, oldest)
            if until > second:
                self._evaluation.stats.jump(until - 1)
                second, self._still_s = until, 0
        self._begin_second(second)

    def _step_over(self, evaluated: int) -> None:
        """Seconds that the clock stepped over are not evaluated."""
        _, jump = self._steps.popleft()
        if jump.to > evaluated:
            self._evaluation.stats.jump(jump.to)

    def _read(self) -> None:
        """Read on where the oldest lines are."""
        member, stream = min(self._unfinished, key=lambda entry: entry[1].newest or 0)
        before = stream.newest
        first = before is None and len(self._unfinished) > 1
        going_on = stream.pump(min(FIRST_BYTES, CHUNK_BYTES) if first else CHUNK_BYTES)
        if not going_on:
            self._unfinished.remove((member, stream))
        if before is None or not going_on:
            self._note_who_is_behind()
        self._reached_s = None
        stats = self._evaluation.stats
        # What tells no second belongs beside what does, not to this moment.
        second = member.intake.kernel.oldest if before is None else stream.newest
        if second is None:
            second = self._newest() if stats.evaluated is None else stats.evaluated + 1
        if second is not None:
            self._evaluation.collect_one(member, second)
        if stats.evaluated is None and all(one.newest is not None for _, one in self._unfinished):
            oldest = stats.tiers.oldest_open()
            if oldest is not None:
                self._begin(oldest - 1)

    def _note_who_is_behind(self) -> None:
        """Tell the evaluation whose lines are old, and of whose not even that is known."""
        begun = self._evaluation.stats.evaluated is not None
        unfinished = self._unfinished
        self._evaluation.behind = {member.name for member, _ in unfinished}
        self._evaluation.unplaced = {
            member.name for member, one in unfinished if one.newest is None and not begun
        }

    def _begin(self, evaluated: int) -> None:
        """Let the second after `evaluated` be the first; what was read is believed from there."""
        self._evaluation.stats.start(evaluated)
        coverage = self._evaluation.stats.coverage
        for name in self._evaluation.inputs:
            if not coverage.known(name):
                coverage.observe(name, evaluated + 1)
