"""What can go wrong, as one tree.

::

    LogmondError
    ├── ConfigError      the configuration cannot be used (exit 2)
    ├── FormatError      a pasted log format cannot be compiled
    ├── SourceError      a source cannot be opened
    │   └── AddressTaken its port or socket is held by somebody else (exit 1)
    ├── FramingError     a peer broke the framing so that the stream cannot go on
    ├── QueryError       an admin command or query that cannot be answered
    └── StateError       the durable state cannot be read or written

Hostile log lines are not errors: they are counted in the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class LogmondError(Exception):
    """Anything logmond reports to its operator rather than as a traceback."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a configuration.

    `place` is ``file:line:col`` (or ``environment LOGMOND_...`` or ``--set key``),
    `path` the key as typed (``rules[0].window``), `message` what is wrong and
    what would work.
    """

    place: str
    path: str
    message: str

    def __str__(self) -> str:
        return (
            f"{self.place}: {self.path}: {self.message}"
            if self.path
            else f"{self.place}: {self.message}"
        )


class ConfigError(LogmondError):
    """The configuration cannot be used; `problems` lists every reason found."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class FormatError(LogmondError):
    """A log format cannot be compiled; says which part and what would work."""


class SourceError(LogmondError):
    """A source cannot be opened; the message says the fix."""


class AddressTaken(SourceError):
    """A port or socket path is held by somebody else."""


class FramingError(LogmondError):
    """The peer broke the framing; the connection cannot be read further.

    `completed` holds the messages that the same data completed before the fault.
    """

    def __init__(self, message: str, completed: Sequence[bytes] = ()) -> None:
        super().__init__(message)
        self.completed = list(completed)


class QueryError(LogmondError):
    """A query or admin command that cannot be answered.

    `code` is a stable word for programs (``unknown_command``, ``bad_window``...).
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class StateError(LogmondError):
    """The durable state cannot be read or written."""
