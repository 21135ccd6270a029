"""What the daemon asks of a durable state, and the answer of `history: none`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from twisted.internet.defer import Deferred, succeed

from logmond.stores.rows import Changes, IncidentRow, Kept, Restored, SilenceRow


class Past(Protocol):
    """What is kept of the past; asked by the reactor's thread, answered at once.

    What cannot be read is left out, counted and logged, and never raises.
    """

    def minute(self, start: int) -> bytes | None:
        """The rollup of the minute that began at `start`, None where none is kept."""

    def minutes(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """The rollups of minutes that began from `first` to `last`, both included, in order.

        Nothing is held open between two of them: the iterator may rest.
        """

    def incidents(
        self, since: int, until: int | None = None, rule: str | None = None, limit: int = 500
    ) -> list[IncidentRow]:
        """Incidents that were open at some time from `since` until before `until`, newest first.

        `rule` leaves those of other rules out.
        """

    def incident(self, suffix: str) -> list[IncidentRow]:
        """The incidents whose id ends in `suffix`, newest first, at most a few."""

    def silences(self, since: int, limit: int = 500) -> list[SilenceRow]:
        """Silences that were not over at `since`, the last to end first."""


class State(Past, Protocol):
    """Keeps what one commit a second tells it to, all or nothing."""

    @property
    def busy(self) -> bool:
        """Whether a commit is under way; further ones wait and become one."""

    @property
    def problem(self) -> str | None:
        """Why the last commit failed, None while all is well."""

    def kept(self) -> Kept | None:
        """What is kept of the past; None where nothing ever is."""

    def open(self) -> Restored:
        """Make it ready and give what was kept. Blocks; called before the reactor runs.

        Raises:
            StateError: it cannot be used; the message says the fix.
        """

    def commit(self, changes: Changes) -> Deferred[None]:
        """Write `changes` at once or not at all.

        Fires when they are written, or when that failed: then `problem` says
        why, and the next commit brings them along. It never fails.
        """

    def close(self) -> Deferred[None]:
        """Write what waits, and let go."""


class NoPast:
    """A past of which nothing is kept."""

    def minute(self, start: int) -> bytes | None:
        """None is kept."""
        return None

    def minutes(self, first: int, last: int) -> Iterator[tuple[int, bytes]]:
        """None are kept."""
        return iter(())

    def incidents(
        self, since: int, until: int | None = None, rule: str | None = None, limit: int = 500
    ) -> list[IncidentRow]:
        """None are kept."""
        return []

    def incident(self, suffix: str) -> list[IncidentRow]:
        """None are kept."""
        return []

    def silences(self, since: int, limit: int = 500) -> list[SilenceRow]:
        """None are kept."""
        return []


class NoState(NoPast):
    """Nothing is kept (`history: none`): every start is the first."""

    busy = False
    problem: str | None = None

    def kept(self) -> Kept | None:
        """Nothing is."""
        return None

    def open(self) -> Restored:
        """There is never anything to restore."""
        return Restored()

    def commit(self, changes: Changes) -> Deferred[None]:
        """Forget the changes."""
        return succeed(None)

    def close(self) -> Deferred[None]:
        """There is nothing to let go."""
        return succeed(None)
