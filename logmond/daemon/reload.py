"""Applying a new configuration to a running daemon: only what changed is touched.

Sources that stay as they were keep their sockets, positions and accounts; no
line of theirs is lost. What cannot change under way is said, and waits for a
restart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred, DeferredLock, gatherResults
from twisted.logger import Logger
from twisted.python.failure import Failure

from logmond.config.loading import Loaded
from logmond.config.rule import RuleConfig
from logmond.config.schema import Config, SourceConfig
from logmond.daemon.announcing import announce
from logmond.daemon.differences import difference
from logmond.daemon.inputs import Input, changed
from logmond.errors import ConfigError, QueryError
from logmond.frame.frame import CELL_DIMENSIONS
from logmond.ingest.sources.file import FilePosition
from logmond.interfaces.reloading import Changes
from logmond.outputs.systemd import Notifier

if TYPE_CHECKING:
    from logmond.daemon.service import Daemon

AT_START = ("node", "stats", "history", "admin")
"""Sections that take effect with the next start."""


class Reloads:
    """The reloads of one daemon: one after the other, and none once it stops.

    Sources that change are given two seconds to hand over what their peers
    sent. Whoever asks meanwhile waits, and finds the configuration of then.
    """

    _log = Logger()

    def __init__(
        self, daemon: Daemon, load_again: Callable[[], Loaded], notifier: Notifier
    ) -> None:
        self._daemon = daemon
        self._load_again = load_again
        self._notifier = notifier
        self._turn = DeferredLock()

    def ask(self) -> Deferred[Sequence[str]]:
        """Reload; fires with what changed, a line each.

        Fails with ConfigError, and changes nothing, if the configuration is
        bad; with QueryError if the daemon stops.
        """
        return self._turn.run(self._reload)

    def close(self) -> Deferred[None]:
        """Fires when what is under way has ended; it opens nothing once the daemon stops."""
        return self._turn.acquire().addCallback(lambda _: None)

    def _reload(self) -> Deferred[Sequence[str]]:
        _refuse_if_stopping(self._daemon)
        self._notifier.reloading(monotonic())
        done = Deferred.fromCoroutine(self._reloaded())
        return done.addErrback(self._not_reloaded)

    async def _reloaded(self) -> Sequence[str]:
        told = await _apply(self._daemon, self._load_again())
        self._log.info("reloaded: {told}", told="; ".join(told))
        self._notifier.ready()
        return told

    def _not_reloaded(self, failure: Failure) -> Failure:
        error = failure.value
        problems = error.problems if isinstance(error, ConfigError) else [error]
        self._log.error("reload refused, the old configuration stays")
        for problem in problems:
            self._log.error("{problem}", problem=problem)
        self._notifier.ready()
        return failure


def _refuse_if_stopping(daemon: Daemon) -> None:
    if daemon.stopping:
        raise QueryError("failed", "logmond is stopping")


async def _apply(daemon: Daemon, loaded: Loaded) -> Sequence[str]:
    old, new = daemon.loaded.config, loaded.config
    told, problems = await _sources(daemon, old, new)
    before, _ = _ready(old.rules, daemon.begun)
    rules, waiting = _ready(new.rules, daemon.begun)
    if before != rules:
        daemon.evaluation.finish()
        daemon.alerts.reload([rule.build() for rule in rules], daemon.stats.evaluated or 0)
        told.append(f"rules: {len(rules):,}{difference(before, rules)}")
    if old.outputs != new.outputs:
        told += daemon.outlets.change(daemon.outputs, old.outputs, new.outputs)
    if old.outputs != new.outputs or before != rules:
        daemon.outputs.begin(daemon.alerts.incidents())
    if old.heartbeat != new.heartbeat:
        daemon.pulse.use(new.heartbeat)
        told.append("heartbeat: " + ("changed" if new.heartbeat.url else "stopped"))
    told += [
        f"{section}: takes effect at the next start"
        for section in AT_START
        if getattr(daemon.begun, section) != getattr(new, section)
    ]
    told += waiting
    announce(loaded, daemon.loaded)
    daemon.loaded = loaded
    return Changes(told if told or problems else ["nothing changed"], problems)


def _ready(rules: Iterable[RuleConfig], begun: Config) -> tuple[list[RuleConfig], list[str]]:
    """The rules that can be asked already, and what is to be said of the others.

    Lines have the labels that there were at the start: by another, a rule
    would read that there are no such requests.
    """
    known = {*CELL_DIMENSIONS, *begun.stats.labels}
    ready, waiting = [], []
    for rule in rules:
        unknown = sorted({*rule.where.dimensions, *rule.group_by} - known)
        if unknown:
            of = f"label{'s' * (len(unknown) > 1)} {', '.join(unknown)}"
            waiting.append(f"rule {rule.name}: takes effect at the next start, with its {of}")
        else:
            ready.append(rule)
    return ready, waiting


async def _sources(daemon: Daemon, old: Config, new: Config) -> tuple[list[str], list[str]]:
    """Close what is gone or different, open what is new or different; (changes, problems)."""
    names = changed(old.sources, new.sources)
    wanted = {source.name: source for source in new.sources}
    told, problems = [], []
    kept = {name: daemon.inputs[name] for name in sorted(names & daemon.inputs.keys())}
    # Commits go on meanwhile: accounts and positions stay with what was counted by them.
    # Files have nobody to wait for; they are read until they are replaced.
    await gatherResults([member.close() for member in kept.values() if member.files is None])
    _refuse_if_stopping(daemon)
    second = int(daemon.around.wall())
    for name, member in kept.items():
        if member.files is not None:
            member.close()
        daemon.evaluation.collect_one(member, second)
        del daemon.inputs[name]
        if name not in wanted:
            daemon.stats.coverage.forget(name)
            told.append(f"source {name}: closed")
    fresh = []
    for name, source in wanted.items():
        if name not in names:
            continue
        before = kept.get(name)
        member = Input(source, daemon.around, before.ledger if before else None)
        if member.files:
            member.files.restore(_positions(source, before, kept.values()))
        daemon.inputs[name] = member
        fresh.append(member)
        daemon.stats.coverage.observe(name, second)
        told.append(f"source {name}: {'changed' if before else 'opened'}")
    for member in fresh:
        problem = member.try_open()
        if problem is not None:
            problems.append(f"source {member.name}: {problem}")
    daemon.exchanged(kept.values(), fresh)
    for name in daemon.inputs.keys() - names:
        renewed, refused = daemon.inputs[name].reload(wanted[name])
        told += [f"source {name}: {line}" for line in renewed]
        problems += [f"source {name}: {line}" for line in refused]
    _in_order(daemon, new)
    return told, problems


def _positions(
    source: SourceConfig, before: Input | None, closed: Iterable[Input]
) -> list[FilePosition]:
    """Where to go on in the files of a source.

    A file that another source read until now, because its format was another,
    goes on where that one left it.
    """
    found = before.files.positions() if before and before.files else []
    known = {position.path for position in found}
    wanted = set(source.files) - known
    for other in closed:
        if other is not before and other.files:
            found += [p for p in other.files.positions() if p.path in wanted and not p.is_marker]
    return found


def _in_order(daemon: Daemon, config: Config) -> None:
    """Inputs in the order of the configuration, as `sources` shows them."""
    for source in config.sources:
        daemon.inputs[source.name] = daemon.inputs.pop(source.name)
