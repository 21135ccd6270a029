"""What the service manager is told: ready, reloading, stopping, alive, and a line of status.

The protocol is one datagram of ``NAME=value`` lines to the socket named by
NOTIFY_SOCKET (sd_notify(3)). Without that variable nothing is sent, so the
daemon need not ask where it runs. Never blocks: a manager that does not read
loses messages, not us. No reactor, no clock but the caller's.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

from twisted.logger import Logger

from logmond.telemetry import visible

_LONGEST_STATUS = 200


class Notifier:
    """One sender of notifications; without a manager every call does nothing.

    Attributes:
        watchdog_s: seconds the manager waits for `alive` before it restarts
            us, or None when it does not watch this process.
    """

    _log = Logger()

    def __init__(self, address: str = "", watchdog_s: float | None = None) -> None:
        self.watchdog_s = watchdog_s
        self._status = ""
        self._warned = False
        self._address = _socket_address(address)
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)

    @classmethod
    def of(cls, environ: Mapping[str, str], pid: int) -> Notifier:
        """The notifier the environment asks of process `pid`.

        WATCHDOG_PID names whom the watchdog is for; a value meant for another
        process, or one that is no number, means nobody watches us.
        """
        return cls(environ.get("NOTIFY_SOCKET", ""), _watchdog_s(environ, pid))

    def ready(self, status: str = "") -> None:
        """The start, or a reload, is done: every source is bound."""
        self._send("READY=1", *self._changed_status(status))

    def reloading(self, monotonic_s: float) -> None:
        """A reload begins; `ready` must follow. `monotonic_s` is CLOCK_MONOTONIC now."""
        # Type=notify-reload (systemd 253) pairs the reply with its signal by this stamp.
        self._send("RELOADING=1", f"MONOTONIC_USEC={int(monotonic_s * 1e6)}")

    def stopping(self) -> None:
        """The stop begins."""
        self._send("STOPPING=1")

    def alive(self, status: str = "") -> None:
        """One turn of the daemon's tick: feeds the watchdog, tells a status that changed."""
        lines = self._changed_status(status)
        if self.watchdog_s is not None:
            lines.insert(0, "WATCHDOG=1")
        if lines:
            self._send(*lines)

    def close(self) -> None:
        """Free the socket; later calls do nothing."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _changed_status(self, status: str) -> list[str]:
        text = visible(status)[:_LONGEST_STATUS]
        if not text or text == self._status:
            return []
        self._status = text
        return [f"STATUS={text}"]

    def _send(self, *lines: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            # Said once: a manager that is gone stays gone, and the tick goes on.
            if not self._warned:
                self._log.warn("cannot tell the service manager: {error}", error=error)
            self._warned = True


def _socket_address(address: str) -> bytes:
    """NOTIFY_SOCKET as bind knows it: ``@`` stands for the NUL of an abstract socket."""
    if address.startswith("@"):
        return b"\0" + address[1:].encode()
    # Of the other kinds (vsock:, since systemd 254) none reaches a service on its own host.
    return address.encode() if address.startswith("/") else b""


def _watchdog_s(environ: Mapping[str, str], pid: int) -> float | None:
    usec, owner = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(pid))
    if owner != str(pid) or not usec.isascii() or not usec.isdigit() or int(usec) == 0:
        return None
    return int(usec) / 1e6
