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
    """What a tick brings: the seconds to evaluate, in order, or a jump to a new epoch.

    `jump` is the second the new epoch begins after, and `reason` says why;
    both None within an epoch.
    """

    seconds: range
    jump: int | None = None
    reason: str | None = None


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

    def tick(self, evaluated: int, monotonic: float, wall: float) -> Due:
        """The seconds due after `evaluated`."""
        offset = wall - monotonic
        step, late = offset - self._offset, monotonic - self._last_tick
        self._offset, self._last_tick = offset, monotonic
        newest = self.target(wall)
        if abs(step) > STEP_S:
            return Due(range(0), newest, f"the clock stepped by {step:+.0f}s")
        if late > STEP_S:
            return Due(range(0), newest, f"nothing ran for {late:.0f}s")
        if late > LATE_S and self._settled_at is None:
            self._settled_at = monotonic + SETTLE_S
        if self._settled_at is not None and monotonic < self._settled_at:
            return Due(range(0))
        self._settled_at = None
        if evaluated - newest > STEP_S:
            return Due(range(0), newest, f"the clock is {evaluated - newest}s behind the state")
        return Due(range(evaluated + 1, min(newest, evaluated + MAX_DUE) + 1))
