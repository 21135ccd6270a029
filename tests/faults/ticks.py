"""The daemon's ticks, as a service manager hears them."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from threading import Thread
from time import monotonic


class Ticks:
    """Listens as systemd does (sd_notify(3)); `heard` holds the moment of every tick."""

    def __init__(self, folder: Path) -> None:
        self.heard: list[float] = []
        self._path = folder / f"notify-{os.urandom(3).hex()}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self._path))
        self._thread = Thread(target=self._listen)

    @property
    def environ(self) -> dict[str, str]:
        """What makes a daemon tell of its ticks."""
        return {"NOTIFY_SOCKET": str(self._path), "WATCHDOG_USEC": "30000000"}

    def __enter__(self) -> Ticks:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", str(self._path))
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while (said := self._socket.recv(4096)) != b"end":
            if b"WATCHDOG=1" in said:
                self.heard.append(monotonic())
