"""Syslog or bare lines over UDP, drained by the wake-up, with a queue as long as it gets."""

from __future__ import annotations

import socket

from logmond.ingest.sources.addresses import bind_internet
from logmond.ingest.sources.datagram import DatagramSource
from logmond.ingest.sources.drain import DatagramDrain
from logmond.ingest.sources.gathering import Gathering
from logmond.ingest.sources.kernelqueue import WANTED_BYTES, enlarge
from logmond.telemetry import size


class UdpSource(DatagramSource):
    """``udp://HOST:PORT``, bound on every address HOST means."""

    @property
    def port(self) -> int:
        """The port it is bound to, 0 while it is not."""
        return int(self.drains[0].socket.getsockname()[1]) if self.drains else 0

    @property
    def buffer_s(self) -> float:
        """How long the kernel's buffer holds what comes at the peak of the last minute."""
        return min((drain.gathering.held_s for drain in self.drains if drain.gathering), default=0)

    def open(self) -> None:
        """Bind every address and start reading.

        Raises:
            AddressTaken: another program holds the port.
            SourceError: it cannot be bound for another reason.
        """
        sockets = bind_internet(self._endpoint, socket.SOCK_DGRAM, self._passed, self._setting)
        for sock in sockets:
            gathering = Gathering(enlarge(sock, WANTED_BYTES))
            drain = DatagramDrain(sock, self._intake, self._reactor, gathering)
            self.drains.append(drain)
            drain.start()

    def advice(self) -> str:
        """Whether the kernel granted less than was asked for."""
        granted = self.granted_bytes
        # The kernel grants the double of what it is asked.
        if not self.drains or granted >= WANTED_BYTES:
            return ""
        return (
            f"receive buffer {size(granted)}, {self.buffer_s * 1000:.0f} ms at the peak: "
            f"sysctl -w net.core.rmem_max={WANTED_BYTES}"
        )
