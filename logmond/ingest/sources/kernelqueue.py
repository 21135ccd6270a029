"""The kernel's queue before a socket: what waits in it, how long it may be, what it dropped.

For datagrams the queue is all there is between a burst and a loss: it is asked for at 8 MiB,
what was granted is shown, and what did not fit is counted.
"""

from __future__ import annotations

import os
import socket
import struct
from array import array
from dataclasses import dataclass
from fcntl import ioctl
from termios import FIONREAD
from typing import Any

WANTED_BYTES = 8 << 20
"""Receive buffer asked for."""

# include/uapi/asm-generic/socket.h and linux/sock_diag.h; Python names neither.
_SO_RCVBUFFORCE = 33
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("9I")
_RMEM_ALLOC, _RCVBUF, _DROPS = 0, 1, 8


@dataclass(frozen=True, slots=True)
class KernelQueue:
    """A moment of the queue: `queued_bytes` of `granted_bytes`, and `drops` since it was made.

    Bytes are as the kernel accounts them, its own overhead included. `drops`
    wraps at 2**32; it is None where the kernel does not tell.
    """

    queued_bytes: int
    granted_bytes: int
    drops: int | None

    @property
    def fill(self) -> float:
        """How full it is, 0 to 1."""
        return self.queued_bytes / self.granted_bytes if self.granted_bytes else 0.0


def enlarge(sock: socket.socket, wanted_bytes: int = WANTED_BYTES) -> int:
    """Ask for a longer queue, never for a shorter one; return the bytes granted."""
    # The kernel doubles what is asked, for its overhead, and reports the double.
    before = granted_bytes(sock)
    if before >= 2 * wanted_bytes:
        return before
    try:
        # Needs CAP_NET_ADMIN, and then is not cut to net.core.rmem_max.
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, wanted_bytes)
    except OSError:
        # A socket unit's ReceiveBuffer= was set by root, beyond what we may ask.
        if before < 2 * min(wanted_bytes, _most_bytes()):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, wanted_bytes)
    return granted_bytes(sock)


def _most_bytes() -> int:
    """What an unprivileged process may ask for; any number where a sandbox hides it."""
    try:
        with open("/proc/sys/net/core/rmem_max", encoding="ascii") as setting:
            return int(setting.read())
    except (OSError, ValueError):
        return 1 << 30


def granted_bytes(sock: socket.socket) -> int:
    """The length of the queue in bytes, as the kernel accounts them."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def queue_of(sock: socket.socket) -> KernelQueue:
    """The queue now."""
    try:
        raw = sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
    except OSError:  # before Linux 4.12
        raw = b""
    if len(raw) < _MEMINFO.size:
        return KernelQueue(0, granted_bytes(sock), _drops_of_proc(sock))
    values = _MEMINFO.unpack(raw)
    return KernelQueue(values[_RMEM_ALLOC], values[_RCVBUF], values[_DROPS])


def _drops_of_proc(sock: socket.socket, directory: str = "/proc/net") -> int | None:
    """The drops of a UDP socket by its line in /proc/net/udp or udp6; None without one."""
    table = {socket.AF_INET: "udp", socket.AF_INET6: "udp6"}.get(socket.AddressFamily(sock.family))
    if table is None:
        return None
    inode = str(os.fstat(sock.fileno()).st_ino)
    try:
        with open(f"{directory}/{table}", encoding="ascii") as lines:
            for line in lines:
                columns = line.split()
                if len(columns) > 12 and columns[9] == inode:
                    return int(columns[12])
    except (OSError, ValueError):
        return None
    return None


def readable_bytes(connection: Any) -> int:
    """Bytes the kernel has received for a connection, by its `fileno`, and nobody has read."""
    waiting = array("i", [0])
    try:
        ioctl(connection.fileno(), FIONREAD, waiting)
    except (AttributeError, OSError, ValueError):
        return 0
    return waiting[0]
