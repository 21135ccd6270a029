"""The admin port's sockets: both loopback addresses, a taken port, an orderly end."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_twisted
from admin_wire import GREETING
from fake_surface import surface
from patience import within
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from logmond.errors import AddressTaken, SourceError
from logmond.interfaces.admin.factory import AdminFactory
from logmond.interfaces.admin.limits import Limits
from logmond.interfaces.admin.listener import AdminListener


class Peer(Protocol):
    """A client on a real socket."""

    def __init__(self) -> None:
        self.got = b""
        self.ended: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        """Collect."""
        self.got += data

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """Tell what came."""
        self.ended.callback(self.got)


@pytest_twisted.async_yield_fixture
async def listener() -> AsyncIterator[AdminListener]:
    """A listener on free ports of both loopback addresses."""
    listening = AdminListener(reactor, AdminFactory(surface(), reactor), "localhost", 0)
    listening.open()
    yield listening
    await within(5, listening.close())


async def connected(host: str, port: int) -> Peer:
    """A connected client."""
    return await within(5, connectProtocol(HostnameEndpoint(reactor, host, port), Peer()))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
@pytest_twisted.ensureDeferred
async def test_localhost_is_both_loopback_addresses(listener: AdminListener, host: str) -> None:
    """Whatever a client takes localhost for, it is answered."""
    peer = await connected(host, listener.port)
    peer.transport.write(b"version\nquit\n")
    assert await within(5, peer.ended) == f"{GREETING}logmond 0.1.0\n\nbye\n\n".encode()


@pytest_twisted.ensureDeferred
async def test_a_client_that_half_closes_gets_everything_over_a_real_socket(
    listener: AdminListener,
) -> None:
    """Answered, flushed, closed."""
    peer = await connected("127.0.0.1", listener.port)
    peer.transport.write(b"help\n" * 500)
    peer.transport.loseWriteConnection()
    got = await within(10, peer.ended)
    assert got.count(b"close the connection") == 500


@pytest_twisted.ensureDeferred
async def test_the_last_words_reach_a_client_that_still_talks(listener: AdminListener) -> None:
    """Closing with unread input would throw the error away."""
    peer = await connected("127.0.0.1", listener.port)
    peer.transport.write(b"x" * 2_000_000)
    assert (await within(10, peer.ended)).endswith(b"ERR line too long, 4096 bytes at most\n\n")


@pytest_twisted.ensureDeferred
async def test_a_hundred_clients_at_once_are_served_or_told(listener: AdminListener) -> None:
    """64 get an answer, the others an error; nobody hangs."""
    peers = [await connected("127.0.0.1", listener.port) for _ in range(100)]
    for peer in peers:
        peer.transport.write(b"version\nquit\n")
    replies = await within(20, gatherResults([peer.ended for peer in peers]))
    assert sum(b"logmond 0.1.0\n\nbye" in reply for reply in replies) == 64
    assert sum(reply.startswith(b"ERR too many clients") for reply in replies) == 36


@pytest_twisted.ensureDeferred
async def test_closing_flushes_and_ends_every_connection(listener: AdminListener) -> None:
    """At SIGTERM watchers get their end, and nobody is let in any more."""
    peer = await connected("127.0.0.1", listener.port)
    peer.transport.write(b"watch\n")
    port = listener.port
    await within(5, _until(peer, b"Enter ends\n"))
    await within(5, listener.close())
    assert (await within(5, peer.ended)).endswith(b"Enter ends\n\n")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)


async def _until(peer: Peer, text: bytes) -> None:
    """Wait until a client got `text`."""
    done: Deferred[None] = Deferred()
    take = peer.dataReceived

    def taking(data: bytes) -> None:
        take(data)
        if peer.got.endswith(text) and not done.called:
            done.callback(None)

    peer.dataReceived = taking  # type: ignore[method-assign]
    taking(b"")
    await done


def test_a_taken_port_is_one_clear_line_with_a_way_out() -> None:
    """php-fpm is the usual neighbour on 9000."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        listening = AdminListener(reactor, AdminFactory(surface(), reactor), "localhost", port)
        with pytest.raises(AddressTaken) as caught:
            listening.open()
    assert str(caught.value) == (
        f"cannot listen on tcp://localhost:{port} for the admin port: it is taken (php-fpm often "
        f"uses 9000); take another one: --set admin.listen=tcp://localhost:{port + 1}"
    )


@pytest_twisted.ensureDeferred
async def test_a_port_that_is_taken_on_one_address_only_is_taken() -> None:
    """And the other address is let go again."""
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as other:
        port = other.getsockname()[1]
        listening = AdminListener(reactor, AdminFactory(surface(), reactor), "localhost", port)
        with pytest.raises(AddressTaken):
            listening.open()
        await within(5, deferLater(reactor, 0))  # Twisted frees a port in its next turn
        with socket.create_server(("127.0.0.1", port)):
            pass


class Memory:
    """A reactor whose machine lacks some addresses."""

    def __init__(self, code: int, *lacking: str) -> None:
        self.code, self.lacking = code, lacking
        self.bound: list[str] = []

    def listenTCP(self, port: int, factory: object, interface: str = "") -> Any:
        """Bind in memory, or not."""
        if interface in self.lacking:
            raise CannotListenError(interface, port, OSError(self.code, "no"))
        self.bound.append(interface)

        class Bound:
            """A bound port."""

            def getHost(self) -> Any:
                """Where it is."""
                return type("Host", (), {"port": port})

            def stopListening(self) -> None:
                """Nothing to free."""

        return Bound()


def test_a_machine_without_ipv6_is_served_on_ipv4() -> None:
    """EADDRNOTAVAIL for ::1 is no failure."""
    memory = Memory(99, "::1")
    AdminListener(memory, AdminFactory(surface(), reactor), "localhost", 9000).open()
    assert memory.bound == ["127.0.0.1"]


def test_a_port_one_may_not_bind_says_so() -> None:
    """Ports under 1024 need a privilege."""
    listening = AdminListener(Memory(13, "::"), AdminFactory(surface(), reactor), "::", 90)
    with pytest.raises(SourceError, match=r"tcp://\[::\]:90 for the admin port: Permission denied"):
        listening.open()


@pytest_twisted.ensureDeferred
async def test_a_client_that_never_reads_is_cut_off_while_others_are_served() -> None:
    """On real sockets: its buffers fill, its commands wait, it is dropped."""
    limits = Limits(stalled_s=0.5)
    listening = AdminListener(reactor, AdminFactory(surface(), reactor, None, limits), "::1", 0)
    listening.open()
    try:
        deaf = await connected("::1", listening.port)
        deaf.transport.pauseProducing()
        deaf.transport.write(b"help\n" * 200_000)
        other = await connected("::1", listening.port)
        other.transport.write(b"version\nquit\n")
        assert b"logmond 0.1.0\n\nbye" in await within(5, other.ended)
        await within(10, _emptied(listening))
        deaf.transport.resumeProducing()
        deaf.transport.abortConnection()
        await within(5, deaf.ended)
    finally:
        await within(5, listening.close())


async def _emptied(listening: AdminListener) -> None:
    """Wait until the daemon has no client left."""
    await listening._factory.drained()
