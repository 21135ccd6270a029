"""Endpoints and the sockets bound for them: localhost twice, taken ports as one line."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from logmond.errors import AddressTaken, SourceError
from logmond.ingest.sources import addresses
from logmond.ingest.sources.addresses import Endpoint, bind_internet

KINDS = [socket.SOCK_DGRAM, socket.SOCK_STREAM]


@contextmanager
def bound(url: str, kind: socket.SocketKind) -> Iterator[list[socket.socket]]:
    """The sockets of a URL, closed afterwards."""
    with ExitStack() as stack:
        sockets = bind_internet(Endpoint.of(url), kind)
        for sock in sockets:
            stack.enter_context(sock)
        yield sockets


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("udp://localhost:5514", Endpoint("udp", "localhost", 5514)),
        ("tcp://[::1]:5514", Endpoint("tcp", "::1", 5514)),
        ("udp://*:514", Endpoint("udp", "*", 514)),
        ("tcp://127.0.0.1:0", Endpoint("tcp", "127.0.0.1", 0)),
        ("unixgram:///run/logmond.sock", Endpoint("unixgram", path="/run/logmond.sock")),
    ],
)
def test_urls_are_taken_apart_and_written_back(url: str, endpoint: Endpoint) -> None:
    """A URL and its endpoint say the same."""
    assert Endpoint.of(url) == endpoint
    assert str(endpoint) == url


@pytest.mark.parametrize("url", ["udp://localhost", "udp:5514", "tcp://host:99999", "udp://"])
def test_incomplete_urls_are_refused(url: str) -> None:
    """What names neither a path nor host and port cannot be listened on."""
    with pytest.raises(SourceError, match=url):
        Endpoint.of(url)


@pytest.mark.parametrize("kind", KINDS)
def test_localhost_is_bound_on_both_families_at_one_port(kind: socket.SocketKind) -> None:
    """127.0.0.1 and ::1 share the port, also one that was chosen freely."""
    with bound("udp://localhost:0", kind) as sockets:
        names = [sock.getsockname()[:2] for sock in sockets]
    assert [host for host, _ in names] == ["127.0.0.1", "::1"]
    assert len({port for _, port in names}) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_the_star_receives_on_every_address_of_both_families(kind: socket.SocketKind) -> None:
    """`*` is two sockets, one a family, so that IPv4 peers keep their own form."""
    with bound("tcp://*:0", kind) as sockets:
        assert [sock.getsockname()[0] for sock in sockets] == ["::", "0.0.0.0"]


def test_localhost_without_ipv6_is_ipv4_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that has no ::1 listens on 127.0.0.1."""
    monkeypatch.setattr(
        addresses, "_SEVERAL", {"localhost": ("127.0.0.1", "2001:db8::1")}
    )  # documentation prefix: no machine has this address
    with bound("udp://localhost:0", socket.SOCK_DGRAM) as sockets:
        assert [sock.getsockname()[0] for sock in sockets] == ["127.0.0.1"]


def test_an_address_the_machine_has_not_is_named() -> None:
    """An address of another machine is an error that names it."""
    with pytest.raises(SourceError, match="no address 2001:db8::1"):
        bind_internet(Endpoint.of("udp://[2001:db8::1]:0"), socket.SOCK_DGRAM)


@pytest.mark.parametrize("kind", KINDS)
def test_a_taken_port_is_one_line_naming_port_and_setting(kind: socket.SocketKind) -> None:
    """The message fits a line, names the port, and how to choose another."""
    scheme = "udp" if kind == socket.SOCK_DGRAM else "tcp"
    with bound(f"{scheme}://127.0.0.1:0", kind) as [holder]:
        port = holder.getsockname()[1]
        endpoint = Endpoint.of(f"{scheme}://localhost:{port}")
        with pytest.raises(AddressTaken) as caught:
            bind_internet(endpoint, kind, setting="sources.nginx.listen")
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{scheme}://localhost:{port}: port {port} on 127.0.0.1 is taken")
    assert f"--set sources.nginx.listen={scheme}://localhost:" in message


@pytest.mark.parametrize(
    ("port", "holder"), [(514, "rsyslog"), (5514, "another logmond"), (9000, "php-fpm")]
)
def test_usual_holders_of_a_port_are_named(port: int, holder: str) -> None:
    """For the ports people use, the message says who it may be."""
    endpoint = Endpoint("udp", "127.0.0.1", port)
    assert holder in addresses._taken(endpoint, "127.0.0.1", None, "")


def test_nothing_stays_bound_when_one_family_is_taken() -> None:
    """After the error, the other family's port is free again."""
    with bound("udp://[::1]:0", socket.SOCK_DGRAM) as [holder]:
        port = holder.getsockname()[1]
        with pytest.raises(AddressTaken):
            bind_internet(Endpoint("udp", "localhost", port), socket.SOCK_DGRAM)
        with bound(f"udp://127.0.0.1:{port}", socket.SOCK_DGRAM) as [again]:
            assert again.getsockname()[1] == port
