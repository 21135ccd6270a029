"""More than the daemon can take: what was lost is known to the datagram, streams lose nothing."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from contextlib import ExitStack
from itertools import chain, cycle, islice, repeat
from threading import Thread

from daemon import Daemon
from kernel import softnet_drops
from ledgers import Movement
from numbered import assert_counted_once, line, lines
from patience import until
from processes import free_port
from programs import soaking
from resources import MIB, peak_bytes, reset_peak

Start = Callable[..., Daemon]

WAVES = 20 if soaking() else 2
HELD, FLAT_OUT = 40_000, 60_000
"""Datagrams of a wave sent while the daemon stands still, more than its queue holds, and after."""

SENDERS = 4
NUMBERS = 2000
FLOOD = 1000 if soaking() else 25
"""Times each sender sends the lines 0 to `NUMBERS`."""

_STANDING_S = 0.5


def test_every_datagram_of_a_flood_is_counted_or_counted_as_dropped(daemon_of: Start) -> None:
    """Sent = counted + dropped by the socket's queue + dropped before it, exactly."""
    port = free_port(socket.SOCK_DGRAM)
    daemon = daemon_of({"sources": [{"name": "web", "listen": [f"udp://127.0.0.1:{port}"]}]})
    ledger, before = Movement(daemon), softnet_drops()
    payloads = cycle([line(number) for number in range(NUMBERS)])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        for _ in range(WAVES):
            daemon.process.send(signal.SIGSTOP)
            try:
                for payload in islice(payloads, HELD):
                    sender.send(payload)
            finally:
                daemon.process.send(signal.SIGCONT)
            for payload in islice(payloads, FLAT_OUT):
                sender.send(payload)
    sent = WAVES * (HELD + FLAT_OUT)

    def accounted() -> int:
        now = ledger.now()
        return now["received"] + now["kernel_drops"] + softnet_drops() - before

    until(60, lambda: accounted() >= sent, lambda: (ledger.now(), softnet_drops() - before))
    assert accounted() == sent
    found = ledger.now()
    assert found["counted"] == found["received"]
    assert found["kernel_drops"] > 0
    until(20, lambda: daemon.json("stats 5m")["hits"] >= found["counted"])
    assert daemon.json("stats 5m")["hits"] == found["counted"]
    # Nothing more comes to light later.
    assert ledger.now() == found


def test_a_flood_over_tcp_is_held_back_and_loses_nothing(daemon_of: Start) -> None:
    """Senders wait while the daemon is busy, or stands still; its memory does not grow."""
    port = free_port()
    daemon = daemon_of({"sources": [{"name": "web", "listen": [f"tcp://127.0.0.1:{port}"]}]})
    pid, block = daemon.process.pid, lines(range(NUMBERS))

    def flood(sender: socket.socket, times: int) -> None:
        for _ in range(times):
            sender.sendall(block)

    with ExitStack() as stack:
        senders = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=60))
            for _ in range(SENDERS)
        ]
        for sender in senders:
            flood(sender, 1)
        until(30, lambda: daemon.source("web")["counted"] >= SENDERS * NUMBERS)
        reset_peak(pid)
        settled = peak_bytes(pid)
        threads = [Thread(target=flood, args=(sender, FLOOD)) for sender in senders]
        daemon.process.send(signal.SIGSTOP)
        try:
            for thread in threads:
                thread.start()
            # Nobody reads: whoever wants to send more than the kernel holds stands still.
            threads[0].join(_STANDING_S)
            assert all(thread.is_alive() for thread in threads)
        finally:
            daemon.process.send(signal.SIGCONT)
        for thread in threads:
            thread.join(FLOOD * 2 + 60)
    numbers = chain.from_iterable(repeat(range(NUMBERS), SENDERS * (1 + FLOOD)))
    assert_counted_once(daemon, numbers)
    assert peak_bytes(pid) - settled <= 8 * MIB
