"""The environment and ``--set`` laid over the file: ``--set`` > environment > file > default.

``LOGMOND_RULES__HIGH_TRAFFIC__ABOVE=50`` and ``--set rules.high-traffic.above=50``
say the same: items of lists go by their name, ``__`` and ``.`` stand between
keys. A value that begins with ``[`` or ``{`` is YAML, any other is text, which
every kind of value reads. What names nothing is an error with a suggestion.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from logmond.config import yamltree
from logmond.config.places import Path, Place
from logmond.config.schema import Config
from logmond.config.section import Section
from logmond.config.shape import Shape, keys_of, shape_of
from logmond.config.units import shown
from logmond.config.yamltree import Tree
from logmond.errors import ConfigError
from logmond.suggest import hint, nearest

PREFIX = "LOGMOND_"

# Kubernetes and Docker tell a container about a service named "logmond" by
# variables of these names; they are no configuration.
_NOT_OURS = re.compile(
    r"LOGMOND_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)"
)


class Unknown(Exception):
    """A step that leads nowhere; `message` says which, `guess` is the key that was meant."""

    def __init__(self, message: str, guess: Path | None = None) -> None:
        super().__init__(message)
        self.guess = guess


def lay_environment(tree: Tree, environ: Mapping[str, str]) -> None:
    """Lay every ``LOGMOND_*`` over the tree; problems are noted in it."""
    for name in sorted(environ):
        if not name.startswith(PREFIX) or _NOT_OURS.fullmatch(name):
            continue
        steps = name.removeprefix(PREFIX).lower().split("__")
        place = Place(0, 1, f"environment {name}")
        try:
            _lay(tree, steps, environ[name], place)
        except Unknown as error:
            meant = error.guess or _with_one_underscore(steps)
            guess = PREFIX + "__".join(map(_shouted, meant)) if meant else None
            more = f"; did you mean {guess}?" if guess else ""
            tree.problem(place, (), f"{error}{more}")


def _with_one_underscore(steps: Sequence[str]) -> Path | None:
    """``admin_listen`` as the section and the key that it was meant to name."""
    section, mark, key = steps[0].partition("_")
    return (section, key) if mark and key and section in keys_of(Config) else None


def lay_sets(tree: Tree, sets: Sequence[str]) -> None:
    """Lay every ``key=value`` over the tree, the last of equal keys winning."""
    for item in sets:
        key, mark, value = item.partition("=")
        key = key.strip()
        place = Place(0, 2, f"--set {key}")
        if not mark or not key:
            tree.problem(place, (), "must be key=value, for example stats.delay=5s")
            continue
        try:
            _lay(tree, key.split("."), value, place)
        except Unknown as error:
            guess = ".".join(map(str, error.guess)) if error.guess else None
            more = f"; did you mean {guess}?" if guess else ""
            tree.problem(place, (), f"{error}{more}")


def _lay(tree: Tree, steps: Sequence[str], text: str, place: Place) -> None:
    if not isinstance(tree.data, dict):
        return  # told already: the file is no mapping
    if any(map(yamltree.SURROGATE.search, (*steps, text))):
        raise Unknown("is not UTF-8 text")
    parsed = _parsed(text, place)
    path: Path = ()
    typed: Path = ()
    shape: Shape | None = Shape("section", (Config,))
    nodes: list[Any] = [tree.data]
    for step in steps:
        assert shape is not None
        key, below = _step(shape, nodes[-1], step, typed)
        typed = (*typed, step if isinstance(key, int) else key)
        path = (*path, key)
        nodes.append(_enter(nodes[-1], key, below))
        shape = below
    # Nothing is changed before every step is known to lead somewhere.
    nodes[-1] = parsed
    for node, key, child in zip(nodes, path, nodes[1:], strict=False):
        node[key] = child
    tree.places.drop(path)
    tree.places.put(path, place)
    tree.spoiled[:] = [known for known in tree.spoiled if known[: len(path)] != path]


def _step(shape: Shape, node: Any, step: str, typed: Path) -> tuple[str | int, Shape | None]:
    """The key that one step names below `node`, and what stands there."""
    if shape.holds == "section":
        return _section_key(shape, node, step, typed)
    if shape.holds == "list":
        names = [item.get("name") for item in node if isinstance(item, dict)]
        known = list(dict.fromkeys(name for name in names if isinstance(name, str)))
        for index, item in enumerate(node):
            if isinstance(item, dict) and _same(str(item.get("name")), step):
                return index, Shape("section", shape.sections)
        guess = nearest(step, known)
        said = f"nothing named {shown(step)} in {'.'.join(map(str, typed))}"
        if guess:
            raise Unknown(said, (*typed, guess))
        raise Unknown(f"{said}; there are: {', '.join(known) or 'none'}")
    if shape.holds == "mapping":
        existing = next((key for key in node if _same(str(key), step)), None)
        return existing or step, shape.inner
    keys = shape.kind.keys if shape.kind else None
    if keys is None:
        raise Unknown(f"{'.'.join(map(str, typed))} is a single value; it has no {shown(step)}")
    if keys and step.lower() not in keys:
        guess = nearest(step, keys)
        raise Unknown(
            f"unknown key {shown(step)}{'' if guess else hint(step, keys)}",
            (*typed, guess) if guess else None,
        )
    return step.lower(), Shape("value")


def _section_key(shape: Shape, node: Any, step: str, typed: Path) -> tuple[str, Shape]:
    model = shape.model(node)
    models: tuple[type[Section], ...] = (model,) if model else shape.sections
    known = {key: info for section in models for key, info in keys_of(section).items()}
    for key, info in known.items():
        if _same(key, step):
            return key, shape_of(info)
    guess = nearest(step, known)
    raise Unknown(
        f"unknown key {shown(step)}{'' if guess else hint(step, known)}",
        (*typed, guess) if guess else None,
    )


def _enter(node: Any, key: str | int, shape: Shape | None) -> Any:
    """What stands below `key`, or what could: it is made where there is nothing yet."""
    wanted: type = list if shape is not None and shape.holds == "list" else dict
    present = node[key] if isinstance(key, int) else node.get(key)
    if isinstance(present, wanted):
        return present
    if shape is not None and shape.holds == "section" and isinstance(present, str):
        short = shape.sections[0].shorthand
        return {short: present} if short else {}
    return wanted()


def _parsed(text: str, place: Place) -> Any:
    """The value of an override: YAML where it begins like a list or mapping, else text."""
    if not text.lstrip().startswith(("[", "{")):
        return text
    try:
        tree = yamltree.read(text, place.origin)
    except ConfigError as error:
        raise Unknown(error.problems[0].message) from error
    if tree.problems:
        raise Unknown(tree.problems[0][1].message)
    return tree.data


def _same(name: str, step: str) -> bool:
    """Whether an environment's or person's step means this key."""
    return name.lower().replace("-", "_") == step.lower().replace("-", "_")


def _shouted(part: str | int) -> str:
    return str(part).upper().replace("-", "_")
