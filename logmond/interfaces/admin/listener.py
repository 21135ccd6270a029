"""The sockets of the admin port: bound before the daemon is ready, freed in order at its end."""

from __future__ import annotations

import errno
import os
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred, maybeDeferred
from twisted.internet.error import CannotListenError
from twisted.logger import Logger

from logmond.errors import AddressTaken, SourceError
from logmond.interfaces.admin.factory import AdminFactory

CLOSE_S = 1.0
"""Seconds that clients get to read their last reply when the daemon stops."""

_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


class AdminListener:
    """Listens on a host and port; ``localhost`` means 127.0.0.1 and ::1.

    Port 0 takes a free one, the same on both addresses; `port` then tells it.
    """

    _log = Logger()

    def __init__(self, reactor: Any, factory: AdminFactory, host: str, port: int) -> None:
        self._reactor = reactor
        self._factory = factory
        self._host = host
        self._ports: list[Any] = []
        self.port = port

    def open(self) -> None:
        """Bind.

        Raises:
            AddressTaken: somebody else has the port.
            SourceError: it cannot be bound for another reason.
        """
        for interface in ["127.0.0.1", "::1"] if self._host == "localhost" else [self._host]:
            try:
                bound = self._reactor.listenTCP(self.port, self._factory, interface=interface)
            except CannotListenError as problem:
                code = getattr(problem.socketError, "errno", None)
                if self._ports and code in _NO_SUCH_ADDRESS:
                    self._log.info("no address {interface} here", interface=interface)
                    continue
                for earlier in self._ports:
                    maybeDeferred(earlier.stopListening)
                raise self._refusal(code, problem) from problem
            self._ports.append(bound)
            self.port = bound.getHost().port

    def close(self) -> Deferred[None]:
        """Let nobody in any more, flush and close every connection; fires when all is freed."""
        return ensureDeferred(self._close())

    async def _close(self) -> None:
        for port in self._ports:
            await maybeDeferred(port.stopListening)
        self._ports.clear()
        self._factory.close()
        late = self._reactor.callLater(CLOSE_S, self._factory.abort)
        await self._factory.drained()
        if late.active():
            late.cancel()

    def _refusal(self, code: int | None, problem: CannotListenError) -> SourceError:
        shown = f"[{self._host}]" if ":" in self._host else self._host
        address = f"tcp://{shown}:{self.port}"
        if code == errno.EADDRINUSE:
            return AddressTaken(
                f"cannot listen on {address} for the admin port: it is taken (php-fpm often uses "
                f"9000); take another one: --set admin.listen=tcp://{shown}:{_other(self.port)}"
            )
        reason = os.strerror(code) if code else str(problem.socketError)
        return SourceError(f"cannot listen on {address} for the admin port: {reason}")


def _other(port: int) -> int:
    """A port to propose instead."""
    return port + 1 if port < 65535 else 9001
