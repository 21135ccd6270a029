"""A TCP sender that knows what its peer's kernel has taken, and sends the rest again."""

from __future__ import annotations

import select
import socket
import struct
from threading import Event, Thread

from numbered import line
from patience import until

_BATCH = 20
# struct tcp_info of linux/tcp.h: the state, and how much the peer has acknowledged.
_INFO = struct.Struct("=B119xQ")
_CLOSED, _SYN = 7, 1


class Sender:
    """Sends numbered lines from `begin` on over one connection after the other.

    `end` is the number after the last line that was acknowledged, whole, by the
    kernel of the peer: TCP has accepted it, and nobody will send it again. Like
    rsyslog it looks for the peer's end before it sends more.
    """

    def __init__(self, port: int, begin: int) -> None:
        self.begin = self.end = begin
        self._port = port
        self._stopped = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        """Connect, and send until the peer ends the connection or `stop`."""
        peer = socket.create_connection(("127.0.0.1", self._port), timeout=20)
        self._thread = Thread(target=self._run, args=(peer,))
        self._thread.start()

    def wait(self) -> None:
        """Wait until the connection has ended."""
        assert self._thread is not None
        self._thread.join()

    def stop(self) -> None:
        """Send no more."""
        self._stopped.set()
        self.wait()

    def _run(self, peer: socket.socket) -> None:
        ends: list[int] = []
        sent, number = 0, self.end
        with peer:
            try:
                while not self._stopped.is_set() and not select.select([peer], [], [], 0)[0]:
                    lines = [line(n) + b"\n" for n in range(number, number + _BATCH)]
                    for each in lines:
                        sent += len(each)
                        ends.append(sent)
                    number += _BATCH
                    peer.sendall(b"".join(lines))
                peer.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # reset: what was acknowledged before is known all the same
            until(20, lambda: _told(peer)[0] == _CLOSED, lambda: _told(peer))
            acknowledged = _told(peer)[1] - _SYN
        self.end += sum(end <= acknowledged for end in ends)


def _told(peer: socket.socket) -> tuple[int, int]:
    """What the kernel says of a connection: its state, and the bytes acknowledged."""
    state, acknowledged = _INFO.unpack(
        peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
    )
    return state, acknowledged
