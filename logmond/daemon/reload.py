"""Applying a new configuration to a running daemon: only what changed is touched.

Sources that stay as they were keep their sockets, positions and accounts; no
line of theirs is lost. What cannot change under way is said, and waits for a
restart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred

from logmond.config.loading import Loaded
from logmond.config.rule import RuleConfig
from logmond.config.schema import Config, SourceConfig
from logmond.daemon.announcing import announce
from logmond.daemon.differences import difference
from logmond.daemon.inputs import Input, changed
from logmond.frame.frame import CELL_DIMENSIONS
from logmond.ingest.sources.file import FilePosition
from logmond.interfaces.reloading import Changes

if TYPE_CHECKING:
    from logmond.daemon.service import Daemon

AT_START = ("node", "stats", "history", "admin")
"""Sections that take effect with the next start."""


def apply(daemon: Daemon, loaded: Loaded) -> Deferred[Sequence[str]]:
    """Make `loaded` the configuration; fires with what changed, a line each."""
    return Deferred.fromCoroutine(_apply(daemon, loaded))


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
    second = int(daemon.around.wall())
    kept = {}
    for name in sorted(names & daemon.inputs.keys()):
        await daemon.inputs[name].close()
        daemon.evaluation.collect_one(daemon.inputs[name], second)
        kept[name] = daemon.inputs.pop(name)
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
