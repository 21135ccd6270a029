"""The daemon as operators run it: a process of its own, asked over its admin port."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import yaml
from patience import until
from processes import Process, free_port

import logmond
from logmond.interfaces.client import Client

_READY_S = 20


class Daemon:
    """A ``logmond run`` with a configuration file in `folder`, on free ports.

    `settings` is the configuration as YAML would give it; admin, node and a
    state database in the folder are added where it says nothing. `under` is the
    program, with its arguments, that executes it in the end (``prlimit ...``).
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, Any],
        arguments: Sequence[str] = (),
        under: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.admin_port = free_port()
        self.config = folder / "logmond.yaml"
        self._arguments = list(arguments)
        self._under = list(under)
        self.configure(settings)
        self._process: Process | None = None

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Write the configuration file; a running daemon takes it at the next reload."""
        whole = {
            "node": "test",
            "history": {"url": f"sqlite://{self.folder}/state.db"},
            "admin": {"listen": f"tcp://localhost:{self.admin_port}"},
            "stats": {"delay": "1s"},
            **settings,
        }
        self.config.write_text(yaml.safe_dump(whole))

    @property
    def command(self) -> list[str | Path]:
        """What starts it."""
        run: list[str | Path] = [sys.executable, "-m", "logmond", "run", "-c", self.config]
        return [*self._under, *run, *self._arguments]

    @property
    def environ(self) -> dict[str, str]:
        """What it needs of the environment: the very package under test, installed or not."""
        return {"PYTHONPATH": str(Path(logmond.__file__).parents[1])}

    def start(
        self, environ: Mapping[str, str] | None = None, stdin: int = subprocess.DEVNULL
    ) -> Daemon:
        """Start it and wait until it answers."""
        return self.launch(environ, stdin).ready()

    def launch(
        self, environ: Mapping[str, str] | None = None, stdin: int = subprocess.DEVNULL
    ) -> Daemon:
        """Start it."""
        self._process = Process(
            self.command, self.folder, {**self.environ, **(environ or {})}, stdin
        )
        return self

    def ready(self) -> Daemon:
        """Wait until it answers."""
        self.process.ready_at(self.admin_port)
        until(_READY_S, lambda: self.ask("status"), lambda: self.process.output)
        return self

    @property
    def process(self) -> Process:
        """The running process."""
        assert self._process is not None, "not started"
        return self._process

    def ask(self, command: str) -> list[str]:
        """The lines of the reply to one admin command."""
        with Client("127.0.0.1", self.admin_port) as client:
            return client.ask(command)

    def json(self, command: str) -> Any:
        """The JSON reply to one admin command."""
        return msgspec.json.decode(self.ask(f"json {command}")[0])

    def source(self, name: str) -> dict[str, Any]:
        """What the daemon says of one source."""
        (found,) = self.json(f"sources {name}")
        return dict(found)

    def reload(self) -> None:
        """Send SIGHUP."""
        self.process.send(signal.SIGHUP)

    def kill(self) -> None:
        """End it as a crash would."""
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.popen.wait()

    def stop(self) -> int:
        """End it in order; its exit status."""
        return self.process.stop()

    def close(self) -> None:
        """Make sure that it is gone."""
        if self._process is not None and self._process.popen.poll() is None:
            self.kill()


@contextmanager
def prepared_daemons(folder: Path) -> Iterator[Callable[..., Daemon]]:
    """Prepares daemons with the settings given; those started are gone when the block ends."""
    prepared: list[Daemon] = []

    def prepare(settings: Mapping[str, Any], **more: Any) -> Daemon:
        home = folder / f"logmond-{len(prepared)}"
        home.mkdir()
        prepared.append(Daemon(home, settings, **more))
        return prepared[-1]

    try:
        yield prepare
    finally:
        for daemon in prepared:
            daemon.close()
