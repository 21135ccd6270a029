"""What a source is, and what it may expect of the intake it feeds.

A source owns sockets or files and nothing else: it hands whole messages, or
chunks of whole lines, to an `Intake`, and says how it is doing. It knows no
window and no rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from twisted.internet.defer import Deferred

from logmond.ingest.ledger import Ledger


class Intake(Protocol):
    """The parsing side of one configured source (`logmond.ingest.intake`)."""

    name: str
    ledger: Ledger

    def messages(self, messages: Sequence[bytes], *, believed: bool, peer: str = "") -> int | None:
        """Take framed messages (without terminators), each with or without a syslog header.

        Args:
            messages: in the order of arrival.
            believed: True for TCP and unix streams, whose stamps count however
                old; False for datagrams, where a stamp behind by more than
                ``max_skew`` lands at arrival.
            peer: the address that the first message came from, without a port;
                empty where there is none. The sender's clock is told by it.

        Returns:
            The newest second counted, or None when nothing was.
        """

    def lines(self, chunk: bytes) -> int | None:
        """Take whole bare lines, each ended by LF, of a file or standard input.

        Their stamps are believed. Returns the newest second counted, or None.
        """


@dataclass(frozen=True, slots=True)
class Health:
    """How a source is doing: `state` is "ok", "waiting" or "degraded".

    "waiting" is healthy (a file that does not exist yet); `reason` is for
    people and names the fix; `since` is wall time in seconds; `broken` means
    that what the source would deliver is unknown (unreadable, not listening).
    """

    state: str = "ok"
    reason: str = ""
    since: float = 0.0
    broken: bool = False


class Source(Protocol):
    """One listener, one set of files, one pipe."""

    address: str
    """As configured and as `sources` shows it: ``udp://localhost:5514``."""

    def open(self) -> None:
        """Bind or open, before the daemon says it is ready.

        Raises:
            AddressTaken: somebody else holds the port or socket.
            SourceError: it cannot be bound for another reason.
        """

    def tick(self) -> None:
        """Called once a second: rescan, refresh counters. Must take <= 5 ms."""

    def health(self) -> Health:
        """How it is doing now."""

    def close(self) -> Deferred[None]:
        """Stop receiving; hand over what has been accepted; free every descriptor."""


@runtime_checkable
class Credentialed(Protocol):
    """What a source that shows a certificate can do besides."""

    @property
    def notes(self) -> list[str]:
        """What its operator should know, a line each."""

    def reload(self) -> str:
        """Read the certificate again; say what came of it, "" for nothing new.

        Raises:
            SourceError: it cannot be used, and the old one stays.
        """
