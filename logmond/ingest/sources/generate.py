"""``logmond generate``: synthetic access lines, stamped now, at a steady rate.

Line k is due k/rate seconds after the start, by the reactor's monotonic clock:
a late turn sends what it owes, so the rate does not drift. The scenario's
events multiply the rate. The n-th line of a seed is the same in every run; only
where an event of the scenario begins or ends does that depend on the moment.
"""

from __future__ import annotations

import math
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from twisted.internet.defer import Deferred

from logmond.errors import ConfigError, LogmondError, Problem
from logmond.ingest.scenarios import SCENARIOS, Scenario, mixed_hits, time_local
from logmond.ingest.sources.targets import Target, open_target
from logmond.ingest.traffic import TEMPLATES, Hit

TICK_S = 0.01
"""Seconds between two turns at high rates."""

TURN_LINES = 500
"""Lines sent in one turn of the reactor, a few milliseconds' worth."""

GRACE_S = 5.0
"""Seconds a slow target is waited for when the time is over."""

DEBT_S = 2.0
"""Seconds' worth of lines that are made up for; a longer arrear (a stalled target, a suspended
machine) is given up, and counted."""

_BLOCK_HITS = 256


@dataclass(frozen=True, slots=True)
class Generated:
    """What was done: lines taken by the target, seconds it took, lines nobody listened for.

    `unsent` lines were due, but could not be made or delivered in time.
    """

    lines: int
    seconds: float
    refused: int
    unsent: int

    def __str__(self) -> str:
        rate = self.lines / self.seconds if self.seconds else 0.0
        text = f"{self.lines:,} lines in {self.seconds:.1f}s ({rate:,.1f}/s)"
        if self.unsent:
            text += f", {self.unsent:,} more were due: the target or this machine is too slow"
        if self.refused:
            text += f", {self.refused:,} refused: nobody listens there"
        return text


class Pace:
    """How many lines are due: `rate` a second, times the scenario's intensity."""

    def __init__(
        self, rate: float, seconds: float | None, intensity: Callable[[int], float]
    ) -> None:
        self.total: int | None = None
        """Lines due when it is over, None when it never is."""
        self._rate = rate
        self._intensity = intensity
        if seconds is not None:
            whole = sum(intensity(second) for second in range(int(seconds)))
            part = (seconds - int(seconds)) * intensity(int(seconds))
            self.total = math.ceil(rate * (whole + part) - 1e-6)
        self._second = 0
        self._before = 0.0

    def due(self, elapsed_s: float) -> int:
        """Lines due by now; `elapsed_s` must not decrease between calls."""
        while self._second < int(elapsed_s):
            self._before += self._rate * self._intensity(self._second)
            self._second += 1
        made = self._before + self.rate * (elapsed_s - self._second)
        lines = int(made + 1e-6) + 1
        return lines if self.total is None else min(lines, self.total)

    @property
    def rate(self) -> float:
        """Lines a second at the moment of the last `due`."""
        return self._rate * self._intensity(self._second)

    def wait_s(self, done: int, elapsed_s: float) -> float:
        """Seconds until line `done` (from 0) is due, at least `TICK_S` and at most one."""
        made = self._before + self.rate * (elapsed_s - self._second)
        return min(1.0, max(TICK_S, (done - made) / self.rate))


class Generator:
    """Sends paced lines of a scenario to a target until its time is over or it is stopped."""

    def __init__(
        self,
        target: Target,
        rate: float,
        *,
        reactor: Any,
        seconds: float | None,
        seed: int,
        scenario: Scenario,
        form: str,
        wall: Callable[[], float],
    ) -> None:
        self.sent = 0
        self._target = target
        self._reactor = reactor
        self._seconds = seconds
        self._pace = Pace(rate, seconds, scenario.intensity)
        self._scenario = scenario
        self._rng = random.Random(f"{scenario.name}/{seed}")
        self._template, self._taken = TEMPLATES[form]
        self._wall = wall
        self._started = 0.0
        self._owed = 0
        self._given_up = 0
        self._call: Any = None
        self._drawn: deque[Hit] = deque()
        self._drawn_as: object = None
        self._finished: Deferred[Generated] = Deferred(self._cancelled)

    def start(self) -> Deferred[Generated]:
        """Begin; fires when the time is over, or when it is cancelled.

        Fails with the SourceError or BrokenPipeError of a target that takes no more.
        """
        self._started = self._reactor.seconds()
        self._call = self._reactor.callLater(0, self._turn)
        return self._finished

    def _cancelled(self, finished: Deferred[Generated]) -> None:
        """End now; what the target has taken it still delivers while the reactor runs."""
        finished.callback(self._done())
        if self._call is not None:
            self._call.cancel()
            self._call = None
            self._end()

    def _turn(self) -> None:
        self._call = None
        elapsed = self._reactor.seconds() - self._started
        owed = self._pace.due(elapsed) - self.sent - self._given_up
        too_many = owed - max(TURN_LINES, int(DEBT_S * self._pace.rate))
        if too_many > 0:
            self._given_up += too_many
            owed -= too_many
        try:
            blocked = owed > 0 and not self._send(int(elapsed), min(owed, TURN_LINES))
        except (LogmondError, BrokenPipeError) as error:
            self._end(error)
            return
        owed = self._owed = self._pace.due(elapsed) - self.sent - self._given_up
        left = math.inf if self._seconds is None else self._seconds - elapsed
        if left <= (0 if owed <= 0 else -GRACE_S):
            self._end()
            return
        if owed > 0:
            delay = TICK_S if blocked else 0.0
        else:
            delay = min(left, self._pace.wait_s(self.sent + self._given_up, elapsed))
        self._call = self._reactor.callLater(delay, self._turn)

    def _send(self, offset: int, count: int) -> bool:
        """Send up to `count` lines; whether the target took all of them."""
        doing = (self._scenario.actors(offset), self._scenario.outage(offset))
        if doing != self._drawn_as:
            self._drawn.clear()
            self._drawn_as = doing
        while len(self._drawn) < count:
            self._drawn.extend(mixed_hits(self._scenario, self._rng, offset, _BLOCK_HITS))
        second = int(self._wall())
        stamp, template, taken = time_local(second), self._template, self._taken
        hits = [self._drawn.popleft() for _ in range(count)]
        lines = [template % (hit[0], stamp, *hit[2:taken]) for hit in hits]
        accepted = self._target.send(second, lines)
        self.sent += accepted
        self._drawn.extendleft(reversed(hits[accepted:]))
        return accepted == count

    def _end(self, error: Exception | None = None) -> None:
        done = self._done()

        def closed(_: object) -> None:
            if self._finished.called:
                return
            if error is not None:
                self._finished.errback(error)
            else:
                self._finished.callback(done)

        self._target.close().addTimeout(GRACE_S, self._reactor).addBoth(closed)

    def _done(self) -> Generated:
        elapsed = self._reactor.seconds() - self._started
        return Generated(self.sent, elapsed, self._target.refused, self._owed + self._given_up)


def generate(
    to: str,
    rate: float,
    *,
    reactor: Any,
    seconds: float | None = None,
    seed: int = 1,
    scenario: str = "calm",
    form: str = "nginx-timed",
    wall: Callable[[], float] = time.time,
) -> Deferred[Generated]:
    """Send access lines, stamped now, to a target (see `logmond.ingest.sources.targets`).

    Args:
        to: a path, ``-`` or a syslog address.
        rate: lines a second while the scenario is calm.
        seconds: stop by itself after so long; None means until cancelled.
        form: a name of `logmond.ingest.traffic.TEMPLATES`.

    Returns:
        Fires with what was done; cancel it to end early, it then fires the same
        way. Fails with SourceError when the target cannot be reached or goes away,
        with BrokenPipeError when the reader of a pipe has left.

    Raises:
        ConfigError: an argument cannot be used.
        SourceError: the target cannot be opened.
    """
    problems = []
    if not 0 < rate <= 1e6:
        problems.append(Problem("--rate", f"{rate:g}", "must be above 0, at most 1000000"))
    if seconds is not None and not 0 < seconds < math.inf:
        problems.append(Problem("--seconds", f"{seconds:g}", "must be above 0"))
    if scenario not in SCENARIOS:
        known = ", ".join(SCENARIOS)
        problems.append(Problem("--scenario", scenario, f"no such scenario; there are {known}"))
    if form not in TEMPLATES:
        known = ", ".join(TEMPLATES)
        problems.append(Problem("--format", form, f"no such format; there are {known}"))
    if problems:
        raise ConfigError(problems)

    def begin(target: Target) -> Deferred[Generated]:
        return Generator(
            target,
            rate,
            reactor=reactor,
            seconds=seconds,
            seed=seed,
            scenario=SCENARIOS[scenario],
            form=form,
            wall=wall,
        ).start()

    return open_target(to, reactor).addCallback(begin)
