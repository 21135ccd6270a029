"""Waiting in tests: for an event, with a limit of the test's own. No bare sleeps."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from threading import Event
from time import monotonic
from typing import Any, TypeVar

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

T = TypeVar("T")

_POLL_S = 0.01


def within(seconds: float, what: Deferred[T] | Coroutine[Any, Any, T]) -> Deferred[T]:
    """The result of `what`, or a failed test once `seconds` have passed.

    Every wait of an asynchronous test stands in one of these, so that a test
    that hangs says where, and after a time that suits it::

        reply = await within(5, client.ask("status"))
    """
    deferred = what if isinstance(what, Deferred) else ensureDeferred(what)

    def too_late(failure: Failure, timeout: float) -> None:
        if failure.check(CancelledError):
            raise AssertionError(f"nothing came of it within {timeout} s")
        failure.raiseException()

    return deferred.addTimeout(seconds, reactor, onTimeoutCancel=too_late)


async def eventually(
    seconds: float, condition: Callable[[], T], describe: Callable[[], object] = lambda: ""
) -> T:
    """The first true value of `condition`, asked until `seconds` have passed.

    For what other processes do, of which no event tells. `describe` is called
    on failure and says what there was instead.
    """
    deadline = reactor.seconds() + seconds
    while not (value := condition()):
        if reactor.seconds() > deadline:
            raise AssertionError(f"not so within {seconds} s: {describe()}")
        await deferLater(reactor, _POLL_S)
    return value


def until(
    seconds: float, condition: Callable[[], T], describe: Callable[[], object] = lambda: ""
) -> T:
    """As `eventually`, for tests that drive other processes only: the reactor stands still."""
    pause, deadline = Event(), monotonic() + seconds
    while not (value := condition()):
        if monotonic() > deadline:
            raise AssertionError(f"not so within {seconds} s: {describe()}")
        pause.wait(_POLL_S)
    return value
