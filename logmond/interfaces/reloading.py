"""What came of a reload, as whoever asked for it is told."""

from __future__ import annotations

from collections.abc import Iterable


class Changes(tuple[str, ...]):
    """What was changed, a line each; `problems` are those of what could not be put to use.

    The new configuration is in force all the same; a part of it waits, and is tried again.
    """

    problems: tuple[str, ...]

    def __new__(cls, changed: Iterable[str], problems: Iterable[str] = ()) -> Changes:
        """Of everything that was done, and the problems among it."""
        problems = tuple(problems)
        self = super().__new__(cls, (*changed, *problems))
        self.problems = problems
        return self
