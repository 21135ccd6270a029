"""The daemon: everything started in order, ticked once a second, reloaded, stopped in order.

Start: state, statistics, rules, sources, admin port, outputs; then it is ready.
Stop: no new input, what was accepted is counted, one last commit, then the
listeners and outputs. The reactor is an argument; its clock must be monotonic.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import monotonic
from time import time as wall_time
from typing import Any

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from logmond import __version__
from logmond.alerts.service import AlertService
from logmond.config.loading import Loaded
from logmond.daemon.beginning import begin
from logmond.daemon.catchup import CatchUp
from logmond.daemon.durability import Durability, state_of
from logmond.daemon.evaluation import Evaluation
from logmond.daemon.inputs import Input, Surroundings
from logmond.daemon.outlets import Outlets
from logmond.daemon.overview import Overview, surface
from logmond.daemon.pulse import Pulse
from logmond.daemon.reload import Reloads
from logmond.daemon.turns import Turns
from logmond.daemon.usual import baselines, recall
from logmond.frame.caps import caps_for
from logmond.ingest.sources.passed import passed_sockets
from logmond.interfaces.admin.factory import AdminFactory
from logmond.interfaces.admin.listener import AdminListener
from logmond.outputs.dispatch import Dispatch
from logmond.outputs.systemd import Notifier
from logmond.stats.clock import EvaluationClock
from logmond.stats.service import StatisticsService


class Daemon:
    """One running logmond."""

    _log = Logger()

    def __init__(
        self,
        loaded: Loaded,
        load_again: Callable[[], Loaded],
        reactor: Any,
        environ: Mapping[str, str],
        *,
        backfill_s: int = 0,
    ) -> None:
        """Join the parts; nothing is opened before `start`.

        Args:
            loaded: the configuration.
            load_again: reads it anew for a reload; raises ConfigError.
            reactor: with a monotonic clock.
            environ: what the service manager set.
            backfill_s: seconds before now that are evaluated too (the demo fills them).
        """
        self.loaded = loaded
        self.begun = loaded.config
        self.reactor = reactor
        self._backfill_s = backfill_s
        config = loaded.config
        self._passed = passed_sockets(environ)
        self._notifier = Notifier.of(environ, os.getpid())
        self._reloads = Reloads(self, load_again, self._notifier)
        caps = caps_for(config.stats.memory_limit_bytes)
        self.state = state_of(config.history, reactor, caps)
        self.around = Surroundings(
            reactor, wall_time, config.stats, self._passed, len(config.sources)
        )
        self.stats = StatisticsService(
            caps, tuple(config.stats.labels), keep_minutes=config.history.path is not None
        )
        usual = baselines(config.stats, self.stats, self.state)
        rules = [rule.build() for rule in config.rules]
        self.alerts = AlertService(rules, self.stats, config.node, usual)
        self.inputs: dict[str, Input] = {}
        self.evaluation = Evaluation(self.stats, self.alerts, self.inputs)
        self._turns = Turns(self.evaluation, reactor, self.alerts.pack)
        self.overview = Overview(self)
        self.outputs = Dispatch()
        self.pulse = Pulse(self)
        self.surface = surface(self, wall_time)
        self.outlets = Outlets(self.stats, self.alerts, self.overview.lost, environ, self.around)
        self.admin = self._admin()
        self._durability = Durability(config.history.keep_s)
        self._clock = EvaluationClock(config.stats.delay_s, monotonic(), wall_time())
        self._tick = LoopingCall(self._ticked)
        self._tick.clock = reactor
        self._catching_up: Deferred[None] | None = None
        self._run: CatchUp | None = None
        self._lived = self._clock.target(wall_time())
        self.stopping = False

    def _admin(self) -> AdminListener:
        config = self.loaded.config.admin
        factory = AdminFactory(self.surface, self.reactor, config.token)
        return AdminListener(self.reactor, factory, config.listen.host, config.listen.port)

    def start(self, hold: Deferred[None] | None = None) -> None:
        """Open everything, in order; evaluation begins when `hold` fires, if given.

        Raises:
            LogmondError: something cannot be opened; what was opened is closed again.
        """
        try:
            self._start(hold)
        except BaseException:
            self._abandon()
            raise

    def _start(self, hold: Deferred[None] | None) -> None:
        config = self.loaded.config
        restored = self.state.open()
        ledgers = self._durability.ledgers(restored)
        for source in config.sources:
            member = Input(source, self.around, ledgers.get(source.name))
            self.inputs[source.name] = member
        evaluated = self._durability.restore_statistics(restored, self.evaluation)
        self._durability.restore_files(restored, self.evaluation)
        self.alerts.subscribe(self._durability.note)
        for member in self.inputs.values():
            member.open()
        self.admin.open()
        self.outlets.open(self.outputs, config.outputs)
        self.outputs.restore(restored)
        self.outputs.begin(self.alerts.incidents())
        self.pulse.use(config.heartbeat)
        self.alerts.subscribe(self.outputs.event)
        self.evaluation.stepped = lambda at: self.outputs.steps(at, self.alerts.is_silenced)
        self._begin(evaluated, hold)
        self._tick.start(1.0, now=False).addErrback(self._tick_failed)
        names = ", ".join(source.address for m in self.inputs.values() for source in m.sources)
        self._log.info(
            "logmond {version} is ready; reading {names}; admin port {port}",
            version=__version__,
            names=names,
            port=self.admin.port,
        )
        self.overview.started()
        self._notifier.ready(f"reading {names}")

    def _begin(self, evaluated: int | None, hold: Deferred[None] | None) -> None:
        """Place the evaluated second, and read what files already hold."""
        history = self.loaded.config.history.path
        if evaluated is None and history:
            self._log.info(
                "no earlier state in {path}: files are read from where their source says",
                path=history,
            )
        begin(self.evaluation, self._clock, evaluated, wall_time(), self._backfill_s)
        recall(self.alerts.baselines, self.state, self.stats.evaluated)
        # Killed before the first tick, the next start must not take a later end of a file for it.
        self._commit()
        if hold is None:
            self._catch_up()
        else:
            self._catching_up = hold.addCallback(lambda _: self._catch_up())

    def _catch_up(self) -> None:
        """Evaluate what files hold and run on to the present; live evaluation waits for it."""
        self._run = run = CatchUp(
            self.evaluation,
            self.loaded.config.stats.delay_s,
            # No further than a tick has collected: what live reading found since then counts.
            lambda: self._lived,
            self.reactor,
        )
        self._catching_up = run.done
        self.evaluation.collect(int(wall_time()))
        run.run()
        done = run.done
        done.addCallbacks(self._caught_up, self._tick_failed)

    def exchanged(self, closed: Iterable[Input], opened: Iterable[Input]) -> None:
        """A reload closed inputs and opened others; if old lines are being read, it is of these."""
        if self._run is not None:
            self._run.exchange(closed, opened)

    def _caught_up(self, _: None) -> None:
        self._catching_up = self._run = None

    def _ticked(self) -> Deferred[None]:
        """Once a second: evaluate what is due, tell who watches, commit."""
        now = wall_time()
        evaluated = self.stats.evaluated
        self.evaluation.collect(int(now))
        self.evaluation.judge(int(now))
        lived, self._lived = self._lived, self._clock.target(now)
        due = self._clock.tick(lived if evaluated is None else evaluated, monotonic(), now)
        if self._run is not None and due.jump is not None:
            self._run.stepped(due.jump, lived)
        live = evaluated is not None and self._catching_up is None
        if live and due.jump is not None:
            self.evaluation.jump(due.jump)
        return self._turns.run(due.seconds if live else ()).addCallback(self._evaluated)

    def _evaluated(self, _: None) -> None:
        """What was due is evaluated, so far as a tick has time for it."""
        if self.stats.evaluated is not None:
            self.outputs.tick(self.stats.evaluated)
        self._commit()
        self.pulse.tick()
        self._notifier.alive(self.overview.line())

    def _commit(self) -> None:
        """Keep all as it is now; before evaluation has begun, files are rather read again."""
        if self.stats.evaluated is not None:
            changes = self.outputs.joining(self._durability.changes(self.evaluation))
            committed = self.outputs.committing()
            self.state.commit(changes).addCallback(committed).addCallback(self.pulse.committed)

    def _tick_failed(self, failure: Failure) -> None:
        """A bug: say so and end; the service manager starts us again from the last commit."""
        if self.stopping:
            return
        self._log.failure("the daemon's tick failed", failure)
        self.reactor.callWhenRunning(self._end_with_failure)

    def _end_with_failure(self) -> None:
        self.failed = True
        self.reactor.stop()

    failed = False
    """Whether a bug ended the daemon (exit 1)."""

    def reload(self) -> Deferred[Sequence[str]]:
        """Read the configuration again; fails and changes nothing if it cannot be used."""
        return self._reloads.ask()

    def reopen(self) -> None:
        """Open log files anew (SIGUSR1, after logrotate)."""
        self.outputs.reopen()

    def stop(self) -> Deferred[None]:
        """Stop in order; fires when everything is counted, written and freed."""
        self.stopping = True
        self._notifier.stopping()
        if self._tick.running:
            self._tick.stop()
        if self._catching_up is not None:
            self._catching_up.addErrback(lambda _: None)
            self._catching_up.cancel()
        self._turns.stop()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        # All at once: each may take its two seconds with a peer that never stops sending.
        closing = [member.close() for member in self.inputs.values() if not member.closing]
        closing += [self._reloads.close(), self.outputs.stop()]
        self.pulse.close()
        await gatherResults([closed.addErrback(self._not_closed) for closed in closing])
        self.evaluation.collect(int(wall_time()))
        self._commit()
        await self.state.close()
        await self.admin.close()
        self.outputs.close()
        self._log.info("stopped; {lines} lines counted", lines=self._counted())
        self._notifier.close()

    def _not_closed(self, failure: Failure) -> None:
        """A bug in one source must not keep the others' lines from being written."""
        self._log.failure("a source could not be closed", failure)

    def _counted(self) -> str:
        total = sum(m.ledger.totals["counted"] for m in self.inputs.values())
        return f"{total:,}"

    def _abandon(self) -> None:
        """A start that failed: free what was opened; the process ends anyway."""
        closing = [member.close() for member in self.inputs.values()]
        gatherResults([*closing, self.admin.close(), self.state.close()], consumeErrors=True)
