"""Which cells a rule or query means: matching by equality, list, prefix, glob, status class.

Matching is linear by construction: there are no regular expressions of users.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from re import Pattern, compile


@dataclass(frozen=True, slots=True)
class Selector:
    """A conjunction of conditions, hashable so that equal ones share a series.

    `where` holds (dimension, patterns) pairs sorted by dimension; a value
    matches when any pattern does. A pattern is literal text, or ends in ``*``
    (prefix), or holds ``*`` or ``?`` elsewhere (glob), or is ``2xx`` ... ``5xx``
    on the dimension ``status``.
    """

    where: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, where: Mapping[str, str | int | Sequence[str | int]]) -> Selector:
        """Build from ``{dimension: value or list of values}``."""
        pairs = []
        for dimension, wanted in sorted(where.items()):
            values = [wanted] if isinstance(wanted, str | int) else wanted
            pairs.append((dimension, tuple(str(value) for value in values)))
        return cls(tuple(pairs))

    @property
    def dimensions(self) -> frozenset[str]:
        """The dimensions it reads."""
        return frozenset(dimension for dimension, _ in self.where)

    def values(self, dimension: str) -> tuple[str, ...]:
        """The patterns asked of a dimension, empty when it is free."""
        return dict(self.where).get(dimension, ())

    def matches(self, value_of: Mapping[str, str]) -> bool:
        """Whether every condition holds for these dimension values."""
        return all(
            any(match(dimension, pattern, value_of.get(dimension, "-")) for pattern in patterns)
            for dimension, patterns in self.where
        )


def match(dimension: str, pattern: str, value: str) -> bool:
    """Whether one value matches one pattern of a dimension."""
    if dimension == "status" and len(pattern) == 3 and pattern.endswith("xx"):
        return value[:1] == pattern[:1]
    if "?" not in pattern and "*" not in pattern:
        return value == pattern
    if pattern.find("*") == len(pattern) - 1 and "?" not in pattern:
        return value.startswith(pattern[:-1])
    return _glob(pattern).match(value) is not None


_globs: dict[str, Pattern[str]] = {}


def _glob(pattern: str) -> Pattern[str]:
    """The compiled glob; patterns come from configuration and are few."""
    compiled = _globs.get(pattern)
    if compiled is None:
        if len(_globs) > 1000:
            _globs.clear()
        literal = pattern.replace("[", "[[]")  # only * and ? are special
        compiled = _globs[pattern] = compile(translate(literal))
    return compiled
