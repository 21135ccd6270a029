"""A daemon as a process: its log, its signals, its end."""

from __future__ import annotations

import ctypes
import gc
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.error import ReactorNotRunning
from twisted.logger import Logger
from twisted.python.failure import Failure

from logmond.config.loading import Loaded
from logmond.daemon import oplog
from logmond.daemon.announcing import announce
from logmond.daemon.service import Daemon

if TYPE_CHECKING:
    from logmond.daemon.demonstration import Feed

STOP_S = 4.5
"""Seconds an orderly stop may take; whoever stops us waits five."""

_OWN_PAGES_BYTES = 32_768
_M_MMAP_THRESHOLD = -3  # malloc.h

_log = Logger()


def serve(
    load_now: Callable[[], Loaded], reactor: Any, environ: Mapping[str, str], feed: Feed | None
) -> int:
    """Run until SIGTERM or SIGINT; return the exit code.

    Raises:
        ConfigError: the configuration cannot be used.
        LogmondError: something cannot be opened.
    """
    _return_what_is_freed()
    loaded = load_now()
    oplog.begin(environ)
    announce(loaded)
    backfill_s = feed.backfill_s if feed else 0
    daemon = Daemon(loaded, load_now, reactor, environ, backfill_s=backfill_s)
    hold: Deferred[None] | None = Deferred() if feed else None
    daemon.start(hold)
    if feed and hold:
        feed.start(daemon, hold)
    # A thousand rules live as long as the process: a full collection that looks at all of
    # them holds the reactor for 30 ms, and finds nothing.
    gc.collect()
    gc.freeze()
    reactor.addSystemEventTrigger("before", "shutdown", _stop, daemon, feed, reactor)
    # Once it runs, because the reactor's own handlers are put there by its start.
    reactor.callWhenRunning(_end_on_signals, reactor)
    signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(_reload, daemon))
    signal.signal(signal.SIGUSR1, lambda *_: reactor.callFromThread(daemon.reopen))
    reactor.run()
    return 1 if daemon.failed else 0


def _return_what_is_freed() -> None:
    """Have glibc give large blocks pages of their own, which go back when they are freed.

    By itself it raises the size from which it does so with every such block it sees freed;
    then what a thousand connections held for a moment stays in the heap as holes.
    """
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _OWN_PAGES_BYTES)


def _end_on_signals(reactor: Any) -> None:
    """SIGTERM and SIGINT stop in order; further ones change nothing, it takes `STOP_S` at most.

    The reactor's own handlers raise in it when a second signal comes, as from an
    impatient Ctrl-C, or from ``timeout``, which signals twice.
    """

    def end() -> None:
        with suppress(ReactorNotRunning):
            reactor.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: reactor.callFromThread(end))


def _reload(daemon: Daemon) -> None:
    """SIGHUP: what became of it is in the log."""
    daemon.reload().addErrback(lambda _: None)


def _stop(daemon: Daemon, feed: Feed | None, reactor: Any) -> Deferred[None]:
    if feed:
        feed.stop()
    done = daemon.stop()
    done.addTimeout(STOP_S, reactor)
    return done.addErrback(lambda failure: _log.failure("the stop failed", failure))


T = TypeVar("T")


def finish(done: Deferred[T], reactor: Any) -> T:
    """Run the reactor until `done` fires or somebody stops us, and give its result.

    Raises:
        LogmondError: whatever it failed with.
    """
    ended: list[T | Failure] = []

    def end(result: T | Failure) -> None:
        ended.append(result)
        if reactor.running:
            reactor.stop()

    def stop() -> Deferred[T]:
        done.cancel()
        return done

    reactor.addSystemEventTrigger("before", "shutdown", stop)
    done.addBoth(end)
    if not ended:
        reactor.run()
    (result,) = ended
    if isinstance(result, Failure):
        result.raiseException()
    return result
