"""From a file, the environment and ``--set`` to a checked `Config`, or to every problem at once.

The order is ``--set`` > environment > file > default. A configuration that is
wrong anywhere is refused whole; the caller keeps what it had.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from logmond.config import (
    checks,
    expanding,
    overlay,
    problems,
    readable,
    secrets,
    timing,
    whole,
    yamltree,
)
from logmond.config.checks import Finding
from logmond.config.lines import leaves, named, text
from logmond.config.places import Path, Place, Places
from logmond.config.schema import Config, default_items
from logmond.config.yamltree import MAX_BYTES, MAX_PROBLEMS, Tree
from logmond.errors import ConfigError, Problem
from logmond.telemetry import visible

DEFAULT = Place(0, 0, "default")


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """One effective value: its key, its text (secrets as stars) and where it came from."""

    key: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration that can be run, the origin of each value, and what is odd about it.

    `told` says what was found in the configurations of web servers, a line each.
    """

    config: Config
    origins: list[ConfigLine]
    warnings: list[str]
    places: Places
    told: list[str]


def load(path: str | None, environ: Mapping[str, str], sets: Sequence[str] = ()) -> Loaded:
    """Read a configuration; without a path, the defaults.

    Raises:
        ConfigError: with every problem there is.
    """
    if path is not None:
        return loads(_text(path), path, environ, sets)
    tree = Tree({}, Places(DEFAULT))
    # A daemon started for a look, perhaps by somebody who may not write below
    # /var/lib, keeps nothing; one with a file keeps what the file says.
    tree.data["history"] = "none"
    tree.places.put(("history",), DEFAULT)
    return _loaded(tree, environ, sets)


def loads(
    content: str, origin: str, environ: Mapping[str, str], sets: Sequence[str] = ()
) -> Loaded:
    """Read the text of a configuration that messages call `origin`.

    Raises:
        ConfigError: with every problem there is.
    """
    return _loaded(yamltree.read(content, origin), environ, sets)


def review(loaded: Loaded, user: str | None = None) -> list[str]:
    """What `check` warns about: the warnings of the load, and what `user` cannot read.

    Raises:
        ConfigError: there is no such user on this machine.
    """
    found = readable.findings(loaded.config, readable.User.named(user))
    return [*loaded.warnings, *_placed(found, loaded.places)]


def _loaded(tree: Tree, environ: Mapping[str, str], sets: Sequence[str]) -> Loaded:
    if isinstance(tree.data, dict):
        for key, items in default_items().items():
            if key not in tree.data:
                tree.data[key] = items
                tree.places.put((key,), DEFAULT)
    overlay.lay_environment(tree, environ)
    overlay.lay_sets(tree, sets)
    secrets.resolve(tree)
    for path, message in whole.problems(tree.data):
        tree.problem(tree.places.value(path), path, message)
    config: Config | None = None
    try:
        config = Config.model_validate(tree.data, context={"labels": whole.labels(tree.data)})
    except ValidationError as error:
        tree.problems.extend(problems.placed(error, tree))
    if tree.problems or config is None:
        raise ConfigError(_ordered(tree.problems))
    config, tree, told, found = expanding.expanded(config, tree)
    if tree.problems:
        raise ConfigError(_ordered(tree.problems))
    return Loaded(
        config,
        list(_origins(config, tree)),
        _placed([*checks.findings(config), *timing.findings(config), *found], tree.places),
        tree.places,
        told,
    )


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError([Problem(visible(path), "", f"cannot be read: {reason}")]) from error
    except ValueError as error:
        raise ConfigError([Problem(visible(path), "", f"is no path: {error}")]) from error
    if len(raw) > MAX_BYTES:
        raise ConfigError([Problem(path, "", f"is larger than {MAX_BYTES // 1024} KiB")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        place = f"{path}:{line}:{column}"
        raise ConfigError([Problem(place, "", "is not UTF-8 text")]) from error


def _ordered(found: list[tuple[Place, Problem]]) -> list[Problem]:
    """In the order of the file, the environment and ``--set`` behind it; few enough to read."""
    by_place = sorted(found, key=lambda item: (item[0].line == 0, item[0], item[1].path))
    problems = [Problem(visible(p.place), visible(p.path), visible(p.message)) for _, p in by_place]
    problems = list(dict.fromkeys(problems))
    rest = len(problems) - MAX_PROBLEMS
    if rest > 0:
        problems[MAX_PROBLEMS:] = [Problem(problems[-1].place, "", f"and {rest} more problems")]
    return problems


def _origins(config: Config, tree: Tree) -> Iterator[ConfigLine]:
    for path, value in leaves(config.model_dump(mode="json", by_alias=True)):
        origin = tree.places.value(path) if _written(tree.data, path) else DEFAULT
        yield ConfigLine(named(path, config), visible(text(value)), str(origin))


def _written(data: Any, path: Path) -> bool:
    """Whether a value, or a bare value in the place of its section, was given."""
    for part in path:
        if isinstance(data, dict):
            if part not in data:
                return False
            data = data[part]
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part]
        else:
            return isinstance(data, str) and part == "url"
    return True


def _placed(found: Iterable[Finding], places: Places) -> list[str]:
    return [visible(f"{places.value(path)}: {message}") for path, message in found]
