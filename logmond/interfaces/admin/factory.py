"""All clients of the admin port: who may come in, who has waited too long, who watches."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall

from logmond.alerts.event import Event
from logmond.interfaces.admin.limits import Limits
from logmond.interfaces.admin.protocol import AdminProtocol
from logmond.interfaces.admin.session import Session, Then, event_line
from logmond.interfaces.surface import Surface

CHECK_S = 1.0
"""How often clients are held to their times, while there are any."""

TURNED_AWAY = 64
"""Clients too many that are told so at one time; more are only closed."""


class AdminFactory(Factory):
    """Makes a protocol for every client, up to `limits.max_clients`."""

    noisy = False

    def __init__(
        self,
        surface: Surface,
        clock: Any,
        token: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.clock = clock
        self.limits = limits or Limits()
        self.surface = surface
        self._token = token
        self._clients: set[AdminProtocol] = set()
        self._turned_away: set[AdminProtocol] = set()
        self._waiting: list[Deferred[None]] = []
        self._lines: dict[Then, tuple[Event, bytes]] = {}
        self._checks = LoopingCall(self._check)
        self._checks.clock = clock
        self._unsubscribe = surface.alerts.subscribe(self._event)

    @property
    def clients(self) -> int:
        """Clients being served."""
        return len(self._clients)

    def buildProtocol(self, addr: IAddress | None) -> AdminProtocol | None:
        """Serve a client, or make what sends one away."""
        if len(self._clients) < self.limits.max_clients:
            peer = getattr(addr, "host", None) or "local"
            client = AdminProtocol(self, Session(self.surface, self._token, peer))
            self._clients.add(client)
        elif len(self._turned_away) < TURNED_AWAY:
            client = AdminProtocol(self, None)
            self._turned_away.add(client)
        else:
            return None
        if not self._checks.running:
            self._checks.start(CHECK_S, now=False)
        return client

    def lost(self, client: AdminProtocol) -> None:
        """A connection is gone."""
        self._clients.discard(client)
        self._turned_away.discard(client)
        self._tell_drained()

    def _tell_drained(self) -> None:
        if self._clients or self._turned_away:
            return
        if self._checks.running:
            self._checks.stop()
        waiting, self._waiting = self._waiting, []
        for drained in waiting:
            drained.callback(None)

    def drained(self) -> Deferred[None]:
        """Fires when no connection is left."""
        drained: Deferred[None] = Deferred()
        self._waiting.append(drained)
        self._tell_drained()
        return drained

    def close(self) -> None:
        """Flush and close every connection; no more events are told."""
        self._unsubscribe()
        for client in [*self._clients, *self._turned_away]:
            client.close()

    def abort(self) -> None:
        """Close what is left."""
        for client in [*self._clients, *self._turned_away]:
            client.transport.abortConnection()

    def event_line(self, event: Event, form: Then) -> bytes:
        """An event as it is written, made once for all who watch."""
        known = self._lines.get(form)
        if known is None or known[0] is not event:
            known = self._lines[form] = (event, event_line(event, form))
        return known[1]

    def _event(self, event: Event) -> None:
        for client in list(self._clients):
            client.event(event)

    def _check(self) -> None:
        now = self.clock.seconds()
        for client in [*self._clients, *self._turned_away]:
            client.check(now)
