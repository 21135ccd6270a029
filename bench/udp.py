"""The daemon as a UDP syslog server: what it takes without loss, and what it costs.

``python -m bench.udp [SECONDS]``. Beside it, on the same machine in the same
run: a loop that receives and throws away. Each runs in a process of its own, so
does the sender. A rate is lossless when everything that was sent had been
received soon after the last datagram. Where other programs want the processors
too the receiver waits for them, and its queue holds a tenth of a second: that
share of the time is shown, and a loss within it is tried again.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from os import sysconf
from pathlib import Path
from typing import NamedTuple

import msgspec

from logmond.ingest.sources.kernelqueue import WANTED_BYTES, enlarge
from logmond.interfaces.client import Client

SECONDS = 4.0
"""How long each rate is sent."""

STEADY = (1_000, 5_000, 20_000)
LOWEST, STEP = 40_000, 1.1
"""Rates that are tried for loss, each `STEP` times the one before."""

ATTEMPTS = 5
"""Times a rate is tried before it counts as lossy."""

_SENT_SHARE = 0.97
"""Of a rate that the sender must have reached."""

_SETTLE_S = 1.5
_START_S = 20.0


class Receiver(NamedTuple):
    """A process that takes datagrams at `port`; `taken` asks how many so far."""

    pid: int
    port: int
    taken: Callable[[], int]


class Run(NamedTuple):
    """What came of a rate: datagrams; seconds of sending, of computing, of waiting to compute."""

    sent: int
    seconds: float
    lost: int
    cpu_s: float
    waited_s: float

    @property
    def told(self) -> str:
        """What it cost."""
        return (
            f"{self.cpu_s / self.seconds:6.1%} of a core, {1e6 * self.cpu_s / self.sent:5.1f} us "
            f"each, waiting for one {self.waited_s / self.seconds:4.0%}, lost {self.lost:,}"
        )


def run(receiver: Receiver, rate: int, seconds: float) -> Run:
    """Send at a rate, and see what becomes of it."""
    before, (cpu, waited) = receiver.taken(), processor_seconds(receiver.pid)
    done = subprocess.run(
        [sys.executable, "-m", "bench.sending", str(receiver.port), str(rate), str(seconds)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    sent, took = done.stdout.split()
    time.sleep(_SETTLE_S)
    used, kept = processor_seconds(receiver.pid)
    received = receiver.taken() - before
    return Run(int(sent), float(took), int(sent) - received, used - cpu, kept - waited)


def processor_seconds(pid: int) -> tuple[float, float]:
    """Seconds of a processor a process has used, and waited for one (its first thread)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    used = (int(fields[11]) + int(fields[12])) / sysconf("SC_CLK_TCK")
    return used, int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


def lossless(receiver: Receiver, seconds: float) -> tuple[float, str]:
    """The highest rate without a loss, and what ended the search."""
    rate, best = float(LOWEST), 0.0
    while True:
        for _ in range(ATTEMPTS):
            found = run(receiver, int(rate), seconds)
            if not found.lost:
                break
        else:
            return best, f"at {rate:,.0f}/s: {found.told}"
        best = max(best, found.sent / found.seconds)
        if best < rate * _SENT_SHARE:
            return best, "the sender can do no more"
        rate *= STEP


def sink() -> None:
    """Receive and throw away; a datagram of one byte is a question."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        enlarge(sock, WANTED_BYTES)
        sock.bind(("127.0.0.1", 0))
        print(sock.getsockname()[1], flush=True)
        receive, buffer, received = sock.recv_into, bytearray(65536), 0
        while True:
            if receive(buffer) == 1:
                print(received, flush=True)
            else:
                received += 1


@contextmanager
def running_sink() -> Iterator[Receiver]:
    """A bare loop."""
    command = [sys.executable, "-m", "bench.udp", "--sink"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        answers = process.stdout
        port = int(answers.readline())

        def taken() -> int:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.sendto(b"?", ("127.0.0.1", port))
            return int(answers.readline())

        try:
            yield Receiver(process.pid, port, taken)
        finally:
            process.kill()


@contextmanager
def running_daemon() -> Iterator[Receiver]:
    """``logmond run`` with one UDP source and everything else as it comes."""
    port, admin = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_STREAM)
    with tempfile.TemporaryDirectory() as name:
        config = Path(name) / "logmond.yaml"
        config.write_text(
            f"sources: [{{name: bench, listen: [udp://127.0.0.1:{port}]}}]\n"
            f"history: {{url: sqlite://{name}/state.db}}\n"
            f"admin: {{listen: tcp://127.0.0.1:{admin}}}\n"
        )
        command = [sys.executable, "-m", "logmond", "run", "-c", str(config)]
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:

            def taken() -> int:
                with Client("127.0.0.1", admin) as client:
                    (said,) = msgspec.json.decode(client.ask("json sources bench")[0])
                assert said["received"] == said["counted"], said
                return int(said["received"])

            try:
                _await(taken)
                yield Receiver(process.pid, port, taken)
            finally:
                process.terminate()


def free_port(kind: socket.SocketKind) -> int:
    """A port of loopback that is free now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(answer: Callable[[], object]) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            answer()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def main(seconds: float) -> None:
    """Print the table."""
    print(f"UDP, nginx's datagrams of combined lines, {seconds:.0f} s each")
    receivers = {"logmond": running_daemon, "bare recv loop": running_sink}
    for name, running in receivers.items():
        with running() as receiver:
            for rate in STEADY:
                print(f"{name:16}{rate:9,}/s {run(receiver, rate, seconds).told}", flush=True)
            most, why = lossless(receiver, seconds)
            print(f"{name:16}{most:9,.0f}/s is the most without loss; {why}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--sink"]:
        sink()
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
