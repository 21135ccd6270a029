"""The admin port's connections: reading, answering in order, and every limit a client has.

One command is answered at a time and the next one waits for another turn of
the reactor; while commands wait, nothing more is read. A reply is made piece
by piece as the client takes it, so only the events of `watch` can queue up: at
`max_queued_bytes` the client is cut off. Closing waits for the peer's end a
moment, because a socket closed with unread input takes the last reply with it.
"""

from __future__ import annotations

import typing
from collections import deque
from collections.abc import Iterator
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, IPushProducer, ITCPTransport
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from logmond.alerts.event import Event
from logmond.errors import QueryError
from logmond.interfaces.admin.answer import as_text, error
from logmond.interfaces.admin.limits import Limits
from logmond.interfaces.admin.lines import CommandLines, TooLong
from logmond.interfaces.admin.session import Reply, Session, Then


class Clients(typing.Protocol):
    """What a connection needs of the factory it belongs to."""

    clock: Any  # IReactorTime
    limits: Limits

    def event_line(self, event: Event, form: Then) -> bytes:
        """An event as a watching client gets it."""

    def lost(self, client: AdminProtocol) -> None:
        """A connection is gone."""


@implementer(IHalfCloseableProtocol, IPushProducer)
class AdminProtocol(Protocol):
    """One client; `session` is None for one too many, who is told so and let go."""

    _log = Logger()
    transport: Any  # a TCP transport, with the half close that ITransport lacks

    def __init__(self, clients: Clients, session: Session | None) -> None:
        self._clients = clients
        self._clock = clients.clock
        self._limits = clients.limits
        self._session = session
        self._lines = CommandLines()
        self._commands: deque[bytes | TooLong] = deque()
        self._reply: Iterator[bytes] = iter(())
        self._then = Then.NEXT
        self._held: deque[bytes] = deque()
        self._held_bytes = 0
        self._busy = True  # a reply is being written, or awaited, or is a watch
        self._awaiting = False  # the command has not answered yet
        self._peer_ended = False
        self._closing = self._flushed = False
        self._turn: Any = None  # IDelayedCall, while a command waits for its turn
        self._paused_at: float | None = None
        self._line_at: float | None = None
        self._active_at = self._closed_at = self._clock.seconds()

    # What Twisted tells us

    def connectionMade(self) -> None:
        """Greet, or send away."""
        if ITCPTransport.providedBy(self.transport):
            self.transport.setTcpKeepAlive(True)  # who watches may be gone without a word
            self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        if self._session is None:
            told = f"too many clients, {self._limits.max_clients} at most; try again later"
            self._begin(Reply(as_text(error(QueryError("too_many_clients", told))), Then.CLOSE))
        else:
            self._begin(self._session.greeting())

    def dataReceived(self, data: bytes) -> None:
        """Take commands; whatever is typed ends a watch."""
        if self._closing:
            return  # lingering: read so that the peer gets our last words
        now = self._clock.seconds()
        self._active_at = now
        self._commands.extend(self._lines.feed(data))
        if refusals := self._lines.take_refusals():
            self.transport.write(refusals)
        if not self._lines.unfinished:
            self._line_at = None
        elif self._line_at is None or self._commands:
            self._line_at = now
        if self._commands or self._lines.unfinished:
            self._end_watch()
        self._go_on()

    def readConnectionLost(self) -> None:
        """The peer has said all it will: answer what is queued, flush, close."""
        self._peer_ended = True
        if self._closing:
            self.transport.loseConnection()
            return
        self._commands.append(self._lines.close())
        self._end_watch()
        self._go_on()

    def writeConnectionLost(self) -> None:
        """Our half is closed and flushed; the peer's end, or `check`, finishes it."""
        self._flushed = True
        self._closed_at = self._clock.seconds()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget everything."""
        self._closing = True
        self._forget_commands()
        self._held.clear()
        self._clients.lost(self)

    # What the transport asks of a producer

    def pauseProducing(self) -> None:
        """The client does not keep up."""
        if self._paused_at is None:
            self._paused_at = self._clock.seconds()

    def resumeProducing(self) -> None:
        """The client has taken what was written."""
        self._paused_at = None
        self._go_on()

    def stopProducing(self) -> None:
        """The connection is gone; `connectionLost` tidies up."""

    # What the factory asks

    def event(self, event: Event) -> None:
        """Something happened; a watching client gets it, behind what it has not read yet."""
        if not self._watching or self._closing:
            return
        line = self._clients.event_line(event, self._then)
        self._held.append(line)
        self._held_bytes += len(line)
        if self._held_bytes > self._limits.max_queued_bytes:
            self._cut_off("does not read what it watches")
        else:
            self._go_on()

    def check(self, now: float) -> None:
        """Hold the client to its times."""
        limits = self._limits
        if self._closing:
            patience_s = limits.linger_s if self._flushed else limits.stalled_s
            if now - self._closed_at >= patience_s:
                self.transport.abortConnection()
        elif self._stalled_s(now) >= limits.stalled_s:
            self._cut_off("does not read")
        elif self._line_at is not None and now - self._line_at >= limits.line_s:
            self._give_up(QueryError("line_unfinished", f"no newline for {limits.line_s:.0f}s"))
        elif not self._busy and now - self._active_at >= limits.idle_s:
            self._give_up(QueryError("idle", f"no command for {limits.idle_s / 60:.0f}m"))

    def close(self) -> None:
        """The daemon stops: flush and close."""
        self._forget_commands()
        self._end_watch()
        self._write_reply()
        self._finish()

    # Answering

    @property
    def _watching(self) -> bool:
        return self._then in (Then.WATCH, Then.WATCH_JSON)

    def _stalled_s(self, now: float) -> float:
        """How long the client has not read its reply; one that watches is held to bytes instead."""
        return 0.0 if self._paused_at is None or self._watching else now - self._paused_at

    def _go_on(self) -> None:
        """Write what can be written, then let the next command have its turn."""
        try:
            self._write_reply()
        except Exception:  # a fault of ours in the middle of a reply: it cannot be mended
            self._log.failure("an admin reply failed")
            self.transport.abortConnection()
            return
        if self._closing:
            return
        ready = not self._busy and self._paused_at is None
        if self._commands:
            self.transport.pauseProducing()  # nothing is read ahead of the answers
            if ready and self._turn is None:
                self._turn = self._clock.callLater(0, self._next_command)
        elif ready and (self._lines.hopeless or self._peer_ended):
            self._finish()
        elif not self._peer_ended:
            self.transport.resumeProducing()  # while a reply is made too: input ends a watch

    def _write_reply(self) -> None:
        """Write until the client must catch up or there is nothing more to say."""
        if self._awaiting:
            return
        while self._paused_at is None and not self._closing:
            chunk = next(self._reply, None)
            if chunk is None and self._held:
                chunk = self._held.popleft()
                self._held_bytes -= len(chunk)
            if chunk is None:
                break
            self.transport.write(chunk)
        else:
            return
        if self._then is Then.NEXT:
            self._busy = False
        elif self._then in (Then.CLOSE, Then.DROP):
            self._finish()

    def _next_command(self) -> None:
        """Run one command; one a turn, so that a client who sends many holds nobody up."""
        self._turn = None
        line = self._commands.popleft()
        assert self._session is not None
        found = self._session.ask(line)
        if isinstance(found, Deferred):
            self._busy = self._awaiting = True
            found.addCallback(self._begin)
            found.addErrback(self._failed)
        elif found is None:
            self._go_on()
        else:
            self._begin(found)

    def _begin(self, reply: Reply) -> None:
        if self._closing:
            return
        self._busy, self._awaiting = True, False
        self._active_at = self._clock.seconds()
        self._reply, self._then = reply.chunks, reply.then
        if reply.then is Then.DROP:
            self._forget_commands()
        if self._commands or self._lines.unfinished or self._peer_ended:
            self._end_watch()  # what ends it is there already
        self._go_on()

    def _failed(self, failure: Failure) -> None:
        self._log.failure("an admin command failed", failure)
        self.transport.abortConnection()

    def _end_watch(self) -> None:
        """End the reply of a watch like every reply, behind the events that are due."""
        if self._watching:
            self._then = Then.NEXT
            self._held.append(b"\n")
            self._held_bytes += 1

    # Parting

    def _give_up(self, problem: QueryError) -> None:
        """Say why, and close."""
        self.transport.writeSequence(list(as_text(error(problem))))
        self._finish()

    def _finish(self) -> None:
        """Close our half behind what is written, and wait a moment for the peer's."""
        if self._closing:
            return
        self._closing = True
        self._closed_at = self._clock.seconds()
        self._forget_commands()
        self.transport.unregisterProducer()
        if self._peer_ended:
            self.transport.loseConnection()
            return
        self.transport.loseWriteConnection()
        self.transport.resumeProducing()

    def _forget_commands(self) -> None:
        self._commands.clear()
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None

    def _cut_off(self, why: str) -> None:
        peer = self.transport.getPeer()
        self._log.info("an admin client at {peer.host} {why}: cut off", peer=peer, why=why)
        self.transport.abortConnection()
