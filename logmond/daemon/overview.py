"""How the daemon is doing, told to people, to programs and to the service manager."""

from __future__ import annotations

import resource
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred

from logmond import __version__
from logmond.daemon.reading import parsed, sampled
from logmond.errors import QueryError
from logmond.ingest.kernel.python import PythonKernel
from logmond.interfaces.surface import DaemonStatus, Surface

if TYPE_CHECKING:
    from logmond.daemon.service import Daemon


class Overview:
    """Sums up one daemon; measures nothing before it is asked."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._started_at = monotonic()
        self._idle_bytes = 0

    def started(self) -> None:
        """The start is done: what is resident now is the idle process."""
        self._idle_bytes = resident_bytes()

    def lost(self) -> int:
        """Messages lost so far, over all sources."""
        return sum(member.status().lost for member in self._daemon.inputs.values())

    def status(self) -> DaemonStatus:
        """Everything `status` shows; memory is held against idle plus `stats.memory_limit`."""
        daemon = self._daemon
        reasons = self.reasons()
        return DaemonStatus(
            version=__version__,
            node=daemon.loaded.config.node,
            uptime_s=monotonic() - self._started_at,
            state="degraded" if reasons else "ok",
            reasons=tuple(reasons),
            kernel=PythonKernel.kind,
            memory_bytes=resident_bytes(),
            memory_limit_bytes=self._idle_bytes + daemon.around.stats.memory_limit_bytes,
            lines_per_second=sum(m.lines_per_second for m in daemon.inputs.values()),
            incidents_open=len(daemon.alerts.incidents()),
            evaluated_at=daemon.stats.evaluated,
            history=daemon.state.kept(),
            late_dropped=daemon.stats.late_dropped,
        )

    def reasons(self) -> list[str]:
        """Why the daemon is degraded; empty when it is not."""
        daemon = self._daemon
        reasons = [
            f"source {name} {member.health.reason}"
            for name, member in daemon.inputs.items()
            if member.health.state == "degraded"
        ]
        reasons += [problem for problem in (daemon.state.problem,) if problem]
        reasons += [output.problem for output in daemon.outputs.outputs if output.problem]
        return reasons + daemon.pulse.problems

    def line(self) -> str:
        """One line for the service manager."""
        reasons = self.reasons()
        state = f"degraded: {reasons[0]}" if reasons else "ok"
        return f"{state}; {len(self._daemon.alerts.incidents())} open incidents"


def surface(daemon: Daemon, now: Callable[[], float]) -> Surface:
    """What interfaces see of a daemon; `now` is wall time."""
    return Surface(
        stats=daemon.stats,
        alerts=daemon.alerts,
        history=daemon.state,
        now=now,
        status=daemon.overview.status,
        sources=lambda: [member.status() for member in daemon.inputs.values()],
        config=lambda: daemon.loaded.origins,
        reload=daemon.reload,
        parse=lambda line: parsed(line, daemon.inputs),
        samples=lambda name: sampled(name, daemon.inputs),
        outputs=lambda: [*daemon.outputs.statuses(), *daemon.pulse.statuses()],
        test_output=lambda name, said: _tested(daemon, name, said, now()),
    )


def _tested(daemon: Daemon, name: str, said: str, now: float) -> Deferred[None]:
    """Let an output tell a marked test; a beat that says more than is so would be none."""
    beats = {beat.name for beat in daemon.pulse.statuses()}
    if name in beats - {output.name for output in daemon.outputs.outputs}:
        told = 'the heartbeat beats by itself; "outputs" says whether that is taken'
        raise QueryError("unknown_output", told)
    return daemon.outputs.test(name, said, daemon.alerts.node, now)


def resident_bytes() -> int:
    """Resident memory of this process."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
