"""Messages that wait for one notifier: which is next, which is dropped, what a commit must hold.

Of those that wait, the one that failed least often is next, the gravest of
these first, but never before an earlier one about the same incident: a message
that is refused for what it says holds nobody up, and an end never overtakes
its beginning. No reactor, no clock: the time is an argument, in seconds that
never fall.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from logmond.alerts.rule import SEVERITIES
from logmond.outputs.notifier import Message
from logmond.outputs.telling import REMINDER, TEST

MAX_BYTES = 8 * 1024 * 1024
"""What may wait for one notifier, packed, however few messages that is."""

GIVE_UP_S = 24 * 3600
"""A message this old tells nobody anything; it is given up."""

HELD_S = 5.0
"""How long a message waits for its commit: a disk may hang, and people must be told."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Message)


@dataclass(slots=True, eq=False)
class Waiting:
    """A message that waits.

    `since` is as if it had been entered at its own second; `held_since` is set
    while its commit is not written; `busy` while it is being sent.
    """

    message: Message
    serial: int
    size: int
    since: float
    held_since: float | None
    failures: int = 0
    busy: bool = False

    @property
    def test(self) -> bool:
        """Whether it is no news: tried once, before all others, and not kept."""
        return self.message.kind == TEST

    @property
    def order(self) -> tuple[bool, int, int, int]:
        """The smallest is next."""
        rank = SEVERITIES.index(self.message.severity)
        return (not self.test, self.failures, -rank, self.serial)


class Backlog:
    """The queue of one notifier; holds `max_messages` besides tests."""

    def __init__(self, max_messages: int) -> None:
        self.max_messages = max_messages
        self.serial = 0
        self._queue: list[Waiting] = []
        self._bytes = 0
        self._changes: dict[str, bytes | None] = {}

    def __len__(self) -> int:
        return len(self._queue)

    def __iter__(self) -> Iterator[Waiting]:
        return iter(tuple(self._queue))

    def add(self, message: Message, now: float, age_s: float) -> Waiting:
        """Enter a message, to be held until its commit is written; a test is free at once."""
        body = _encoder.encode(message)
        test = message.kind == TEST
        waiting = self._enter(message, len(body), now, age_s, held=not test)
        if not test:
            self._changes[message.id] = body
        return waiting

    def restore(self, id_: str, body: bytes, now: float, wall: float) -> Waiting | None:
        """Enter what a commit held; None if it cannot be read, and then it leaves the outbox."""
        try:
            message = _decoder.decode(body)
        except msgspec.MsgspecError:
            self._changes[id_] = None
            return None
        return self._enter(message, len(body), now, wall - message.at, held=False)

    def remove(self, waiting: Waiting) -> None:
        """It is done, one way or the other."""
        self._queue.remove(waiting)
        self._bytes -= waiting.size
        if not waiting.test:
            self._changes[waiting.message.id] = None

    def overflow(self) -> list[Waiting]:
        """Drop what is too much, the oldest first and reminders before all, and return it."""
        dropped = []
        while len(self._queue) > self.max_messages or self._bytes > MAX_BYTES:
            free = [one for one in self._queue if not one.busy and not one.test]
            if len(free) < 2:  # the newest stays, however large it is
                break
            reminders = (one for one in free if one.message.kind == REMINDER)
            dropped.append(next(reminders, free[0]))
            self.remove(dropped[-1])
        return dropped

    def release(self, serial: int) -> None:
        """Everything up to `serial` may be tried: the commit that holds it is written."""
        for waiting in self._queue:
            if waiting.serial <= serial:
                waiting.held_since = None

    def age(self, now: float) -> list[Waiting]:
        """Release what was held for too long; drop what is too old to be told, and return it."""
        expired = []
        for waiting in self:
            if waiting.held_since is not None and now - waiting.held_since >= HELD_S:
                waiting.held_since = None
            if now - waiting.since >= GIVE_UP_S and not waiting.busy:
                self.remove(waiting)
                expired.append(waiting)
        return expired

    def next(self, *, tests_only: bool = False) -> Waiting | None:
        """What to try now."""
        return min(self._ready(tests_only), key=lambda waiting: waiting.order, default=None)

    def changes(self) -> dict[str, bytes | None]:
        """What the next commit must hold: messages by id, None for one that is done."""
        taken, self._changes = self._changes, {}
        return taken

    def _enter(
        self, message: Message, size: int, now: float, age_s: float, *, held: bool
    ) -> Waiting:
        self.serial += 1
        since = now - max(0.0, age_s)
        waiting = Waiting(message, self.serial, size, since, now if held else None)
        self._queue.append(waiting)
        self._bytes += size
        return waiting

    def _ready(self, tests_only: bool) -> Iterator[Waiting]:
        earlier: set[str] = set()
        for waiting in self._queue:
            ids = {event.id for event in waiting.message.events}
            free = waiting.held_since is None and not waiting.busy and earlier.isdisjoint(ids)
            if free and (waiting.test or not tests_only):
                yield waiting
            earlier |= ids
