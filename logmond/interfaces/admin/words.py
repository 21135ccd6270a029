"""What the words of a command mean: windows, conditions, dimensions, likely slips.

Every reader raises QueryError with what would work. No clock.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from logmond.errors import QueryError
from logmond.frame.frame import CELL_DIMENSIONS, TOP_DIMENSIONS
from logmond.frame.selector import Selector
from logmond.suggest import meant

_DURATION = re.compile(r"(?:[0-9]{1,6}[smhd])+", re.IGNORECASE)
_PART = re.compile(r"([0-9]+)([smhd])", re.IGNORECASE)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

_LONGEST = 64
"""Characters of a word that a message repeats."""


def quoted(word: str) -> str:
    """A word as a message repeats it: short, in quotation marks."""
    return f'"{word if len(word) <= _LONGEST else word[:_LONGEST] + "..."}"'


def is_duration(word: str) -> bool:
    """Whether a word is written like a length of time: ``90s``, ``2m``, ``1h30m``."""
    return _DURATION.fullmatch(word) is not None


def seconds_of(word: str) -> int:
    """Seconds of ``90s``, ``2m``, ``1h30m``."""
    if not is_duration(word):
        raise QueryError("bad_duration", f"{quoted(word)} is no length of time such as 90s, 2m, 1h")
    return sum(int(count) * _SECONDS[unit.lower()] for count, unit in _PART.findall(word))


def condition(words: Sequence[str], labels: Sequence[str]) -> Selector:
    """The selector of ``dim=value`` words; equal dimensions are alternatives."""
    where: dict[str, list[str | int]] = {}
    for word in words:
        name, _, value = word.partition("=")
        if not value:
            raise QueryError("bad_arguments", f"{quoted(word)} lacks its value: section=/api")
        where.setdefault(cell_dimension(name, labels), []).append(value)
    return Selector.of(where)


def cell_dimension(name: str, labels: Sequence[str]) -> str:
    """A dimension that cells are counted by."""
    known = (*CELL_DIMENSIONS, *labels)
    if name.lower() in TOP_DIMENSIONS:
        hint = f'; type "top {name.lower()}"'
        raise QueryError("top_only", f"{name.lower()} is kept as a table of its own{hint}")
    return _dimension(name, known)


def any_dimension(name: str, labels: Sequence[str]) -> str:
    """A dimension that there is a table of."""
    return _dimension(name, (*TOP_DIMENSIONS, *CELL_DIMENSIONS, *labels))


def _dimension(name: str, known: Sequence[str]) -> str:
    for candidate in (name, name.lower()):
        if candidate in known:
            return candidate
    hint = meant(name, known) or f"; there are {', '.join(known)}"
    raise QueryError("unknown_dimension", f"no dimension {quoted(name)}{hint}")
