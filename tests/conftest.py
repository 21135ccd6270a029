"""What holds for every test: nothing is left behind, and missing programs are named.

A Deferred that fails unheard fails no test by itself: it is logged when it is
collected, long after. Nor does a timer or a socket that outlives its test.
Both are looked for here after each test. pytest-twisted, which runs each test
inside the default reactor, registers itself.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import pytest_twisted
from hypothesis import settings
from programs import program, required, take_settings
from twisted.internet import reactor
from twisted.internet.task import deferLater
from twisted.logger import LogEvent, LogLevel, formatEvent, globalLogPublisher
from twisted.python.failure import Failure

_GRACE_TURNS = 50
_TURN_S = 0.005


def pytest_configure() -> None:
    """Let the settings and signals of the tests be their own, and no property be timed."""
    take_settings()
    # A busy machine takes longer than any deadline: speed is measured in bench/.
    settings.register_profile("untimed", deadline=None)
    settings.load_profile("untimed")
    # Begun in the background of a script they would ignore Ctrl-C, and so would what they start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test by the name of the program it misses; fail it where CI wants all of them."""
    for marker in item.iter_markers("peer"):
        for name in marker.args:
            if program(name) is not None:
                continue
            if required():
                pytest.fail(f"no {name} here, and LOGMOND_REQUIRE_PEERS=1", pytrace=False)
            pytest.skip(f"no {name} here")


class LoggedErrors:
    """The errors logged during one test, by events of level error and above or with a failure."""

    def __init__(self) -> None:
        self.events: list[LogEvent] = []

    def __call__(self, event: LogEvent) -> None:
        """Keep an event if it tells of an error."""
        level = event.get("log_level") or LogLevel.info
        # Twisted announces an unheard failure in one event and tells it in the next.
        if str(event.get("log_format")).startswith("Unhandled error in Deferred"):
            return
        if level >= LogLevel.error or event.get("log_failure") or event.get("isError"):
            self.events.append(event)

    def flush(self, *kinds: type[BaseException]) -> list[LogEvent]:
        """Take the errors a test expects: those with such a failure, or all of them."""
        # An unheard Deferred logs when it is collected, not when it fails.
        gc.collect()
        taken = [event for event in self.events if not kinds or _failed_with(event, kinds)]
        self.events = [event for event in self.events if not any(event is e for e in taken)]
        return taken


def _failed_with(event: LogEvent, kinds: tuple[type[BaseException], ...]) -> bool:
    failure = event.get("log_failure")
    return isinstance(failure, Failure) and failure.check(*kinds) is not None


def _told(event: LogEvent) -> str:
    failure = event.get("log_failure")
    trace = failure.getTraceback() if isinstance(failure, Failure) else ""
    return f"{formatEvent(event)}\n{trace}".rstrip()


@contextmanager
def _listening() -> Iterator[LoggedErrors]:
    """Collect what the block leaves, and fail if an error was logged that was not taken."""
    errors = LoggedErrors()
    globalLogPublisher.addObserver(errors)
    try:
        yield errors
        gc.collect()
    finally:
        globalLogPublisher.removeObserver(errors)
    if errors.events:
        told = "\n\n".join(map(_told, errors.events))
        pytest.fail(f"{len(errors.events)} errors were logged:\n{told}", pytrace=False)


@pytest.fixture(scope="module", autouse=True)
def unseen_past() -> None:
    """Put what lasts out of the collector's sight: modules, and reports of the tests so far.

    Each test collects its own garbage, which would take longer after every other test.
    """
    with _listening():
        # The reactor stands in the turn that ran the last test, and holds what that was given.
        pytest_twisted.blockon(deferLater(reactor, 0))
    gc.freeze()


@pytest.fixture(autouse=True)
def logged_errors() -> Iterator[LoggedErrors]:
    """Fail a test that leaves errors in the log; one that expects them takes them by `flush`."""
    with _listening() as errors:
        yield errors


@pytest.fixture(autouse=True)
def clean_reactor(logged_errors: LoggedErrors) -> Iterator[None]:
    """Fail a test that leaves timers or sockets in the reactor, and take them away."""
    calls, selectables = set(reactor.getDelayedCalls()), _selectables()
    yield
    for _ in range(_GRACE_TURNS):
        left = [c for c in reactor.getDelayedCalls() if c not in calls and c.active()]
        kept = _selectables() - selectables
        if not left and not kept:
            return
        # A connection that was told to close goes away in the reactor's next turns.
        pytest_twisted.blockon(deferLater(reactor, _TURN_S))
    for call in left:
        call.cancel()
    for selectable in kept:
        reactor.removeReader(selectable)
        reactor.removeWriter(selectable)
    what = "\n".join(map(str, [*left, *kept]))
    pytest.fail(f"left behind in the reactor:\n{what}", pytrace=False)


def _selectables() -> set[Any]:
    """Sockets and pipes the reactor watches, less those it wakes itself by."""
    watched = {*reactor.getReaders(), *reactor.getWriters()}
    return watched - reactor._internalReaders
