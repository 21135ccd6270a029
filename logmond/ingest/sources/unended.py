"""Messages that peers have begun and not ended, all together bounded. No sockets.

One connection may hold a message of the longest kind; a thousand at once would
hold more than the statistics may. So there is one allowance for all connections
of a source, and where it is passed whoever holds the most gives way. Honest
senders hold the rest of a read, some hundred bytes, and are never the one.
"""

from __future__ import annotations

from typing import Protocol

MAX_BYTES = 8_388_608
"""Of all connections of a source."""


class Holder(Protocol):
    """A connection."""

    def give_way(self) -> None:
        """Hold nothing any more, and take nothing more."""


class Unended:
    """Who holds how many bytes of a message that has not ended."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._sizes: dict[Holder, int] = {}
        self._total = 0

    def hold(self, holder: Holder, size: int) -> None:
        """`holder` holds `size` bytes from now on; whoever holds the most may have to give way."""
        self.release(holder)
        if not size:
            return
        self._sizes[holder] = size
        self._total += size
        if self._total > self._max_bytes:
            most = max(self._sizes, key=self._sizes.__getitem__)
            self.release(most)
            most.give_way()

    def release(self, holder: Holder) -> None:
        """`holder` holds nothing any more."""
        self._total -= self._sizes.pop(holder, 0)
