"""Public fakes, for tests of logmond and of what is plugged into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from logmond.ingest.ledger import Ledger


class RecordingIntake:
    """An `Intake` that remembers what it was given, and counts every message.

    `taken` holds all messages and lines in the order they came, without their
    LF; `batches` each call of `messages` as (messages, believed), `peers` the peer
    of each; `chunks` the bytes of each call of `lines`.
    """

    def __init__(
        self, name: str = "test", second_of: Callable[[bytes], int | None] = lambda line: None
    ) -> None:
        """Make one; `second_of` names the second a line counts in, if any."""
        self.name = name
        self.ledger = Ledger()
        self.taken: list[bytes] = []
        self.batches: list[tuple[list[bytes], bool]] = []
        self.peers: list[str] = []
        self.chunks: list[bytes] = []
        self._second_of = second_of

    def messages(self, messages: Sequence[bytes], *, believed: bool, peer: str = "") -> int | None:
        """Record framed messages."""
        self.batches.append((list(messages), believed))
        self.peers.append(peer)
        return self._take(list(messages))

    def lines(self, chunk: bytes) -> int | None:
        """Record whole lines.

        Raises:
            AssertionError: the chunk does not end with LF, as every caller promises.
        """
        if not chunk.endswith(b"\n"):
            raise AssertionError(f"lines without a last LF: {chunk[-80:]!r}")
        self.chunks.append(chunk)
        return self._take(chunk[:-1].split(b"\n"))

    def _take(self, messages: list[bytes]) -> int | None:
        self.taken.extend(messages)
        self.ledger.counted(len(messages), now=0.0)
        seconds = [second for second in map(self._second_of, messages) if second is not None]
        return max(seconds, default=None)
