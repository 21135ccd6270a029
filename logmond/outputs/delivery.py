"""Bringing messages to one notifier: one attempt at a time, until each is taken.

A message may be tried once its commit was written, so that a crash afterwards
finds it in the outbox; taken, it leaves the outbox with the next commit. So it
is delivered at least once, and twice only when the crash comes in between.
After a failure there is a pause, longer each time and by chance, so that those
who come back to a server that was down do not come at once. What was dropped
or given up is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from logmond.outputs.audience import Terms
from logmond.outputs.backlog import Backlog, Waiting
from logmond.outputs.notifier import Message, NotDelivered, Notifier
from logmond.outputs.pacing import DEGRADED_S, Counts, Pace
from logmond.telemetry import span, visible

STOP_S = 2.0
"""What the message under way gets when the daemon stops."""

_LONGEST_REASON = 300


@dataclass(slots=True)
class _Attempt:
    """One under way; `over` once it was taken, failed or came too late."""

    waiting: Waiting
    timer: Any
    sending: Deferred[None] = field(default_factory=Deferred)
    over: bool = False


class Delivery:
    """What brings messages to one notifier.

    Args:
        name: of the output.
        reactor: whose clock is monotonic.
        wall: epoch seconds.
        chance: for the length of pauses.
    """

    _log = Logger()

    def __init__(
        self,
        name: str,
        notifier: Notifier,
        terms: Terms,
        *,
        reactor: Any,
        wall: Callable[[], float],
        chance: Random,
    ) -> None:
        self.name = name
        self.counts = Counts()
        self.pace = Pace(chance)
        self.backlog = Backlog(terms.max_queue)
        self.notifier = notifier
        self._terms = terms
        self._reactor = reactor
        self._wall = wall
        self._tests: dict[str, Deferred[None]] = {}
        self._under_way: _Attempt | None = None
        self._pause: Any = None  # IDelayedCall until the next attempt
        self._turn: Any = None  # IDelayedCall to the next attempt without a pause
        self._stopping: Deferred[None] | None = None
        self._stopped = False
        self._full = self._aged = False

    @property
    def failing_since(self) -> float | None:
        """Wall time since when nothing was delivered any more, None while all is well."""
        failing_s = self.pace.failing_s(self._reactor.seconds())
        return None if failing_s is None else self._wall() - failing_s

    @property
    def problem(self) -> str | None:
        """Why nobody is reached, once that has gone on for long."""
        failing_s = self.pace.failing_s(self._reactor.seconds())
        if failing_s is None or failing_s < DEGRADED_S:
            return None
        return f"output {self.name}: nothing delivered for {span(failing_s)}: {self.pace.reason}"

    def add(self, message: Message) -> None:
        """Take a message; it is tried after the commit that holds it, see `release`."""
        self.backlog.add(message, self._reactor.seconds(), self._wall() - message.at)
        self._trim()

    def restore(self, packed: Mapping[str, bytes]) -> None:
        """Take what an earlier run could not deliver, by id, oldest first."""
        for id_, body in packed.items():
            if self.backlog.restore(id_, body, self._reactor.seconds(), self._wall()) is None:
                self.counts.dropped += 1
                self._log.warn("output {name}: a kept message is unreadable", name=self.name)
        self._trim()

    def release(self, serial: int) -> None:
        """The commit made at this `backlog.serial` is written, or cannot be: try its messages."""
        self.backlog.release(serial)
        self._go_on()

    def tick(self) -> None:
        """Once a second: see to what waits too long."""
        self._trim()
        self._go_on()

    def test(self, message: Message) -> Deferred[None]:
        """Try a message that is no news, next and once; fires when it is taken, or fails."""
        done: Deferred[None] = Deferred()
        self._tests[message.id] = done
        self.backlog.add(message, self._reactor.seconds(), 0)
        self._go_on()
        return done

    def replace(self, notifier: Notifier, terms: Terms) -> None:
        """Go on with another notifier of the same kind; what is under way is tried again."""
        before, self.notifier, self._terms = self.notifier, notifier, terms
        self.backlog.max_messages = terms.max_queue
        if self._under_way is not None:
            self._abandon(self._under_way)
        self._let_go(before)
        self.pace.succeeded(0)
        self._end_pause()
        self._trim()
        self._soon()

    def stop(self) -> Deferred[None]:
        """Begin nothing more; fires when the message under way is done, or out of time."""
        self._stopped = True
        self._end_pause()
        if self._under_way is None:
            return succeed(None)
        self._stopping = Deferred()
        limit = self._reactor.callLater(STOP_S, self._abandon, self._under_way)
        return self._stopping.addCallback(lambda _: _cancel(limit))

    def close(self) -> Deferred[None]:
        """Let the notifier go; what waits stays in the outbox."""
        self._stopped = True
        self._end_pause()
        if self._under_way is not None:
            self._abandon(self._under_way)
        for waiting in self.backlog:
            self._answer(waiting, NotDelivered("the output was closed"))
        return self._let_go(self.notifier)

    # Attempts

    def _go_on(self) -> None:
        """Begin the next attempt, if there is something to try and nothing to wait for."""
        _cancel(self._turn)
        self._turn = None
        if self._stopped or self._under_way is not None:
            return
        # Somebody sits before a test: it does not wait for the end of a pause.
        waiting = self.backlog.next(tests_only=self._pause is not None)
        if waiting is not None:
            self._try(waiting)

    def _soon(self) -> None:
        """In another turn: a notifier that answers at once must not hold the reactor."""
        if self._turn is None and not self._stopped:
            self._turn = self._reactor.callLater(0, self._go_on)

    def _try(self, waiting: Waiting) -> None:
        waiting.busy = True
        self._under_way = attempt = _Attempt(waiting, None)
        attempt.timer = self._reactor.callLater(self._terms.timeout_s, self._too_late, attempt)
        attempt.sending = maybeDeferred(self.notifier.send, waiting.message)
        attempt.sending.addCallbacks(
            lambda _: self._taken(attempt), lambda failure: self._not_taken(attempt, failure)
        )
        attempt.sending.addErrback(
            lambda failure: self._log.failure("output {name} failed", failure, name=self.name)
        )

    def _too_late(self, attempt: _Attempt) -> None:
        told = NotDelivered(f"no answer within {span(self._terms.timeout_s)}")
        self._not_taken(attempt, Failure(told))  # type: ignore[no-untyped-call]
        attempt.sending.cancel()

    def _taken(self, attempt: _Attempt) -> None:
        if attempt.over:
            return
        self._end(attempt)
        self.backlog.remove(attempt.waiting)
        self.counts.sent += 1
        self.counts.last_sent_at = self._wall()
        lasted = self.pace.succeeded(self._reactor.seconds())
        if lasted is not None:
            told = span(lasted)
            self._log.info("output {name} delivers again after {span}", name=self.name, span=told)
        self._full = self._aged = False
        self._end_pause()
        self._answer(attempt.waiting, None)
        self._soon()

    def _not_taken(self, attempt: _Attempt, failure: Failure) -> None:
        if attempt.over:
            return
        self._end(attempt)
        error, waiting = failure.value, attempt.waiting
        if not isinstance(error, NotDelivered):
            self._log.failure("output {name}: a fault of its notifier", failure, name=self.name)
            error = NotDelivered(f"a fault of logmond ({type(error).__name__}), see its log")
        self.counts.failed += 1
        if waiting.test:
            self.backlog.remove(waiting)
            self._answer(waiting, error)
            self._soon()
            return
        waiting.failures += 1
        reason = visible(str(error))[:_LONGEST_REASON]
        if self.pace.failing_since is None:
            self._log.warn("output {name} cannot deliver: {why}", name=self.name, why=reason)
        pause_s = self.pace.failed(self._reactor.seconds(), reason, error.retry_after_s)
        if error.permanent:
            self.counts.refused += 1
            self.backlog.remove(waiting)
            self._lost(waiting, f"is refused: {reason}")
        self._end_pause()
        if not self._stopped:
            self._pause = self._reactor.callLater(pause_s, self._rested)
        self._soon()  # a test does not wait for the end of the pause

    def _rested(self) -> None:
        self._pause = None
        self._go_on()

    def _end_pause(self) -> None:
        _cancel(self._pause)
        _cancel(self._turn)
        self._pause = self._turn = None

    def _abandon(self, attempt: _Attempt) -> None:
        """Give up an attempt, not its message."""
        if attempt.over:
            return
        self._end(attempt)
        attempt.sending.cancel()
        if attempt.waiting.test:
            self.backlog.remove(attempt.waiting)
            self._answer(attempt.waiting, NotDelivered("the output was closed"))

    def _end(self, attempt: _Attempt) -> None:
        attempt.over = True
        attempt.waiting.busy = False
        _cancel(attempt.timer)
        self._under_way = None
        stopping, self._stopping = self._stopping, None
        if stopping is not None:
            # Behind whatever follows from this end: the last commit is made then.
            self._reactor.callLater(0, stopping.callback, None)

    def _trim(self) -> None:
        """Drop what is too much or too old."""
        for waiting in self.backlog.overflow():
            self.counts.dropped += 1
            if not self._full:  # once, until something is delivered again
                why = f"is dropped, as are more: {self.backlog.max_messages} wait already"
                self._lost(waiting, why)
            self._full = True
        for waiting in self.backlog.age(self._reactor.seconds()):
            self.counts.given_up += 1
            if not self._aged:  # once, too: old logs may hold thousands
                self._lost(waiting, "is a day old and given up, as are more like it")
            self._aged = True

    def _lost(self, waiting: Waiting, why: str) -> None:
        title = waiting.message.title
        self._log.warn('output {name}: "{title}" {why}', name=self.name, title=title, why=why)

    def _answer(self, waiting: Waiting, error: NotDelivered | None) -> None:
        done = self._tests.pop(waiting.message.id, None)
        if done is not None:
            done.callback(None) if error is None else done.errback(error)

    def _let_go(self, notifier: Notifier) -> Deferred[None]:
        closed = maybeDeferred(notifier.close)
        return closed.addErrback(
            lambda failure: self._log.failure("{name} stays open", failure, name=self.name)
        )


def _cancel(call: Any) -> None:
    """Cancel a delayed call, if there is one that was not made yet."""
    if call is not None and call.active():
        call.cancel()
