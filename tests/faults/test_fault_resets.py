"""Connections that end in the middle of a message: the rest is lost, and nothing else."""

from __future__ import annotations

import random
import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from certificates import Authority
from daemon import Daemon
from ledgers import Movement
from numbered import line
from patience import until
from processes import free_port
from programs import soaking

Start = Callable[..., Daemon]

CLOSES = 1000 if soaking() else 100
"""Connections, half of them over TLS."""

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing throws away what is not sent, and resets


class Tcp:
    """A client that is gone without a goodbye."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        # What waits for an acknowledgement would be thrown away by the reset.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes, lacking: int = 0) -> None:
        """Send data, but for its last bytes."""
        self.socket.sendall(data[: len(data) - lacking])

    def drop(self, reset: bool) -> None:
        """End the connection, at once or as a process that dies does."""
        if reset:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.socket.close()


class Tls(Tcp):
    """The same over TLS, where a connection may also end within a record."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        super().__init__(port)
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="localhost")
        while not self._shaken():
            self.socket.sendall(self._outgoing.read())
            self._incoming.write(self.socket.recv(65536))
        self.socket.sendall(self._outgoing.read())

    def send(self, data: bytes, lacking: int = 0) -> None:
        """Send data as one record, but for the last bytes of that."""
        self._tls.write(data)
        super().send(self._outgoing.read(), lacking)

    def _shaken(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True


@pytest.mark.parametrize("scheme", ["tcp", "tls"])
def test_only_the_unterminated_tail_is_lost_and_counted(
    daemon_of: Start, tmp_path: Path, scheme: str
) -> None:
    """Whole messages before it count, whether the connection is reset or just gone."""
    authority, port = Authority(tmp_path), free_port()
    certificate, key = authority.issue("server")
    source = {"name": "web", "listen": [f"{scheme}://127.0.0.1:{port}"]}
    if scheme == "tls":
        source["tls"] = {"certificate": str(certificate), "key": str(key)}
    daemon = daemon_of({"sources": [source]})
    context = ssl.create_default_context(cafile=str(authority.path))
    movement, chance = Movement(daemon), random.Random(25)
    whole = cut = 0
    for number in range(CLOSES // 2):
        peer = Tcp(port) if scheme == "tcp" else Tls(port, context)
        peer.send(line(number) + b"\n")
        # A connection that is reset before it was accepted never was one.
        until(20, lambda least=whole: movement.now()["counted"] > least)
        lines = chance.randint(0, 3)
        for _ in range(lines):
            peer.send(line(number) + b"\n")
        whole += 1 + lines
        counted = b"<13>" + line(number)
        last = chance.choice([line(number), b"%d %b" % (len(counted), counted)])
        kind = chance.choice(["nothing", "tail", "record"])
        if kind == "tail":
            peer.send(last[: chance.randint(1, len(last) - 1)])
        elif kind == "record":
            peer.send(last, lacking=chance.randint(1, len(last) - 1))
        cut += kind != "nothing"
        peer.drop(chance.choice([True, False]))
    movement.until(counted=whole, cut=cut)
