"""What an output is, and how events reach all of them. A failing one harms no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from twisted.logger import Logger

from logmond.alerts.event import Event


class Output(Protocol):
    """Somebody who is told; every call returns at once."""

    name: str

    @property
    def dropped(self) -> int:
        """Lines that were given up because they could not be written."""

    @property
    def problem(self) -> str | None:
        """Why it cannot tell anybody now, or None when it can."""

    def event(self, event: Event) -> None:
        """Something happened to an incident."""

    def tick(self, second: int) -> None:
        """Second `second` has been evaluated; called once for each second of wall time."""

    def reopen(self) -> None:
        """Open files anew: they were rotated (SIGUSR1)."""

    def close(self) -> None:
        """Write what is waiting and let go; takes a second at most."""


class Dispatch:
    """All outputs of the daemon, as one."""

    _log = Logger()

    def __init__(self, outputs: Sequence[Output]) -> None:
        self.outputs = tuple(outputs)

    def event(self, event: Event) -> None:
        """Tell every output of an event."""
        self._each(lambda output: output.event(event))

    def tick(self, second: int) -> None:
        """Tell every output that a second was evaluated."""
        self._each(lambda output: output.tick(second))

    def reopen(self) -> None:
        """Let every output open its files anew."""
        self._each(lambda output: output.reopen())

    def close(self) -> None:
        """Let every output finish."""
        self._each(lambda output: output.close())

    def _each(self, call: Callable[[Output], None]) -> None:
        for output in self.outputs:
            try:
                call(output)
            except Exception:  # a fault of one output must not keep the others from telling
                self._log.failure("output {name} failed", name=output.name)
