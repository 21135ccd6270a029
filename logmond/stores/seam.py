"""What the daemon asks of a durable state, and the answer of `history: none`."""

from __future__ import annotations

from typing import Protocol

from twisted.internet.defer import Deferred, succeed

from logmond.stores.rows import Changes, Restored


class State(Protocol):
    """Keeps what one commit a second tells it to, all or nothing."""

    @property
    def busy(self) -> bool:
        """Whether a commit is under way; further ones wait and become one."""

    @property
    def problem(self) -> str | None:
        """Why the last commit failed, None while all is well."""

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


class NoState:
    """Nothing is kept (`history: none`): every start is the first."""

    busy = False
    problem: str | None = None

    def open(self) -> Restored:
        """There is never anything to restore."""
        return Restored()

    def commit(self, changes: Changes) -> Deferred[None]:
        """Forget the changes."""
        return succeed(None)

    def close(self) -> Deferred[None]:
        """There is nothing to let go."""
        return succeed(None)
