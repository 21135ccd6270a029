"""What a web server's configuration says about its access logs. Plain data, no reading.

A scope is what answers requests: nginx's server or location, Apache's server or
virtual host. Its `logs` are those in effect there, inherited or its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a configuration file."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Log:
    """One destination of access lines.

    Attributes:
        kind: "file", "syslog" or "pipe".
        target: the absolute path, the syslog server, or the command of the pipe, as written.
        place: where it is configured.
        format: the name its format goes by.
        spec: that format as `logmond.ingest.formats.table.format_of` takes it.
        address: where a syslog message goes: ``udp://127.0.0.1:514``,
            ``unixgram:///dev/log``; "" where it cannot be told.
        condition: of which requests a line is written; "" for all.
        unread: why its lines cannot be followed here; "" when they can.
        built_in: nobody wrote it down; it is what the server does by itself.
        written: the directive, to be repeated; nginx's only.
    """

    kind: str
    target: str
    place: Place
    format: str = "combined"
    spec: str = "combined"
    address: str = ""
    condition: str = ""
    unread: str = ""
    built_in: bool = False
    written: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the server that answers requests, and the logs in effect there.

    `own` tells whether it has logs of its own, which replace those around it;
    `off` that it writes none because it says so; `outer` are the names of what
    stands around it, outermost first.
    """

    kind: str
    name: str
    place: Place
    logs: tuple[Log, ...] = ()
    own: bool = False
    off: bool = False
    outer: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " > ".join((*self.outer, f"{self.kind} {self.name}".rstrip()))


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in one server's configuration.

    `notes` are (place, message) of what could not be read or was assumed.
    """

    server: str
    path: str
    scopes: tuple[Scope, ...]
    notes: tuple[tuple[Place, str], ...] = field(default=())

    def logs(self) -> Iterator[Log]:
        """Every log in effect anywhere, once, in the order of the scopes."""
        seen: set[Log] = set()
        for scope in self.scopes:
            for log in scope.logs:
                if log not in seen:
                    seen.add(log)
                    yield log
