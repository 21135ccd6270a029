"""Strict YAML: text becomes plain data, and the place of every key and value.

YAML is read event by event and nothing of PyYAML constructs objects: its own
loader keeps the last of two equal keys, reads ``no`` as False, ``1:30`` as 90
and ``010`` as 8. Scalars are those of YAML 1.2's core schema, except that a
number with a leading zero stays text: it is a file mode or an identifier, and
where a number is wanted its text is read as decimal, as the schema says.

Refused: duplicate keys, anchors and aliases (a file of a hundred bytes can name
a billion values by them), tags, more than one document, and anything past the
bounds below. No keys are known here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from logmond.config.places import Path, Place, Places, dotted
from logmond.config.units import shown
from logmond.errors import ConfigError, Problem

MAX_BYTES = 128 * 1024
"""PyYAML reads about 300 KiB a second; a configuration of 100 rules has 20 KiB."""

MAX_DEPTH = 16
MAX_NODES = 20_000
MAX_PROBLEMS = 100

_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_BASED = re.compile(r"0o[0-7]{1,20}|0x[0-9a-fA-F]{1,15}")
_FLOAT = re.compile(
    r"[-+]?(\.[0-9]{1,17}|(0|[1-9][0-9]{0,17})(\.[0-9]{0,17})?)([eE][-+]?[0-9]{1,2})?"
)
SURROGATE = re.compile("[\ud800-\udfff]")
"""Half a character is no text: ``"\\ud800"``, or a byte of the environment that is not UTF-8."""


@dataclass(slots=True)
class Tree:
    """What a text says: `data`, where, and what is wrong with it.

    `spoiled` holds the paths whose value is not what was meant, so that nobody
    complains about it twice.
    """

    data: Any
    places: Places
    problems: list[tuple[Place, Problem]] = field(default_factory=list)
    spoiled: list[Path] = field(default_factory=list)

    def problem(self, place: Place, path: Path, message: str) -> None:
        """Note a problem."""
        self.problems.append((place, Problem(str(place), dotted(path), message)))


def read(text: str, origin: str) -> Tree:
    """The tree of a text; an empty one is an empty mapping.

    Args:
        text: the whole document.
        origin: what messages call it, a file's name.

    Raises:
        ConfigError: it is not YAML, or past the bounds; then there is no tree.
    """
    reader = _Reader(origin)
    try:
        return reader.read(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = reader.place(mark) if mark else Place(1, 1, origin)
        said = ", ".join(part for part in (error.context, error.problem) if part)
        if "'\\t'" in said:
            said = "a tab; indent with spaces"
        raise ConfigError([Problem(str(place), "", f"not YAML: {said}")]) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line = before.count("\n") + 1
        place = Place(line, len(before) - before.rfind("\n"), origin)
        raise ConfigError(
            [Problem(str(place), "", f"character U+{ord(text[error.position]):04X} is not allowed")]
        ) from error


def scalar(text: str) -> Any:
    """The value of a plain (unquoted) scalar."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


class _Reader:
    """Walks the events of one text."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._events: Iterator[Any] = iter(())
        self._nodes = 0
        self._tree = Tree({}, Places(Place(1, 1, origin)))

    def place(self, mark: Any) -> Place:
        return Place(mark.line + 1, mark.column + 1, self._origin)

    def read(self, text: str) -> Tree:
        self._events = iter(yaml.parse(text, Loader=yaml.SafeLoader))
        tree = self._tree
        documents = 0
        for event in self._events:
            if not isinstance(event, yaml.DocumentStartEvent):
                continue
            documents += 1
            if documents > 1:
                tree.problem(self.place(event.start_mark), (), "only one document is read")
                break
            tree.data = self._node(next(self._events), (), None)
        if tree.data is None:
            tree.data = {}
        return tree

    def _node(self, event: Any, path: Path, key: Place | None) -> Any:
        """The value that begins with `event`."""
        place = self.place(event.start_mark)
        self._tree.places.put(path, place, key)
        self._nodes += 1
        if self._nodes > MAX_NODES or len(self._tree.problems) >= MAX_PROBLEMS:
            self._stop(place, f"more than {MAX_NODES} values")
        if len(path) > MAX_DEPTH:
            self._stop(place, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            self._refuse(place, path, "aliases are not read; write the value out")
            return None
        if event.anchor is not None:
            self._refuse(place, path, "anchors are not read; remove it")
        if event.tag is not None:
            self._refuse(place, path, f"tags are not read; remove {shown(event.tag)}")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        if half := SURROGATE.search(event.value):
            self._refuse(place, path, f"character U+{ord(half[0]):04X} is not allowed")
            return None
        plain = event.style is None and event.tag is None
        return scalar(event.value) if plain else event.value

    def _sequence(self, path: Path) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items)), None))
        return items

    def _mapping(self, path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        first: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            place = self.place(event.start_mark)
            if not isinstance(event, yaml.ScalarEvent) or SURROGATE.search(event.value):
                if not isinstance(event, yaml.ScalarEvent):
                    self._refuse(place, path, "a key must be text")
                self._node(event, (*path, "?"), place)
                self._node(next(self._events), (*path, "?"), place)
                self._tree.spoiled.append((*path, "?"))
                continue
            name = event.value
            if event.anchor is not None or event.tag is not None:
                self._refuse(place, path, "anchors and tags are not read; remove it")
            if name in first:
                self._tree.problem(
                    place, (*path, name), f"duplicate key; it stands on line {first[name]} already"
                )
                # Read beside the tree, so that the first one keeps its places.
                self._node(next(self._events), (*path, name, "?"), place)
                continue
            first[name] = place.line
            mapping[name] = self._node(next(self._events), (*path, name), place)
        return mapping

    def _refuse(self, place: Place, path: Path, message: str) -> None:
        self._tree.problem(place, path, message)
        self._tree.spoiled.append(path)

    def _stop(self, place: Place, reason: str) -> None:
        """Give up: what follows would only repeat it."""
        found = [problem for _, problem in self._tree.problems]
        if len(found) >= MAX_PROBLEMS:
            reason = f"more than {MAX_PROBLEMS} problems"
        raise ConfigError([*found, Problem(str(place), "", f"{reason}; not read further")])
