"""A daemon in this process whose time is moved by hand: hours of its life pass in seconds.

It is the daemon of the `run` verb with its real sources, statistics, rules and
outputs. Only three things are not as outside: the clocks, the reactor (every
turn takes `TURN_S`; sockets are read at each), and the durable state, which is
kept in memory, so that a crash may come at any moment and leaves what was
committed. Nothing depends on how fast this machine is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
import yaml
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.testing import MemoryReactorClock

from logmond.config.loading import loads
from logmond.daemon import catchup, durability, service
from logmond.daemon.service import Daemon
from logmond.frame.minutes import merge_minutes
from logmond.stores.rows import Changes, Restored
from logmond.stores.seam import NoPast

TURN_S = 0.05
STEP_S = 0.001
"""What one step of catching up seems to take: a turn has room for five."""


class Memory(NoPast):
    """A state that outlives its daemon as a database would: what was committed, as one change."""

    busy = False
    problem: str | None = None

    def __init__(self) -> None:
        self.commits = 0
        self._kept = Changes()

    def open(self) -> Restored:
        """What was committed."""
        kept = self._kept
        return Restored(
            files=kept.files,
            frames={key: body for key, body in kept.frames.items() if body is not None},
            values={name: value for name, value in kept.values.items() if value is not None},
            incidents=[row for row in kept.incidents if row.ended_at is None],
            outbox={key: body for key, body in kept.outbox.items() if body is not None},
        )

    def commit(self, changes: Changes) -> Deferred[None]:
        """Keep it at once."""
        self._kept = self._kept.then(changes)
        self.commits += 1
        return succeed(None)

    def minute(self, start: int) -> bytes | None:
        """A minute that was committed."""
        return next((body for _, body in self.minutes(start, start)), None)

    def minutes(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """Minutes that were committed, with what was added to them."""
        whole, late = self._kept.minutes, self._kept.late_minutes
        for start in sorted({*whole, *late}):
            if first <= start <= last:
                parts = [part[start] for part in (whole, late) if start in part]
                yield start, parts[0] if len(parts) == 1 else merge_minutes(*parts)

    def close(self) -> Deferred[None]:
        """There is nothing to let go."""
        return succeed(None)


class Turns(MemoryReactorClock):
    """A reactor whose turns take time: what is due at once is due at the next."""

    def callLater(
        self, delay: float, callable: Callable[..., object], *args: object, **kw: object
    ) -> IDelayedCall:
        """Call later, but not within this turn."""
        return super().callLater(max(delay, TURN_S / 2), callable, *args, **kw)


class Simulated:
    """One daemon after another on one wall clock, with one configuration and state."""

    def __init__(self, settings: Mapping[str, Any], wall: float) -> None:
        """`settings` as YAML would give them; `wall` is the moment it begins at."""
        self.configure(settings)
        self._began = wall
        self._turns = 0
        self._stepped_s = 0.0
        self.state = Memory()
        self.reactor = Turns()  # type: ignore[no-untyped-call]
        self.daemon: Daemon | None = None

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Change the configuration; a running daemon takes it at the next reload."""
        whole = {"node": "test", "admin": {"listen": "tcp://localhost:9000"}, **settings}
        self._loaded = loads(yaml.safe_dump(whole), "test", {})

    @property
    def wall(self) -> float:
        """Now, by the clock on the wall."""
        return self.passed + self._stepped_s

    @property
    def passed(self) -> float:
        """The same by a clock that nobody sets."""
        return self._began + self._turns * TURN_S

    @property
    def evaluated(self) -> int | None:
        """The newest evaluated second."""
        return self.running.stats.evaluated

    @property
    def running(self) -> Daemon:
        """The daemon that lives now."""
        assert self.daemon is not None, "not started"
        return self.daemon

    def start(self) -> None:
        """Start a daemon from what was kept."""
        self.reactor = Turns()  # type: ignore[no-untyped-call]
        self.reactor.rightNow = self.passed
        self.daemon = Daemon(self._loaded, lambda: self._loaded, self.reactor, {})
        self.daemon.start()

    def kill(self) -> None:
        """End it without a word, as kill -9 does: the kernel closes what was open."""
        running, self.daemon = self.running, None
        for member in running.inputs.values():
            member.close()
        running.outputs.close()

    def step_clock(self, seconds: float) -> None:
        """Somebody sets the clock on the wall."""
        self._stepped_s += seconds

    def stand_still(self, seconds: float) -> None:
        """Time passes, and the daemon does not notice."""
        self._turns += round(seconds / TURN_S)

    def turn(self) -> None:
        """Let `TURN_S` pass, for the daemon too where one runs."""
        self._turns += 1
        if self.daemon is None:
            return
        self.reactor.advance(self.passed - self.reactor.seconds())
        for reader in list(self.reactor.getReaders()):  # type: ignore[no-untyped-call]
            reader.doRead()


@contextmanager
def simulated(settings: Mapping[str, Any], wall: float) -> Iterator[Simulated]:
    """A simulation whose daemon, if one lives, ends with the block."""
    simulation = Simulated(settings, wall)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "wall_time", lambda: simulation.wall)
        patch.setattr(service, "monotonic", lambda: simulation.passed)
        patch.setattr(durability, "SqliteState", lambda *_, **more: simulation.state)
        patch.setattr(catchup, "monotonic", count(0, STEP_S).__next__)
        try:
            yield simulation
        finally:
            if simulation.daemon is not None:
                simulation.kill()
