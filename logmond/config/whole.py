"""What only the whole configuration can tell: names used twice, labels that rules may read.

It looks at plain data that may still be wrong in every other way, so that its
answers come together with all others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logmond.config.places import Path, dotted

_MOST = {"sources": 256, "rules": 1000, "outputs": 64}
"""Lists of named items, and how long they may be: each item is work at every tick."""


def labels(data: Any) -> frozenset[str]:
    """The names of the configured labels."""
    stats = data.get("stats") if isinstance(data, dict) else None
    found = stats.get("labels") if isinstance(stats, dict) else None
    return frozenset(found) if isinstance(found, dict) else frozenset()


def problems(data: Any) -> Iterator[tuple[Path, str]]:
    """(path, message) of everything wrong between the parts."""
    if not isinstance(data, dict):
        return
    if data.get("sources") == []:
        yield ("sources",), "is empty; there is nothing to read"
    for section, most in _MOST.items():
        items = data.get(section)
        if isinstance(items, list) and len(items) > most:
            yield (section,), f"has {len(items)} items; at most {most} are run"
            continue
        yield from _twice(section, _items(data, section))
    readers = [
        path for path, item in _items(data, "sources") if item.get("stdin") in (True, "true")
    ]
    for path in readers[1:]:
        yield (*path, "stdin"), f"{dotted(readers[0])} reads standard input already"


def _items(data: dict[str, Any], section: str) -> list[tuple[Path, dict[str, Any]]]:
    items = data.get(section)
    if not isinstance(items, list):
        return []
    return [((section, index), item) for index, item in enumerate(items) if isinstance(item, dict)]


def _twice(section: str, items: list[tuple[Path, dict[str, Any]]]) -> Iterator[tuple[Path, str]]:
    first: dict[str, Path] = {}
    for path, item in items:
        name = item.get("name")
        if not isinstance(name, str):
            continue
        if name in first:
            yield (*path, "name"), f'"{name}" is the name of {dotted(first[name])} already'
        first.setdefault(name, path)
