"""A web server that is not there: a seeded scenario, sent as real syslog datagrams.

The daemon's own UDP listener receives them like anybody's, so a demonstration
shows the whole road. The last two minutes come first, so that windows are full
from the start; after that each second brings its lines.
"""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from twisted.internet.defer import Deferred

from logmond.errors import SourceError
from logmond.ingest.scenarios import BACKFILL_S, Scenario, lines, syslog_message
from logmond.ingest.sources.targets import WILDCARDS

SLICE_DATAGRAMS = 20
"""Datagrams sent at once while backfilling; an unprivileged receive buffer holds about 160."""

SLICE_S = 0.005
"""Seconds between two such slices, in which the listener drains."""

STEP_S = 10
"""Seconds by which the wall clock may run ahead or back before the scenario goes on from there."""


class Demo:
    """Sends one scenario to an address, from `start` until `stop`.

    Args:
        scenario: what happens; its offset 0 is the second of `start`.
        seed: with the same one, the same requests.
        send: (host, port) of the listener; a wildcard address means loopback.
        wall: now, in seconds since the epoch.
        backfill_s: how many past seconds come first.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        send: tuple[str, int],
        wall: Callable[[], float],
        reactor: Any,
        *,
        backfill_s: int = BACKFILL_S,
    ) -> None:
        self.scenario = scenario
        self.seed = seed
        self.started: int | None = None
        """The epoch second of offset 0, None before `start`."""
        self.sent = 0
        """Datagrams handed to the kernel."""
        self.refused = 0
        """Datagrams that nobody listened for."""
        self.backfilled: Deferred[int] = Deferred()
        """Fires with the number of datagrams once the past seconds are sent."""
        self._address = (WILDCARDS.get(send[0], send[0]), send[1])
        self._wall = wall
        self._reactor = reactor
        self._backfill_s = backfill_s
        self._socket: socket.socket | None = None
        self._call: Any = None
        self._zero = 0
        self._next = 0
        self._waiting: deque[bytes] = deque()

    def start(self) -> None:
        """Send the past seconds in slices, then each second its lines.

        Raises:
            SourceError: the address cannot be sent to.
        """
        host, port = self._address
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                host, port, type=socket.SOCK_DGRAM
            )[0]
            sender = self._socket = socket.socket(family, kind, protocol)
            sender.setblocking(False)
            sender.connect(address)
        except OSError as error:
            self.stop()
            raise SourceError(f"demo: cannot send to {host} port {port}: {error}") from error
        self.started = self._zero = int(self._wall())
        past = self._datagrams(range(-self._backfill_s, 0))
        self._call = self._reactor.callLater(0, self._backfill, past)

    def stop(self) -> None:
        """Send no more. A `backfilled` that has not fired is cancelled."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._waiting.clear()
        if not self.backfilled.called:
            self.backfilled.addErrback(lambda _: None)
            self.backfilled.cancel()

    def _datagrams(self, offsets: range) -> Iterator[bytes]:
        for second, line in lines(self.scenario, self.seed, self._zero, offsets):
            yield syslog_message(second, line)

    def _backfill(self, past: Iterator[bytes]) -> None:
        """Send one slice; when all are sent, go over to the present."""
        self._call = None
        self._waiting.extend(islice(past, SLICE_DATAGRAMS - len(self._waiting)))
        done = not self._waiting
        self._flush()
        if not done:
            self._call = self._reactor.callLater(SLICE_S, self._backfill, past)
            return
        past_datagrams = self.sent
        self._live()
        self.backfilled.callback(past_datagrams)

    def _live(self) -> None:
        """Send the lines of every second that has begun, and wait for the next to begin."""
        self._call = None
        wall = self._wall()
        if abs(int(wall) - self._zero - self._next) > STEP_S:
            # The clock stepped or the machine slept: the story goes on now.
            self._zero = int(wall) - self._next
        present = int(wall) - self._zero
        self._waiting.extend(self._datagrams(range(self._next, present + 1)))
        self._next = max(self._next, present + 1)
        self._flush()
        delay = SLICE_S if self._waiting else max(SLICE_S, self._zero + self._next - wall)
        self._call = self._reactor.callLater(delay, self._live)

    def _flush(self) -> None:
        """Hand what waits to the kernel, as far as it takes it."""
        assert self._socket is not None
        while self._waiting:
            try:
                self._socket.send(self._waiting[0])
            except BlockingIOError:
                return
            except ConnectionRefusedError:
                # The kernel tells by this send that nobody received an earlier one.
                self.refused += 1
                continue
            self._waiting.popleft()
            self.sent += 1
