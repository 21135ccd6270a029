"""Programs started for one test: their folder, their readiness, their end by process id."""

from __future__ import annotations

import errno
import os
import random
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree

from patience import until
from programs import program

_START_S = 20
_STOP_S = 10


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A port that is free now on 127.0.0.1 and ::1, until somebody asks for it by number.

    The daemon wants both. It lies below the range from which the kernel gives ports to connections:
    one of those could otherwise take it before the program under test does.
    """
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.randrange(min(10_000, first // 2), first)
        if _free(socket.AF_INET, kind, "127.0.0.1", port) and (
            not socket.has_ipv6 or _free(socket.AF_INET6, kind, "::1", port)
        ):
            return port


def _free(family: socket.AddressFamily, kind: socket.SocketKind, host: str, port: int) -> bool:
    try:
        with socket.socket(family, kind) as probe:
            probe.bind((host, port))
    except OSError as error:
        return error.errno != errno.EADDRINUSE  # no such address: nobody else has it either
    return True


def accepts(port: int) -> bool:
    """Whether something accepts connections at a port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """A running program. What it prints goes to `printed`, which failures show."""

    def __init__(
        self,
        arguments: Sequence[str | Path],
        folder: Path,
        environ: Mapping[str, str] | None = None,
        stdin: int = subprocess.DEVNULL,
    ) -> None:
        """Start it in `folder`; its first argument is found as `programs.program` does."""
        name, *rest = map(str, arguments)
        self.name = Path(name).name
        self.printed = folder / f"{self.name}-{os.urandom(3).hex()}.out"
        path = name if "/" in name else program(name)
        assert path is not None, f"no {name} here"
        with self.printed.open("wb") as out:
            self.popen = subprocess.Popen(
                [path, *rest],
                cwd=folder,
                env={**os.environ, **(environ or {})},
                stdin=stdin,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.popen.pid

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self.printed.read_text(errors="replace")

    def ready_at(self, port: int) -> None:
        """Wait until it accepts connections at `port`."""

        def up() -> bool:
            assert self.popen.poll() is None, f"{self.name} ended:\n{self.output}"
            return accepts(port)

        until(_START_S, up, lambda: f"{self.name} does not listen:\n{self.output}")

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.popen.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it, by force if it must be; its exit status."""
        if self.popen.poll() is None:
            self.popen.send_signal(number)
        if self.popen.stdin is not None:
            self.popen.stdin.close()
        try:
            return self.popen.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
            raise AssertionError(f"{self.name} did not stop:\n{self.output}") from None


class Programs:
    """Programs of one test, each with a folder; all stopped, the newest first, when it ends."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[Process] = []
        self._folders: list[Path] = []

    def stop(self) -> None:
        """Stop all: each of them ends in order on TERM."""
        while self._running:
            self._running.pop().stop(signal.SIGTERM)
        for folder in self._folders:
            rmtree(folder)

    def _new(self, name: str) -> Path:
        folder = self._folder / f"{name}-{len(self._running)}"
        folder.mkdir()
        return folder

    def _public(self, name: str) -> Path:
        """A folder for a program whose own user may not enter the private one of a test."""
        folder = Path(tempfile.mkdtemp(prefix=f"logmond-{name}-"))
        self._folders.append(folder)
        folder.chmod(0o755)
        return folder

    def _start(
        self,
        command: Sequence[str | Path],
        folder: Path,
        environ: Mapping[str, str] | None = None,
    ) -> Process:
        process = Process(command, folder, environ)
        self._running.append(process)
        return process
