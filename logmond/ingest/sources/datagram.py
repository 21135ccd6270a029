"""Datagrams: one message each, drained by the wake-up; here from a unix socket.

What the two kinds of datagram source share is `DatagramSource`; `udp` is the
other one. A sender's stamp is not believed when it is far behind: anybody can
send a datagram.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from time import time
from typing import Any

from twisted.internet.defer import Deferred, DeferredList

from logmond.ingest.sources.addresses import Endpoint
from logmond.ingest.sources.drain import DatagramDrain
from logmond.ingest.sources.kernelqueue import granted_bytes
from logmond.ingest.sources.seam import Health, Intake
from logmond.ingest.sources.unixsocket import UnixSocket

WANTED_QUEUE = 512
"""Datagrams a unix socket should hold; Linux starts with 10, and nginx does not wait."""

_QUEUE_SETTING = "/proc/sys/net/unix/max_dgram_qlen"
_FAILED_S = 10.0


class DatagramSource:
    """Common to sources of datagrams: opens nothing, runs what `drains` holds."""

    def __init__(
        self,
        url: str,
        intake: Intake,
        reactor: Any,
        *,
        passed: list[socket.socket] | None = None,
        setting: str = "",
        wall: Callable[[], float] = time,
    ) -> None:
        """Prepare; nothing is bound before `open`.

        Args:
            url: ``udp://HOST:PORT`` or ``unixgram:///PATH``.
            passed: the service manager's sockets; a matching one is taken out.
            setting: the configuration key of `url`, for messages.
            wall: epoch seconds, for `Health.since`.
        """
        self.address = url
        self.drains: list[DatagramDrain] = []
        self._endpoint = Endpoint.of(url)
        self._intake = intake
        self._reactor = reactor
        self._passed = passed
        self._setting = setting or f"sources.{intake.name}.listen"
        self._wall = wall
        self._failed = Health()

    @property
    def granted_bytes(self) -> int:
        """The receive buffer the kernel granted, the smallest where there are several."""
        return min((granted_bytes(drain.socket) for drain in self.drains), default=0)

    def tick(self) -> None:
        """Account for what the kernel dropped; read again where reading failed."""
        for drain in self.drains:
            self._intake.ledger.note("kernel_drops", drain.take_drops())
            if drain.failure is not None:
                reason = f"reading failed ({drain.failure.getErrorMessage()}); retried each second"
                self._failed = Health("degraded", reason, self._wall(), broken=True)
                drain.failure = None
                drain.start()

    def health(self) -> Health:
        """Ok with what may be improved, or degraded while reading has failed lately."""
        if self._failed.broken and self._wall() - self._failed.since < _FAILED_S:
            return self._failed
        return Health("ok", self.advice())

    def advice(self) -> str:
        """What the operator may improve; empty when nothing."""
        return ""

    def close(self) -> Deferred[None]:
        """Hand over what the kernel holds, then free the sockets."""
        self.tick()
        drains, self.drains = self.drains, []
        done = DeferredList([drain.close() for drain in drains], consumeErrors=True)

        def free(results: Any) -> None:
            for drain in drains:
                self._intake.ledger.note("kernel_drops", drain.take_drops())
            self._release(drains)
            for succeeded, result in results:
                if not succeeded:
                    result.raiseException()

        return done.addCallback(free)

    def _release(self, drains: list[DatagramDrain]) -> None:
        for drain in drains:
            drain.socket.close()


class UnixDatagramSource(DatagramSource):
    """``unixgram:///PATH``: what nginx writes to with ``access_log syslog:server=unix:PATH``."""

    def __init__(self, url: str, intake: Intake, reactor: Any, **options: Any) -> None:
        super().__init__(url, intake, reactor, **options)
        self._unix: UnixSocket | None = None
        self._advice = ""

    def open(self) -> None:
        """Bind the socket and start reading.

        Raises:
            AddressTaken: a live process listens there.
            SourceError: it cannot be bound for another reason.
        """
        unix = UnixSocket(self._endpoint, socket.SOCK_DGRAM, self._passed, self._setting)
        self._unix = unix
        drain = DatagramDrain(unix.socket, self._intake, self._reactor)
        self.drains = [drain]
        drain.start()
        self._advice = _queue_advice(_QUEUE_SETTING)

    def advice(self) -> str:
        """Whether the queue of the socket is shorter than it should be."""
        return self._advice

    def _release(self, drains: list[DatagramDrain]) -> None:
        if self._unix is not None:
            self._unix.close()
            self._unix = None


def _queue_advice(path: str) -> str:
    try:
        with open(path, encoding="ascii") as setting:
            queue = int(setting.read())
    except (OSError, ValueError):
        return ""
    if queue >= WANTED_QUEUE:
        return ""
    return (
        f"the socket holds {queue} datagrams, senders lose the next: "
        f"sysctl -w net.unix.max_dgram_qlen={WANTED_QUEUE} before it is made"
    )
