"""One notifier as an output: its desk decides what is told, its delivery brings it there.

What is still to be told, and what was told, goes along with each commit; see
`logmond.outputs.delivery` for what follows from that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from logmond.alerts.event import Event
from logmond.alerts.incident import Incident
from logmond.outputs.audience import Audience, Terms
from logmond.outputs.delivery import Delivery
from logmond.outputs.desk import Desk, Silenced
from logmond.outputs.notifier import Notifier
from logmond.outputs.status import OutputStatus
from logmond.outputs.telling import test_message

VALUE = "told/"
"""What the name of an output's value in the state begins with."""


class Messenger:
    """The output `name` of type `kind`; see `logmond.outputs.dispatch.Output`."""

    _log = Logger()

    def __init__(
        self,
        name: str,
        kind: str,
        audience: Audience,
        delivery: Delivery,
        wall: Callable[[], float],
    ) -> None:
        self.name = name
        self.kind = kind
        self._desk = Desk(name, audience)
        self._delivery = delivery
        self._wall = wall
        self._tests = 0

    @property
    def dropped(self) -> int:
        """Messages that reached nobody and never will."""
        return self._delivery.counts.lost

    @property
    def problem(self) -> str | None:
        """Why nobody is reached, once that has gone on for long."""
        return self._delivery.problem

    @property
    def queued(self) -> int:
        """Messages that are still to be delivered."""
        return len(self._delivery.backlog)

    def event(self, event: Event) -> None:
        """Something happened to an incident."""
        self._desk.event(event)

    def begin(self, incidents: Iterable[Incident]) -> None:
        """These are open: after a restore, and when rules or the audience changed."""
        self._desk.begin(incidents)

    def steps(self, second: int, silenced: Silenced) -> Iterator[None]:
        """A second was evaluated: queue what is to be told, in pieces."""
        return self._desk.steps(second, silenced, self._delivery.add)

    def tick(self, second: int) -> None:
        """See to what waits."""
        self._delivery.tick()

    def reopen(self) -> None:
        """There is no file."""

    def restore(self, values: Mapping[str, bytes], outbox: Mapping[str, bytes]) -> None:
        """Go on from what the commits of an earlier run held; `outbox` is this output's alone."""
        packed = values.get(VALUE + self.name)
        if packed is not None:
            try:
                self._desk.restore(packed)
            except ValueError as error:
                # Better told twice than not at all.
                self._log.warn("output {name}: what was told {error}", name=self.name, error=error)
        self._delivery.restore(outbox)

    def changes(self) -> tuple[dict[str, bytes | None], dict[str, bytes | None]]:
        """What the next commit must hold: values, and messages by id."""
        told = self._desk.changed()
        values: dict[str, bytes | None] = {} if told is None else {VALUE + self.name: told}
        return values, self._delivery.backlog.changes()

    def forgotten(self) -> tuple[list[str], list[str]]:
        """When it is gone for good: the values, and the ids of messages, to forget."""
        kept = dict.fromkeys(self._delivery.backlog.changes())
        kept |= dict.fromkeys(waiting.message.id for waiting in self._delivery.backlog)
        return [VALUE + self.name], list(kept)

    def mark(self) -> int:
        """Up to where a commit made now holds everything."""
        return self._delivery.backlog.serial

    def committed(self, mark: int) -> None:
        """The commit made at `mark` is written, or cannot be."""
        self._delivery.release(mark)

    def replace(self, audience: Audience, notifier: Notifier, terms: Terms) -> None:
        """Go on with other settings; nothing that waits is lost."""
        self._desk.audience = audience
        self._delivery.replace(notifier, terms)

    def test(self, node: str, said: str) -> Deferred[None]:
        """Send a message marked as a test; fires when it is taken, fails with NotDelivered."""
        self._tests += 1
        message = test_message(self.name, node, said, int(self._wall()), self._tests)
        return self._delivery.test(message)

    def status(self) -> OutputStatus:
        """How it is doing."""
        counts, since = self._delivery.counts, self._delivery.failing_since
        return OutputStatus(
            name=self.name,
            kind=self.kind,
            state="ok" if since is None else "retrying",
            reason=self._delivery.pace.reason,
            since=since,
            queued=self.queued,
            sent=counts.sent,
            failed=counts.failed,
            dropped=counts.lost,
            last_sent_at=counts.last_sent_at,
            hanging=getattr(self._delivery.notifier, "hanging", 0),  # of those with threads
        )

    def stop(self) -> Deferred[None]:
        """Begin nothing more; fires when what is under way is done, or out of time."""
        return self._delivery.stop()

    def close(self) -> None:
        """Let go; what waits stays in the outbox."""
        self._delivery.close()
