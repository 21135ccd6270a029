"""A sender of nginx's datagrams at a steady rate, in a process of its own.

``python -m bench.sending PORT RATE SECONDS`` prints how many it sent, and in how many seconds.
They are spaced evenly, as requests are, as far as one process can.
"""

from __future__ import annotations

import socket
import sys
import time

from bench import lines

MESSAGES = 20_000
"""Distinct messages, less their stamps."""

_BATCH = 64
_NAP_S = 0.0002


def send(port: int, rate: int, seconds: float) -> tuple[int, float]:
    """Send `rate` datagrams a second for so long; how many there were, and the seconds it took."""
    messages = lines.parts(MESSAGES)
    wanted = int(rate * seconds)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.connect(("127.0.0.1", port))
        begun, sent = time.perf_counter(), 0
        while sent < wanted:
            due = min(wanted, int((time.perf_counter() - begun) * rate) + 1, sent + _BATCH)
            if due <= sent:
                ahead_s = sent / rate - (time.perf_counter() - begun)
                if ahead_s > _NAP_S:
                    time.sleep(ahead_s / 2)
                continue
            now = time.gmtime()
            header = time.strftime("<190>%b %e %H:%M:%S web1 nginx: ", now).encode()
            stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", now).encode()
            for number in range(sent, due):
                before, behind = messages[number % MESSAGES]
                sender.send(b"%b%b%b%b" % (header, before, stamp, behind))
            sent = due
        return sent, time.perf_counter() - begun


if __name__ == "__main__":
    print(*send(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
