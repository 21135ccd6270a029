"""However a stream is cut on its way, the messages and what they amount to are the same."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from itertools import chain
from pathlib import Path
from time import gmtime, strftime

import pytest
from daemon import Daemon
from numbered import assert_counted_once, line
from patience import until
from processes import free_port
from programs import soaking

Start = Callable[..., Daemon]

MESSAGES = 1000 if soaking() else 30
"""30 have every header in every framing; the daemon takes 1,000 connections, one for each."""

_QUEUES = 4
_ADDRESSES = 1, 2
_ESTABLISHED = "01"


def _headers() -> list[bytes]:
    """Syslog headers of several senders, and none."""
    stamp = strftime("%b %e %H:%M:%S", gmtime()).encode()
    instant = strftime("%Y-%m-%dT%H:%M:%S.123456+00:00", gmtime()).encode()
    return [
        b"",
        b"<190>" + stamp + b" web1 nginx: ",
        b"<134>" + stamp + b" haproxy[7224]: ",
        b"<13>1 " + instant + b" web1 nginx - - - ",
        b"<13>1 " + instant + rb' web1 app 77 ID47 [x@1 a="b \] \" c"][timeQuality tzKnown="1"] ',
    ]


def _octets(message: bytes) -> bytes:
    return b"%d %b" % (len(message), message)


Framing = Callable[[bytes], bytes]

_COUNTED: list[Framing] = [
    _octets,
    lambda message: _octets(message + b"\n"),
    lambda message: _octets(message) + b"\n",
]
_FRAMINGS: list[Framing] = [
    lambda message: message + b"\n",
    lambda message: message + b"\r\n",
    lambda message: message + b"\0",
    *_COUNTED,
]


def _messages(count: int) -> list[bytes]:
    """Message n holds the line with number n; headers and framings go through all pairs."""
    headers = _headers()
    made = []
    for number in range(count):
        header = headers[number % len(headers)]
        framing = _FRAMINGS[number % len(_FRAMINGS)]
        if framing in _COUNTED and not header:
            header = headers[1]  # without a priority a count is no count
        made.append(framing(header + line(number)))
    return made


@pytest.fixture
def daemon(daemon_of: Start) -> Daemon:
    """A daemon with the source "web" on TCP."""
    listen = [f"tcp://localhost:{free_port()}"]
    return daemon_of({"sources": [{"name": "web", "listen": listen}]})


def _port(daemon: Daemon) -> int:
    return int(daemon.source("web")["address"].rpartition(":")[2])


def _connected(port: int) -> socket.socket:
    peer = socket.create_connection(("127.0.0.1", port), timeout=20)
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer


def _unread_bytes(port: int) -> int:
    """Bytes sent to a port over IPv4 that its owner has not read yet (proc_net_tcp)."""
    unread = 0
    for row in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = row.split()
        if fields[3] != _ESTABLISHED or not any(
            fields[place].endswith(f":{port:04X}") for place in _ADDRESSES
        ):
            continue
        sent, received = fields[_QUEUES].split(":")
        # Ours are on their way, the daemon's have arrived.
        unread += int(sent, 16) + int(received, 16)
    return unread


def test_every_message_cut_at_every_byte_is_counted_once(daemon: Daemon) -> None:
    """Each goes in two pieces, the second only once the first was read, at each place in turn.

    The second piece travels with the first of the next turn, as on a busy connection.
    """
    port, messages = _port(daemon), _messages(MESSAGES)
    with ExitStack() as stack:
        peers = [stack.enter_context(_connected(port)) for _ in messages]
        for cut in range(1, max(map(len, messages)) + 1):
            for peer, message in zip(peers, messages, strict=True):
                before = message[cut - 1 :] if cut > 1 else b""
                peer.sendall(before + message[:cut] if cut < len(message) else before)
            until(20, lambda: not _unread_bytes(port), lambda: _unread_bytes(port))
        times = [[number] * (len(message) - 1) for number, message in enumerate(messages)]
        assert_counted_once(daemon, chain.from_iterable(times))


def test_messages_sent_byte_by_byte_are_counted_once(daemon: Daemon) -> None:
    """A thousand messages of all framings on one connection, each byte sent on its own."""
    with _connected(_port(daemon)) as peer:
        for message in _messages(1000):
            for place in range(len(message)):
                peer.send(message[place : place + 1])
        assert_counted_once(daemon, range(1000))
