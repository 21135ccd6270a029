"""Where each value of the configuration came from, for messages and for `config`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Keys and list positions from the root to a value."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A spot in a file, or (with line 0) something named by `origin` alone."""

    line: int
    column: int
    origin: str

    def __str__(self) -> str:
        return f"{self.origin}:{self.line}:{self.column}" if self.line else self.origin


class Places:
    """The places of keys and values of one tree; what has none has that of its parent."""

    def __init__(self, root: Place) -> None:
        self._keys: dict[Path, Place] = {}
        self._values: dict[Path, Place] = {(): root}

    def put(self, path: Path, value: Place, key: Place | None = None) -> None:
        """Note where a value stands, and its key."""
        self._values[path] = value
        self._keys[path] = key or value

    def drop(self, path: Path) -> None:
        """Forget a value and everything below it: it is about to be replaced."""
        for places in (self._keys, self._values):
            for known in [p for p in places if p[: len(path)] == path]:
                del places[known]

    def value(self, path: Path) -> Place:
        """The place of a value, or of the nearest thing around it."""
        return self._nearest(self._values, path)

    def key(self, path: Path) -> Place:
        """The place of a key, or of the nearest thing around it."""
        return self._keys.get(path) or self._nearest(self._values, path)

    def arranged(self, section: str, order: Sequence[int]) -> Places:
        """The places after a list was made anew of its old items, some more than once.

        Args:
            section: the key of the list.
            order: for each new item the number of the old one.
        """
        places = Places(self._values[()])
        for mine, new in ((self._keys, places._keys), (self._values, places._values)):
            for path, place in mine.items():
                if path[:1] != (section,) or len(path) == 1:
                    new[path] = place
                    continue
                for number, old in enumerate(order):
                    if path[1] == old:
                        new[(section, number, *path[2:])] = place
        return places

    def own(self, path: Path) -> Place | None:
        """The place of a value that was written out, None for a default."""
        return self._values.get(path)

    @staticmethod
    def _nearest(places: dict[Path, Place], path: Path) -> Place:
        while path not in places:
            path = path[:-1]
        return places[path]


def dotted(path: Sequence[str | int]) -> str:
    """A path as people type it: ``rules[0].window``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
