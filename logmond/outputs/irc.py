"""A channel of IRC is told. We stay in it, and know whether a line was taken.

Apprise has IRC too, and says "sent" where a channel refused (moderated, not
joined), because it does not wait for the server's word; and it comes and goes
with every message. Hence our own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, DeferredLock, TimeoutError, succeed
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.protocol import Factory

from logmond.outputs.ircsession import IrcSession
from logmond.outputs.ircwire import IrcServer, lines_of
from logmond.outputs.notifier import Message, NotDelivered

MAX_LINES = 12
"""Lines of one message; more would flood the channel for half a minute."""

_STALE_S = 60.0
"""After so long the connection is tried before it is used: it may be dead without a word."""

_PEM = re.compile(b"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----\n?", re.S)

_TRIAL_S = 5.0
_LEAVE_S = 1.0


class Irc:
    """The notifier: one connection, opened by the first message and kept."""

    def __init__(self, reactor: Any, node: str, *, server: IrcServer) -> None:
        self._server = server
        self._reactor = reactor
        self._node = node
        self._session: IrcSession | None = None
        self._turn = DeferredLock()

    def send(self, message: Message) -> Deferred[None]:
        """Tell the channel; one message at a time."""
        return self._turn.run(lambda: Deferred.fromCoroutine(self._tell(message)))

    async def _tell(self, message: Message) -> None:
        try:
            session = await self._in_channel()
            lines = lines_of(f"{message.title}\n{message.text}", MAX_LINES)
            await session.tell(self._server.target, lines)
        except BaseException as error:
            # What was given up may be half said; the next attempt begins afresh.
            self._drop()
            if isinstance(error, Exception) and not isinstance(
                error, NotDelivered | CancelledError
            ):
                where = f"{self._server.host}:{self._server.port}"
                raise NotDelivered(f"cannot connect to {where}: {error}") from error
            raise

    async def _in_channel(self) -> IrcSession:
        session = await self._alive() or await self._connected()
        if self._server.target[:1] in "#&+!":
            await session.join(self._server.target, self._server.key)
        return session

    async def _alive(self) -> IrcSession | None:
        """The connection we have, if it is good."""
        session = self._session
        if session is None or not session.alive:
            return None
        if self._reactor.seconds() - session.idle_since > _STALE_S:
            trial = Deferred.fromCoroutine(session.proof(frozenset()))
            try:
                await trial.addTimeout(_TRIAL_S, self._reactor)
            except (NotDelivered, TimeoutError):
                self._drop()
                return None
        return session

    async def _connected(self) -> IrcSession:
        server = self._server
        factory = Factory.forProtocol(
            lambda: IrcSession(self._reactor, server.nick, server.password, server.account)
        )
        session: IrcSession = await self._endpoint().connect(factory)
        self._session = session
        await session.register(f"logmond on {self._node}")
        return session

    def _endpoint(self) -> Any:
        plain: Any = HostnameEndpoint(self._reactor, self._server.host, self._server.port)
        return wrapClientTLS(self._tls(), plain) if self._server.tls else plain

    def _tls(self) -> Any:
        ssl: Any = import_module("twisted.internet.ssl")  # only now: it needs pyOpenSSL
        if self._server.ca_file is None:
            return ssl.optionsForClientTLS(self._server.host)
        found = _PEM.findall(Path(self._server.ca_file).read_bytes())
        root = ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(pem) for pem in found])
        return ssl.optionsForClientTLS(self._server.host, trustRoot=root)

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.abort()

    def close(self) -> Deferred[None]:
        """Leave the channel; a server that does not let us go is left within a second."""
        session, self._session = self._session, None
        if session is None or not session.alive:
            return succeed(None)
        session.quit()
        abort: Callable[[], None] = session.abort
        late = self._reactor.callLater(_LEAVE_S, abort)
        return session.lost.addCallback(lambda _: late.cancel() if late.active() else None)
