"""Numbered access lines, and what any set of them must amount to.

A line's number is its size in bytes, its path, and decides section and status.
A line lost and another one counted twice leave the hits as they were, not the
sum of sizes nor the sections.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from time import gmtime, strftime, time
from typing import Any

from daemon import Daemon
from patience import until

_SECTIONS = 23
_STATUSES = (200, 200, 304, 404, 503)

LOST = ("unparsed", "oversize", "cut", "filtered", "kernel_drops")
"""What the ledger may say of a line instead of "counted"."""


def line(number: int, at: float | None = None) -> bytes:
    """The access line with a number, stamped now or at an epoch second; without LF."""
    stamp = strftime("%d/%b/%Y:%H:%M:%S +0000", gmtime(time() if at is None else at)).encode()
    status = _STATUSES[number % len(_STATUSES)]
    return b'192.0.2.%d - - [%s] "GET /s%d/%d HTTP/1.1" %d %d "-" "-"' % (
        number % 250,
        stamp,
        number % _SECTIONS,
        number,
        status,
        number,
    )


def lines(numbers: Iterable[int], at: float | None = None) -> bytes:
    """The lines with these numbers, each ended by LF."""
    return b"".join(line(number, at) + b"\n" for number in numbers)


@dataclass(frozen=True)
class Account:
    """What lines amounted to."""

    hits: int
    bytes: int
    sections: dict[str, int]
    statuses: dict[str, int]

    @classmethod
    def of(cls, numbers: Iterable[int]) -> Account:
        """Of the lines with these numbers."""
        numbers = list(numbers)
        return cls(
            len(numbers),
            sum(numbers),
            dict(Counter(f"/s{number % _SECTIONS}" for number in numbers)),
            dict(Counter(str(_STATUSES[number % len(_STATUSES)]) for number in numbers)),
        )

    @classmethod
    def told(cls, daemon: Daemon, source: str = "web") -> Account:
        """Of the last hour of a source, as a daemon tells it."""
        found = daemon.json(f"stats 1h source={source} by section")
        by_status = daemon.json(f"stats 1h source={source} by status")["groups"]
        return cls(found["hits"], found["bytes"], _hits(found["groups"]), _hits(by_status))


def _hits(groups: list[dict[str, Any]]) -> dict[str, int]:
    return {group["key"]: group["hits"] for group in groups}


def assert_counted_once(
    daemon: Daemon, numbers: Iterable[int], source: str = "web", within_s: float = 30
) -> dict[str, Any]:
    """Windows and ledger hold exactly these lines; gives what the daemon says of the source."""
    wanted = Account.of(numbers)

    def all_in() -> bool:
        counted = daemon.source(source)["counted"] >= wanted.hits
        return counted and Account.told(daemon, source).hits >= wanted.hits

    def found() -> object:
        return daemon.source(source), Account.told(daemon, source).hits, daemon.process.output

    until(within_s, all_in, found)
    said = daemon.source(source)
    assert said["counted"] == wanted.hits, found()
    assert said["received"] == wanted.hits, said
    assert {name: said[name] for name in LOST} == dict.fromkeys(LOST, 0)
    assert Account.told(daemon, source) == wanted
    return said
