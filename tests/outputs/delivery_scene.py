"""A delivery over a notifier that does as a test says, on a clock."""

from __future__ import annotations

from random import Random
from typing import Any

from messages import NOW, event
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from logmond.outputs.audience import Terms
from logmond.outputs.delivery import Delivery
from logmond.outputs.notifier import Message, NotDelivered
from logmond.outputs.pacing import LAST_RETRY_S

TIMEOUT_S = 15


class FakeNotifier:
    """Is asked to send, and answers when the test says so."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.closed = False
        self.cancelled = 0
        self._answers: list[Deferred[None]] = []

    def send(self, message: Message) -> Deferred[None]:
        """Remember, and let the test answer."""
        self.asked.append(message.id)
        self._answers.append(Deferred(self._cancel))
        return self._answers[-1]

    def _cancel(self, _: Deferred[None]) -> None:
        self.cancelled += 1

    def close(self) -> Deferred[None]:
        """Remember."""
        self.closed = True
        return succeed(None)

    def take(self) -> None:
        """Take the message under way."""
        self._answers.pop().callback(None)

    def refuse(self, reason: str = "no", **more: Any) -> None:
        """Do not."""
        self._answers.pop().errback(NotDelivered(reason, **more))


class Scene:
    """A delivery, its notifier and its time."""

    def __init__(self, *, max_queue: int = 1000, seed: int = 1) -> None:
        self.clock = Clock()
        self.notifier = FakeNotifier()
        self.terms = Terms(TIMEOUT_S, max_queue)
        self.delivery = self._made(seed)

    def _made(self, seed: int) -> Delivery:
        return Delivery(
            "hook",
            self.notifier,
            self.terms,
            reactor=self.clock,
            wall=self.wall,
            chance=Random(seed),
        )

    def wall(self) -> float:
        """Epoch seconds."""
        return NOW + self.clock.seconds()

    def add(self, *messages: Message) -> None:
        """Add messages and write their commit."""
        for one in messages:
            self.delivery.add(one)
        self.delivery.release(self.delivery.backlog.serial)

    def turn(self, seconds: float = 0) -> None:
        """Let time pass, a second at a time."""
        while seconds > 1:
            self.clock.advance(1)
            self.delivery.tick()
            seconds -= 1
        self.clock.advance(seconds)

    def until_asked(self, times: int) -> float:
        """Let time pass until the notifier has been asked so often; how long that took."""
        began = self.clock.seconds()
        while len(self.notifier.asked) < times:
            assert self.clock.seconds() < began + 2 * LAST_RETRY_S, "nobody asks any more"
            self.clock.advance(0.1)
        return self.clock.seconds() - began


def message(name: str, kind: str = "alert", severity: str = "warning", about: str = "") -> Message:
    """A message of one incident, by default its own."""
    one = event(id=f"id-{about or name}", severity=severity)
    return Message(name, kind, NOW, (one,), f"title {name}", "text")
