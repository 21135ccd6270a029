"""The clients one would use: nc with and without -N, ncat, telnet, on a real port."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_twisted
from admin_wire import GREETING
from fake_surface import FakeAlerts, surface
from patience import within
from programs import program
from surface_values import incident
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from logmond.interfaces.admin.factory import AdminFactory
from logmond.interfaces.admin.listener import AdminListener

VERSION = "logmond 0.1.0\n\n"

ALERTS = FakeAlerts()


@pytest_twisted.async_yield_fixture
async def port() -> AsyncIterator[str]:
    """The port of a daemon."""
    ALERTS.subscribers.clear()
    listening = AdminListener(
        reactor, AdminFactory(surface(alerts=ALERTS), reactor), "localhost", 0
    )
    listening.open()
    yield str(listening.port)
    await within(5, listening.close())


class Typing(ProcessProtocol):
    """A client program, and what is typed into it: each text once its cue has been shown."""

    def __init__(self, *typed: tuple[str, str]) -> None:
        self.shown = ""
        self.ended: Deferred[str] = Deferred()
        self._typed = list(typed)
        self._seen = 0

    def connectionMade(self) -> None:
        """Type what has no cue."""
        self._type()

    def outReceived(self, data: bytes) -> None:
        """Collect, and type on."""
        self.shown += data.decode()
        self._type()

    def processEnded(self, reason: Failure) -> None:  # type: ignore[override]
        """Tell what was shown."""
        self.ended.callback(self.shown)

    def _type(self) -> None:
        while self._typed and (at := self.shown.find(self._typed[0][0], self._seen)) >= 0:
            cue, text = self._typed.pop(0)
            self._seen = at + len(cue)
            if text == "EOF":
                self.transport.closeStdin()
            else:
                self.transport.write(text.encode())


async def shown_by(name: str, *arguments: str, typed: list[tuple[str, str]]) -> str:
    """What a client program shows until it ends by itself."""
    path = program(name)
    assert path is not None
    typing = Typing(*typed)
    process = reactor.spawnProcess(typing, path, [path, *arguments], env=None)
    try:
        return await within(10, typing.ended)
    finally:
        if not typing.ended.called:
            process.signalProcess("KILL")


@pytest.mark.peer("nc")
@pytest_twisted.ensureDeferred
async def test_nc_that_half_closes_gets_its_answers(port: str) -> None:
    """`printf 'version\\n' | nc -N localhost 9000`, on both addresses."""
    for host in ("127.0.0.1", "::1"):
        typed = [("", "version\nversion\n"), ("", "EOF")]
        assert await shown_by("nc", "-N", host, port, typed=typed) == GREETING + 2 * VERSION


@pytest.mark.peer("nc")
@pytest_twisted.ensureDeferred
async def test_nc_that_does_not_half_close_is_ended_by_quit(port: str) -> None:
    """`printf 'version\\nquit\\n' | nc localhost 9000`."""
    typed = [("", "version\nquit\n"), ("", "EOF")]
    assert await shown_by("nc", "localhost", port, typed=typed) == f"{GREETING}{VERSION}bye\n\n"


@pytest.mark.peer("ncat")
@pytest_twisted.ensureDeferred
async def test_ncat_gets_its_answers(port: str) -> None:
    """It closes its half at the end of its input."""
    typed = [("", "version\n"), ("", "EOF")]
    assert await shown_by("ncat", "localhost", port, typed=typed) == GREETING + VERSION
    typed = [("", "version\r\nquit\r\n"), ("bye", "EOF")]
    assert await shown_by("ncat", "127.0.0.1", port, typed=typed) == f"{GREETING}{VERSION}bye\n\n"


@pytest.mark.peer("telnet")
@pytest_twisted.ensureDeferred
async def test_telnet_shows_replies_as_they_are(port: str) -> None:
    """CRLF from telnet, no noise in what it shows."""
    typed = [("commands.", "version\n"), ("0.1.0", "quit\n")]
    shown = await shown_by("telnet", "127.0.0.1", port, typed=typed)
    assert f"{GREETING}{VERSION}bye\n\n" in shown.replace("\r\n", "\n")


@pytest.mark.peer("nc")
@pytest_twisted.ensureDeferred
async def test_nc_watches_until_something_is_typed(port: str) -> None:
    """Events appear as they happen; Enter ends them, and commands go on."""
    path = program("nc")
    assert path is not None
    typing = Typing(("", "watch\n"), ("ALERT", "\nquit\n"), ("bye", "EOF"))
    reactor.spawnProcess(typing, path, [path, "localhost", port], env=None)
    watching: Deferred[None] = Deferred()
    take = typing.outReceived

    def taking(data: bytes) -> None:
        take(data)
        if "Enter ends" in typing.shown and not watching.called:
            watching.callback(None)

    typing.outReceived = taking  # type: ignore[method-assign]
    await within(10, watching)
    ALERTS.tell(incident().as_event("alert"))
    assert (await within(10, typing.ended)).endswith("(at most 73%).\n\nbye\n\n")
