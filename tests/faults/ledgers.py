"""What happened to a source's ledger since a moment."""

from __future__ import annotations

from typing import Any

from daemon import Daemon
from patience import until

OUTCOMES = ("counted", "filtered", "unparsed", "oversize", "cut")


class Movement:
    """The ledger of one source, as a difference to what it was at the beginning."""

    def __init__(self, daemon: Daemon, source: str = "web") -> None:
        self._daemon = daemon
        self._source = source
        self._before = daemon.source(source)

    def now(self) -> dict[str, int]:
        """How far each outcome has moved, with "received" and "kernel_drops"."""
        said = self._daemon.source(self._source)
        names = (*OUTCOMES, "received", "kernel_drops")
        return {name: said[name] - self._before[name] for name in names}

    def until(self, **wanted: int) -> dict[str, Any]:
        """Wait until this was received and nothing else; gives what is said of the source.

        What is not named must not have moved, and the ledger must balance.
        """
        expected = {**dict.fromkeys(OUTCOMES, 0), **wanted}
        received = sum(expected.values())
        expected |= {"received": received, "kernel_drops": 0}
        until(20, lambda: self.now()["received"] >= received, lambda: (self.now(), expected))
        assert self.now() == expected, self._daemon.source(self._source)["samples"]
        return self._daemon.source(self._source)
