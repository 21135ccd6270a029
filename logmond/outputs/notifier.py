"""What a notifier is: somebody beyond this machine who is told, and may not answer.

An output writes a line and is done. A notifier is asked to deliver one message
and takes its time; queueing, retrying and remembering what is still to be told
are done for it (`logmond.outputs.delivery`). No sockets, no clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from twisted.internet.defer import Deferred

from logmond.alerts.event import Event
from logmond.errors import LogmondError


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody is told at once.

    `id` is the same after a crash, so that who receives it twice can tell.
    `kind` is that of its events, or "reminder" (still firing) or "test";
    `at` the evaluated second. `events` is one event, or those of several
    groups of one rule. `title` is one line, `text` one or more; both are free
    of control characters.
    """

    id: str
    kind: str
    at: int
    events: tuple[Event, ...]
    title: str
    text: str

    @property
    def severity(self) -> str:
        """The gravest of its events; "info" for a test."""
        rank = ("info", "warning", "critical")
        return max((event.severity for event in self.events), key=rank.index, default="info")


class NotDelivered(LogmondError):
    """A message was not taken.

    Attributes:
        permanent: trying again would not help (a refused address, a bad token).
        retry_after_s: seconds the other side asked us to wait, or None.
    """

    def __init__(
        self, reason: str, *, permanent: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.retry_after_s = retry_after_s


class Notifier(Protocol):
    """One way to reach somebody."""

    def send(self, message: Message) -> Deferred[None]:
        """Deliver; fires when the other side has taken it, fails with NotDelivered.

        Cancelling gives up: the deadline is the caller's.
        """

    def close(self) -> Deferred[None]:
        """Let connections and threads go; a message under way is given up."""
