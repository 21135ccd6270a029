"""A dead man's switch: somebody elsewhere hears from us regularly, and calls when they do not.

logmond cannot tell that it is gone itself. A service that expects a request
every so often can (Healthchecks, Dead Man's Snitch, Uptime Kuma and their like). So a beat says
more than "the process lives": it is sent only when, within the last `STILL_S`,
the evaluated second moved and the durable state took a commit. A daemon that
hangs, was stopped, or cannot write any more falls silent, and one that dies at
each start never begins to beat. What else is wrong is said in the body.

A beat that fails is not repeated: the next one follows when it is due.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, TimeoutError
from twisted.logger import Logger
from twisted.python.failure import Failure

from logmond.outputs.notifier import NotDelivered
from logmond.outputs.pacing import DEGRADED_S
from logmond.outputs.posting import Answer
from logmond.outputs.status import OutputStatus
from logmond.outputs.webhook import judge
from logmond.telemetry import span, visible

NAME = "heartbeat"

STILL_S = 30.0
"""How long evaluation or commits may stand still: a disk may be slow, a file long."""

_LONGEST = 1000
_LONGEST_REASON = 300


class _Progress:
    """Whether a number changes; which way does not matter: a clock may be set back."""

    def __init__(self) -> None:
        self._value: int | None = None
        self._changed_at: float | None = None
        self._begun = False

    def seen(self, value: int | None, now: float) -> bool:
        """It is this now; whether it changed of late."""
        if self._begun and value != self._value:
            self._changed_at = now
        self._begun, self._value = True, value
        return self._changed_at is not None and now - self._changed_at <= STILL_S


class Heartbeat:
    """Beats every `every_s` while the daemon is well.

    Args:
        post: sends a body; fires with an answer, or fails with NotDelivered.
        every_s: seconds between two beats.
        timeout_s: seconds one may take; not more than `every_s`.
        reactor: whose clock is monotonic.
        wall: epoch seconds.
    """

    _log = Logger()

    def __init__(
        self,
        post: Callable[[bytes], Deferred[Answer]],
        *,
        every_s: float,
        timeout_s: float,
        reactor: Any,
        wall: Callable[[], float],
    ) -> None:
        self._post = post
        self._every_s = every_s
        self._timeout_s = timeout_s
        self._reactor = reactor
        self._wall = wall
        self._due = reactor.seconds()
        self._evaluated = _Progress()
        self._commits = _Progress()
        self._under_way: Deferred[None] | None = None
        self._failing_since: float | None = None
        self._reason = ""
        self._sent = 0
        self._failed = 0
        self._last_sent_at: float | None = None

    @property
    def problem(self) -> str | None:
        """Why nobody hears us, once that has gone on for long."""
        if self._failing_since is None:
            return None
        failing_s = self._reactor.seconds() - self._failing_since
        if failing_s < DEGRADED_S:
            return None
        return f"heartbeat: not taken for {span(failing_s)}: {self._reason}"

    def tick(self, evaluated: int | None, commits: int, reasons: str) -> None:
        """Once a second.

        Args:
            evaluated: the newest evaluated second.
            commits: how many commits the durable state has taken.
            reasons: what is wrong with the daemon, empty when nothing is.
        """
        now = self._reactor.seconds()
        moves = [self._evaluated.seen(evaluated, now), self._commits.seen(commits, now)]
        if not all(moves) or self._under_way is not None or now < self._due:
            return
        self._due = now + self._every_s
        self._beat(f"degraded: {reasons}" if reasons else "ok")

    def status(self) -> OutputStatus:
        """How it is doing."""
        since = self._failing_since
        if since is not None:
            since = self._wall() - (self._reactor.seconds() - since)
        return OutputStatus(
            name=NAME,
            kind=NAME,
            state="ok" if since is None else "retrying",
            reason=self._reason,
            since=since,
            sent=self._sent,
            failed=self._failed,
            last_sent_at=self._last_sent_at,
        )

    def close(self) -> None:
        """Beat no more."""
        self._due = float("inf")
        if self._under_way is not None:
            self._under_way.cancel()

    def _beat(self, text: str) -> None:
        posted = self._post(visible(text)[:_LONGEST].encode()).addCallback(judge)
        # Before anything can fire: one that fires at once is over below.
        self._under_way = posted
        posted.addTimeout(self._timeout_s, self._reactor, _too_late)
        posted.addCallbacks(self._taken, self._not_taken)
        posted.addErrback(lambda failure: self._log.failure("the heartbeat failed", failure))

    def _taken(self, _: None) -> None:
        self._under_way = None
        self._sent += 1
        self._last_sent_at = self._wall()
        if self._failing_since is not None:
            told = span(self._reactor.seconds() - self._failing_since)
            self._log.info("the heartbeat is taken again after {span}", span=told)
        self._failing_since, self._reason = None, ""

    def _not_taken(self, failure: Failure) -> None:
        self._under_way = None
        if self._due == float("inf"):
            return
        self._failed += 1
        if isinstance(failure.value, TimeoutError):
            self._reason = f"no answer within {span(self._timeout_s)}"
        elif isinstance(failure.value, NotDelivered):
            self._reason = visible(str(failure.value))[:_LONGEST_REASON]
        else:
            failure.raiseException()
        if self._failing_since is None:
            self._failing_since = self._reactor.seconds()
            self._log.warn("the heartbeat is not taken: {why}", why=self._reason)


def _too_late(_: object, timeout_s: float) -> None:
    """Whatever came of breaking it off, which the network tells in words of its own."""
    raise TimeoutError(timeout_s)
