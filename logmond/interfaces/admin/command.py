"""One entry of the command table, and what it is given when somebody types it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from twisted.internet.defer import Deferred

from logmond.errors import QueryError
from logmond.interfaces.admin.answer import Answer
from logmond.interfaces.surface import Surface


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as typed: the `words` after its name, the same `raw`, and the `peer` who asks."""

    surface: Surface
    words: tuple[str, ...]
    raw: bytes = b""
    peer: str = "admin"


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    `usage`, `what` and `example` make the line of `help`. `run` is None for
    those that concern the connection itself. `writes` says whether these words
    change something, so that a token is asked for where one is set.
    """

    name: str
    usage: str
    what: str
    example: str
    run: Callable[[Asked], Answer | Deferred[Answer]] | None = None
    writes: Callable[[Sequence[str]], bool] = lambda words: False

    def wrong(self, reason: str = "") -> QueryError:
        """The error for words it cannot use."""
        return misused(self.usage, reason)


def misused(usage: str, reason: str = "") -> QueryError:
    """The error for words that do not fit `usage`."""
    sep = " " if reason.endswith("?") else "; "
    return QueryError("bad_arguments", f"{reason + sep if reason else ''}usage: {usage}")


def always(words: Sequence[str]) -> bool:
    """The `writes` of a command that always changes something."""
    return True
