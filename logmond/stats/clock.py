"""The one evaluation clock: which seconds are due, and when time itself broke.

Theory of operation. Timers run on monotonic time. Wall time is monotonic time
plus an offset read at every tick; small corrections are followed. A step of
more than `STEP_S`, or a tick that comes more than `STEP_S` late (a suspended
machine, a stopped process), begins a new *epoch*: what lies between is not
evaluated. Within an epoch the evaluated second E is whole and never decreases,
and every second up to ``wall - delay`` is due exactly once. After a tick that
comes late, though not by a step, nothing is due for `SETTLE_S`: timers run
before sockets are read, and the seconds that were missed lie there unread. No
clock is read here: both times are arguments.
"""

from __future__ import annotations

from dataclasses import dataclass

STEP_S = 5.0
"""Seconds of disagreement that make a new epoch."""

LATE_S = 1.5
"""Seconds between two ticks from which on what was missed is read first."""

SETTLE_S = 0.5
"""Seconds of reading; a socket's buffer holds a fraction of that."""

MAX_DUE = 3600
"""Seconds handed out at one tick; a longer arrear is worked off over several."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a tick brings: the seconds to evaluate, in order, or a jump to a new epoch."""

    seconds: range
    jump: Jump | None = None


@dataclass(frozen=True, slots=True)
class Jump:
    """A new epoch: evaluation goes on after second `to`, because of `reason`.

    After a step that is the present: until now lines carried stamps of the
    time before it, so there is nothing to evaluate for as long as the delay.
    `stepped` is false where the clock was right and nobody looked: files hold
    those seconds.
    """

    to: int
    reason: str
    stepped: bool = True


class EvaluationClock:
    """Turns ticks into evaluated seconds.

    Args:
        delay_s: seconds a line may be under way before its second is evaluated.
        monotonic: now, in seconds.
        wall: now, in seconds since the epoch.
    """

    def __init__(self, delay_s: float, monotonic: float, wall: float) -> None:
        self.delay_s = delay_s
        self._offset = wall - monotonic
        self._last_tick = monotonic
        self._settled_at: float | None = None

    def target(self, wall: float) -> int:
        """The newest second that may be evaluated at a moment."""
        return int((wall - self.delay_s) // 1)

    def is_behind(self, evaluated: int, wall: float) -> bool:
        """Whether the clock must have been set back since `evaluated` was evaluated.

        With a longer delay than before a restart it only has to wait.
        """
        return evaluated - self.target(wall) > self.delay_s + STEP_S

    def tick(self, evaluated: int, monotonic: float, wall: float) -> Due:
        """The seconds due after `evaluated`."""
        offset = wall - monotonic
        step, late = offset - self._offset, monotonic - self._last_tick
        self._offset, self._last_tick = offset, monotonic
        newest = self.target(wall)
        if abs(step) > STEP_S:
            return _jump(int(wall), f"the clock stepped by {step:+.0f}s")
        if late > STEP_S:
            return Due(range(0), Jump(newest, f"nothing ran for {late:.0f}s", stepped=False))
        if late > LATE_S and self._settled_at is None:
            self._settled_at = monotonic + SETTLE_S
        if self._settled_at is not None and monotonic < self._settled_at:
            return Due(range(0))
        self._settled_at = None
        if self.is_behind(evaluated, wall):
            return _jump(int(wall), "the clock is behind the state")
        return Due(range(evaluated + 1, min(newest, evaluated + MAX_DUE) + 1))


def _jump(to: int, reason: str) -> Due:
    return Due(range(0), Jump(to, reason))
