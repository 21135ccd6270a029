"""Clients of the admin port that do not read, or are browsers, harm nobody."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http.client import BadStatusLine, HTTPConnection, HTTPException
from typing import Any

import msgspec
import pytest
from daemon import Daemon
from numbered import assert_counted_once, lines
from patience import until
from processes import free_port
from programs import soaking
from resources import MIB, descriptors, peak_bytes, reset_peak, resident_bytes

from logmond.interfaces.client import Client

Start = Callable[..., Daemon]

_LITTLE = 4096
_TCP_CLOSE = 7  # the state in struct tcp_info, once a connection was reset
_SECTIONS = 200
_RULES = 10


def _udp(**more: Any) -> dict[str, Any]:
    port = free_port(socket.SOCK_DGRAM)
    return {"sources": [{"name": "web", "listen": [f"udp://localhost:{port}"]}], **more}


def _send(daemon: Daemon, messages: list[bytes]) -> None:
    port = int(daemon.source("web")["address"].rpartition(":")[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for message in messages:
            sender.sendto(message, ("127.0.0.1", port))


def _never_reading(daemon: Daemon) -> socket.socket:
    """A client whose window closes soon, since it never reads."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _LITTLE)
    client.settimeout(20)
    client.connect(("127.0.0.1", daemon.admin_port))
    return client


def _is_cut(client: socket.socket) -> bool:
    """Whether the daemon has reset a connection, whatever is left to read there."""
    state = client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state == _TCP_CLOSE


def _many_groups() -> list[dict[str, Any]]:
    """Rules under which every section is an alert as soon as it is visited, and soon recovers."""
    rule = {"metric": "hits", "window": "1s", "above": 0, "hold": "0s"}
    return [{"name": f"r{number}", "group_by": ["section"], **rule} for number in range(_RULES)]


def test_a_watcher_that_never_reads_is_cut_off(daemon_of: Start) -> None:
    """Once a mebibyte waits for it; one that reads gets every event, and lines go on counting."""
    daemon = daemon_of(_udp(rules=_many_groups()))
    visits = [b'::1 - - [-] "GET /g%d/x HTTP/1.1" 200 1' % number for number in range(_SECTIONS)]
    told: list[dict[str, Any]] = []
    # The second in which the socket was opened was not observed: windows of one begin after it.
    until(10, lambda: daemon.json("stats 1s")["coverage"] == "whole")
    with _never_reading(daemon) as client, Client("127.0.0.1", daemon.admin_port) as reader:
        client.sendall(b"json watch\n")
        reader.send("json watch")
        events = reader.lines()
        rounds = 0
        while not _is_cut(client):
            assert rounds < 20, daemon.process.output
            rounds += 1
            _send(daemon, visits)
            wanted = rounds * 2 * _RULES * _SECTIONS
            while len(told) < wanted:
                told.append(msgspec.json.decode(next(events)))
    assert "does not read what it watches: cut off" in daemon.process.output
    kinds = [event["event"] for event in told if event["event"] != "update"]
    assert kinds.count("alert") == kinds.count("recovered") == rounds * _RULES * _SECTIONS
    assert daemon.source("web")["counted"] == rounds * _SECTIONS


def test_a_client_that_asks_and_never_reads_costs_nothing(daemon_of: Start) -> None:
    """Its commands are not read ahead of the answers; others are served, lines are counted."""
    daemon = daemon_of(_udp())
    pid = daemon.process.pid
    daemon.ask("help")
    clients = [_never_reading(daemon) for _ in range(20)]
    before = resident_bytes(pid)
    reset_peak(pid)
    for client in clients:
        client.setblocking(False)
        with pytest.raises(BlockingIOError):  # it does not take commands without end
            client.sendall(b"help\n" * 10_000_000)
    _send(daemon, lines(range(100)).splitlines())
    assert_counted_once(daemon, range(100))
    assert peak_bytes(pid) - before <= len(clients) * MIB
    if soaking():
        until(60, lambda: all(map(_is_cut, clients)), lambda: daemon.process.output)
        assert daemon.process.output.count("does not read: cut off") == len(clients)
    for client in clients:
        client.close()


_COMMANDS = b"silence add high-traffic 2h\r\nreload\r\nsilence add high-traffic 1h\r\n"
_METHODS = [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE", b"CONNECT"]


def _silenced(daemon: Daemon) -> str:
    """What the daemon says to a silence, which is then taken back."""
    (told,) = daemon.ask("silence add high-traffic 2h")
    for silence in daemon.json("silence list"):
        daemon.ask(f"silence remove {silence['id']}")
    return told


def _answers(client: socket.socket) -> bytes:
    """Everything the daemon says after its greeting, until it closes."""
    with client.makefile("rb") as replies:
        assert replies.readline().startswith(b"logmond ")
        assert replies.readline() == b"\n"
        return replies.read()


@pytest.fixture
def daemon(daemon_of: Start) -> Daemon:
    """A daemon whose high-traffic rule could be silenced."""
    daemon = daemon_of(_udp())
    until(20, lambda: not _silenced(daemon).startswith("ERR"))
    return daemon


def _assert_nothing_ran(daemon: Daemon) -> None:
    assert daemon.json("silence list") == []
    assert "reload" not in daemon.process.output
    # The commands are good ones: said by an operator they work.
    assert _silenced(daemon).startswith("high-traffic is silent")


@pytest.mark.parametrize("cut", ["whole", "after the first line", "byte by byte"])
def test_http_runs_nothing_of_its_body(daemon: Daemon, cut: str) -> None:
    """Every method is closed at its first line, without a word, however it arrives."""
    for method in _METHODS:
        first = method + b" / HTTP/1.1\r\n"
        rest = b"Host: localhost\r\nContent-Length: %d\r\n\r\n" % len(_COMMANDS) + _COMMANDS
        with socket.create_connection(("127.0.0.1", daemon.admin_port), timeout=20) as client:
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if cut == "whole":
                client.sendall(first + rest)
            elif cut == "after the first line":
                client.sendall(first)
                assert _answers(client) == b""
                continue
            else:
                for place in range(len(first)):
                    client.sendall(first[place : place + 1])
                client.sendall(rest)
            assert _answers(client) == b""
    _assert_nothing_ran(daemon)


def test_a_form_posted_by_a_page_runs_nothing(daemon: Daemon) -> None:
    """As a browser sends it cross-origin: text/plain, with commands as its text."""
    before = descriptors(daemon.process.pid)
    for _ in range(20):
        page = HTTPConnection("127.0.0.1", daemon.admin_port, timeout=20)
        page.request("POST", "/", _COMMANDS, {"Content-Type": "text/plain"})
        with pytest.raises((HTTPException, ConnectionResetError)) as caught:
            page.getresponse()
        # What a browser takes for a response is no more than the greeting.
        assert not isinstance(caught.value, BadStatusLine) or "logmond" in str(caught.value)
        page.close()
    until(20, lambda: descriptors(daemon.process.pid) <= before)
    _assert_nothing_ran(daemon)
