"""One line on a terminal that says how far a long reading is; it leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Protocol, TextIO

from logmond.telemetry import size, span

EVERY_S = 0.2
_BAR = 24


class Reading(Protocol):
    """What is being read."""

    @property
    def read_bytes(self) -> int:
        """Bytes read so far."""

    @property
    def total_bytes(self) -> int | None:
        """Bytes there are; None where nobody knows."""

    @property
    def lines(self) -> int:
        """Lines read so far."""


class Progress:
    """Shows a reading on `out` while it goes on."""

    def __init__(
        self,
        out: TextIO,
        reading: Reading,
        *,
        shown: bool,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._out = out
        self._reading = reading
        self._shown = shown
        self._clock = clock
        self._began = self._next = clock()

    def look(self) -> None:
        """Write the line anew, if it is time."""
        if not self._shown or (now := self._clock()) < self._next:
            return
        self._next = now + EVERY_S
        self._out.write(f"\r{self.line(now - self._began)}\x1b[K")
        self._out.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self._shown:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def line(self, took_s: float) -> str:
        """How far it is after so many seconds."""
        reading = self._reading
        done, total = reading.read_bytes, reading.total_bytes
        rate = f"{reading.lines / max(took_s, 1e-3):,.0f} lines/s"
        if not total:
            return f"{size(done)}  {rate}"
        share = min(1.0, done / total)
        bar = "#" * int(_BAR * share)
        left = f", {span(took_s / share - took_s)} left" if share > 0.01 else ""
        return f"[{bar:<{_BAR}}] {share:4.0%}  {size(done)} of {size(total)}  {rate}{left}"
