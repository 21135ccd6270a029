"""One datagram socket, drained a wake-up at a time.

Twisted's `DatagramProtocol` calls once for each datagram. Here a wake-up takes
all that waits, up to a budget, and hands it over as batches: the parsing behind
it works on many lines at once. Batches are bounded in bytes too, so that 64 KiB
datagrams cannot hold the reactor.
"""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReadDescriptor
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from logmond.ingest.sources.gathering import Gathering
from logmond.ingest.sources.kernelqueue import queue_of
from logmond.ingest.sources.seam import Intake

MAX_BYTES = 65536
"""The longest message; a longer datagram is counted oversize."""

MAX_DATAGRAMS = 256
HOLD_S = 0.005

_BATCH_BYTES = 128 * 1024
_CLOSING_S = 1.0
_TERMINATORS = frozenset(b"\n\r\0")

_log = Logger()


@implementer(IReadDescriptor)
class DatagramDrain:
    """Reads one bound, non-blocking datagram socket into an intake.

    `gathering` lets it pause; None (unix datagram: the sender would block) never
    does. `failure` is what ended it, None while it reads. The socket is its
    owner's to close.
    """

    def __init__(
        self,
        sock: socket.socket,
        intake: Intake,
        reactor: Any,
        gathering: Gathering | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.socket = sock
        self.gathering = gathering
        self.failure: Failure | None = None
        self._intake = intake
        self._reactor = reactor
        self._max_bytes = max_bytes
        # One byte more than a message may have tells a longer one from a full one.
        self._buffer = bytearray(max_bytes + 1)
        self._view = memoryview(self._buffer)
        self._named = sock.family in (socket.AF_INET, socket.AF_INET6)
        self._peer = ""
        self._resuming: Any = None
        self._drops = queue_of(sock).drops

    def start(self) -> None:
        """Read from now on."""
        self._reactor.addReader(self)

    def fileno(self) -> int:
        """The descriptor the reactor watches."""
        return self.socket.fileno()

    def logPrefix(self) -> str:
        """What Twisted calls it in its log."""
        return "datagrams"

    def doRead(self) -> None:
        """Take what waits, up to the budget of a wake-up."""
        reactor = self._reactor
        deadline = reactor.seconds() + HOLD_S
        taken = 0
        drained = False
        while not drained and taken < MAX_DATAGRAMS and reactor.seconds() < deadline:
            messages, taken, drained = self._batch(taken)
            if messages:
                self._intake.messages(messages, believed=False, peer=self._peer)
        if self.gathering is None:
            return
        now = reactor.seconds()
        self.gathering.received(taken, now)
        if drained and self._resuming is None:
            pause = self.gathering.pause_s(taken, now)
            if pause:
                reactor.removeReader(self)
                self._resuming = reactor.callLater(pause, self._resume)

    def take_drops(self) -> int:
        """How many datagrams the kernel has dropped before this socket since the last call."""
        drops = queue_of(self.socket).drops
        if drops is None or self._drops is None:
            self._drops = drops
            return 0
        lost = (drops - self._drops) % (1 << 32)
        self._drops = drops
        return lost

    def close(self) -> Deferred[None]:
        """Take what the kernel still holds, for at most a second; read no more after that."""
        if self._resuming is not None:
            self._resuming.cancel()
            self._resuming = None
        self._reactor.removeReader(self)
        self.gathering = None
        done: Deferred[None] = Deferred()
        self._finish(done, self._reactor.seconds() + _CLOSING_S)
        return done

    def connectionLost(self, reason: Failure) -> None:
        """The reactor gave the socket up: reading failed, or the reactor ends."""
        self.failure = reason

    def _batch(self, taken: int) -> tuple[list[bytes], int, bool]:
        """Receive until the budget, the batch or the queue ends.

        Returns the messages, the datagrams taken so far, and whether the queue is empty.
        """
        messages: list[bytes] = []
        receive, buffer, view = self.socket.recv_into, self._buffer, self._view
        size = 0
        while taken < MAX_DATAGRAMS and size < _BATCH_BYTES:
            try:
                if messages or not self._named:
                    length = receive(buffer)
                else:  # asked of one message a batch: it costs as much as receiving it
                    length, peer = self.socket.recvfrom_into(buffer)
                    self._peer = peer[0]
            except BlockingIOError:
                return messages, taken, True
            taken += 1
            size += length
            if length > self._max_bytes:
                self._intake.ledger.reject("oversize", bytes(view[:1024]))
                continue
            # `logger` and HAProxy end their datagrams with LF, others with NUL.
            while length and buffer[length - 1] in _TERMINATORS:
                length -= 1
            if length:
                messages.append(bytes(view[:length]))
        return messages, taken, False

    def _resume(self) -> None:
        self._resuming = None
        if self.gathering is not None:
            queue = queue_of(self.socket)
            dropped = self._drops is not None and queue.drops != self._drops
            self.gathering.returned(queue.fill, dropped, self._reactor.seconds())
        self._reactor.addReader(self)
        try:
            self.doRead()
        except Exception:
            # The reactor does this for a reader it calls itself.
            self._reactor.removeReader(self)
            self.failure = Failure()  # type: ignore[no-untyped-call]
            _log.failure("reading datagrams failed", self.failure)

    def _finish(self, done: Deferred[None], deadline: float) -> None:
        """Drain in slices until nothing waits."""
        try:
            messages, _, drained = self._batch(0)
            if messages:
                self._intake.messages(messages, believed=False, peer=self._peer)
        except Exception:
            done.errback(Failure())  # type: ignore[no-untyped-call]
            return
        if drained or self._reactor.seconds() >= deadline:
            done.callback(None)
        else:
            self._reactor.callLater(0, self._finish, done, deadline)
