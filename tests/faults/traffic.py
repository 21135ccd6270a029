"""Steady traffic to a UDP listener, stamped by a clock of the test's."""

from __future__ import annotations

import socket
from collections.abc import Callable
from time import time

from background import Background
from numbered import line

_BATCHES_A_SECOND = 10


class Visitors(Background):
    """Sends lines 0, 1, 2... from a thread; `sent` is how many. `per_second` may be changed."""

    def __init__(self, port: int, per_second: int, clock: Callable[[], float] = time) -> None:
        super().__init__()
        self.sent = 0
        self.per_second = per_second
        self._address = ("127.0.0.1", port)
        self._clock = clock

    def _run(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while not self._stopped.wait(1 / _BATCHES_A_SECOND):
                for _ in range(self.per_second // _BATCHES_A_SECOND):
                    sender.sendto(line(self.sent, self._clock()), self._address)
                    self.sent += 1
