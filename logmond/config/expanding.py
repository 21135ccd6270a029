"""A source that names a server's configuration becomes the sources that follow its files.

``{name: web, nginx: /etc/nginx/nginx.conf}`` becomes ``web.main``, ``web.timed``
and so on, one for each format in use. The names hold a dot, which no name that
is typed can; a rule about ``web`` is about all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from logmond.config.addresses import parse
from logmond.config.checks import Finding
from logmond.config.places import Place
from logmond.config.rule import RuleConfig
from logmond.config.schema import Config
from logmond.config.source import SourceConfig
from logmond.config.yamltree import Tree
from logmond.errors import ConfigError
from logmond.frame.selector import Selector
from logmond.ingest.servers.apache import read_apache
from logmond.ingest.servers.files import DiskFiles, Files, Snapshot
from logmond.ingest.servers.found import Found
from logmond.ingest.servers.grouping import Group, Grouped, grouped
from logmond.ingest.servers.nginx import read_nginx

READERS: dict[str, Callable[[str, Files], Found]] = {"nginx": read_nginx, "apache": read_apache}


class Expanded(NamedTuple):
    """The configuration that is run, its tree, what is told at start, and what is odd."""

    config: Config
    tree: Tree
    told: list[str]
    findings: list[Finding]


def expanded(config: Config, tree: Tree, files: Files | None = None) -> Expanded:
    """Read the servers' configurations and put the sources they lead to in their places.

    Problems are noted in the tree that is returned; the configuration is then
    not to be used.
    """
    if not any(source.server for source in config.sources):
        return Expanded(config, tree, [], [])
    run = _Expansion(tree, config, files)
    for index, source in enumerate(config.sources):
        run.take(index, source)
    return run.result()


class _Expansion:
    def __init__(self, tree: Tree, config: Config, files: Files | None) -> None:
        self._tree = tree
        self._config = config
        self._files = files
        self._sources: list[SourceConfig] = []
        self._items: list[Any] = []
        self._order: list[int] = []
        self._origins: dict[int, Group] = {}
        self._told: list[str] = []
        self._findings: list[Finding] = []
        self._names: set[str] = set()

    def take(self, index: int, source: SourceConfig) -> None:
        """Put in one source of the file, or what it leads to."""
        item = self._tree.data["sources"][index]
        if source.server is None:
            self._put(index, source, item)
            return
        key, path = source.server
        place = ("sources", index, key)
        files = self._files or DiskFiles()
        try:
            found = READERS[key](path, files)
        except ConfigError as error:
            for problem in error.problems:
                self._problem(place, str(problem))
            return
        into = grouped(found)
        notes = [f"{where}: {message}" for where, message in (*found.notes, *into.notes)]
        notes += self._sent_here_too(found)
        if not into.groups:
            why = "; ".join(notes) or "nothing is logged"
            self._problem(place, f"{path} names no access log that can be followed: {why}")
            return
        self._told.append(_summary(source, path, into))
        read = files.snapshot if isinstance(files, DiskFiles) else Snapshot()
        first = len(self._sources)
        self._names.add(source.name)
        for number, group in enumerate(into.groups):
            name = f"{source.name}.{group.name}"
            where = ", ".join(map(str, group.places))
            self._told.append(f"source {name}: {', '.join(group.files)} ({where})")
            about = [f"read from {where}", *(notes if number == 0 else ())]
            self._origins[len(self._sources)] = group
            derived = source.following(name, group.files, group.specs, tuple(about), read)
            written = {"name": name, "files": list(group.files), "format": derived.format}
            self._put(index, derived, {**item, **written})
        self._findings += [(("sources", first, key), f"{source.name}: {note}") for note in notes]

    def result(self) -> Expanded:
        """The whole, with the places of everything."""
        places = self._tree.places.arranged("sources", self._order)
        for number, group in self._origins.items():
            origin = Place(0, 0, str(group.places[0]))
            for key in ("files", "format"):
                places.put(("sources", number, key), origin)
        data = {**self._tree.data, "sources": self._items}
        tree = Tree(data, places, self._tree.problems, self._tree.spoiled)
        rules = tuple(_about_all(rule, self._names) for rule in self._config.rules)
        config = self._config.model_copy(update={"sources": tuple(self._sources), "rules": rules})
        return Expanded(config, tree, self._told, self._findings)

    def _put(self, index: int, source: SourceConfig, item: Any) -> None:
        self._sources.append(source)
        self._items.append(item)
        self._order.append(index)

    def _problem(self, path: tuple[str | int, ...], message: str) -> None:
        self._tree.problem(self._tree.places.value(path), path, message)

    def _sent_here_too(self, found: Found) -> Iterator[str]:
        """Logs that are sent to one of our own listeners while a file beside them is followed."""
        for scope in found.scopes:
            if not any(log.kind == "file" and not log.unread for log in scope.logs):
                continue
            for log in scope.logs:
                listener = self._listener_of(log.address)
                if listener is not None:
                    yield (
                        f"{log.place}: {scope} also sends its lines to {log.address}, which source "
                        f"{listener} receives: each request is counted twice"
                    )

    def _listener_of(self, address: str) -> str | None:
        try:
            target = parse(address)
        except ValueError:
            return None  # a name, or nothing at all
        for source in self._config.sources:
            if any(target.overlaps(known) for known in source.listen):
                return source.name
        return None


def _summary(source: SourceConfig, path: str, into: Grouped) -> str:
    files = sum(len(group.files) for group in into.groups)
    return (
        f"source {source.name}: {path} names {files} access log{'' if files == 1 else 's'} "
        f"in {len(into.groups)} format{'' if len(into.groups) == 1 else 's'}"
    )


def _about_all(rule: RuleConfig, names: set[str]) -> RuleConfig:
    """The rule, where it names a source that became several, about each of them."""
    wanted = rule.where.values("source")
    if not names & set(wanted):
        return rule
    widened = tuple(f"{pattern}.*" if pattern in names else pattern for pattern in wanted)
    where = Selector(
        tuple((d, widened if d == "source" else values) for d, values in rule.where.where)
    )
    return rule.model_copy(update={"where": where})
