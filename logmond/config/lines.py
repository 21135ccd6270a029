"""A configuration as lines of key and text, the way one would type each value."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from logmond.config.places import Path
from logmond.config.section import Section

_PLAIN = re.compile(r"[A-Za-z0-9_./:*%+@=?&~-][A-Za-z0-9_./:*%+@=?&~ \[\]-]*")


def lines(section: Section) -> Iterator[tuple[str, str]]:
    """(key, text) of every value; items of lists by name, secrets as stars."""
    for path, value in leaves(section.model_dump(mode="json", by_alias=True)):
        yield named(path, section), text(value)


def changes(old: Section, new: Section) -> list[str]:
    """What differs, as ``key: 10 -> 20``, one line a value; empty for equal sections."""
    before, after = dict(lines(old)), dict(lines(new))
    found = [
        f"{key}: {before.get(key, '(nothing)')} -> {after.get(key, '(nothing)')}"
        for key in dict.fromkeys((*before, *after))
        if before.get(key) != after.get(key)
    ]
    # Secrets look the same in both.
    return found if found or old == new else ["a secret"]


def leaves(data: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that is not a section of keys, with its path; what is absent is left out."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*path, key))
    elif isinstance(data, list) and data and all(isinstance(item, dict) for item in data):
        for index, item in enumerate(data):
            for below, value in leaves(item, (*path, index)):
                if below[len(path) + 1 :] != ("name",):  # it stands in every key
                    yield below, value
    elif data is not None and (data != [] or len(path) == 1):
        yield path, data


def named(path: Path, section: Section) -> str:
    """A path with the names of list items in place of their numbers."""
    parts: list[str] = []
    node: Any = section
    for part in path:
        if isinstance(part, int):
            node = node[part]
            parts.append(node.name)
        else:
            node = getattr(node, part, None)
            parts.append(part)
    return ".".join(parts)


def text(value: Any) -> str:
    """A value as YAML takes it back, on one line."""
    if isinstance(value, list):
        return "[" + ", ".join(_quoted(item, ",[]") for item in value) + "]"
    return _quoted(value, "")


def _quoted(value: Any, never: str) -> str:
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    plain = _PLAIN.fullmatch(value) and not any(character in value for character in never)
    return str(value) if plain and value.strip() == value else json.dumps(value, ensure_ascii=False)
