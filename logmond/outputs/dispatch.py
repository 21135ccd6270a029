"""What an output is, and how events reach all of them. A failing one harms no other.

Those that reach people beyond this machine are messengers: they are stepped
with every evaluated second, take part in commits and answer tests later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred, fail, gatherResults, succeed
from twisted.logger import Logger

from logmond.alerts.event import Event
from logmond.alerts.incident import Incident
from logmond.errors import QueryError
from logmond.outputs.desk import Silenced
from logmond.outputs.messenger import VALUE, Messenger
from logmond.outputs.notifier import NotDelivered
from logmond.outputs.status import OutputStatus
from logmond.outputs.telling import test_event
from logmond.stores.rows import Changes, OutboxKey, Restored


class Output(Protocol):
    """Somebody who is told; every call returns at once."""

    name: str
    kind: str

    @property
    def dropped(self) -> int:
        """Lines that were given up because they could not be written."""

    @property
    def problem(self) -> str | None:
        """Why it cannot tell anybody now, or None when it can."""

    def status(self) -> OutputStatus:
        """How it is doing."""

    def event(self, event: Event) -> None:
        """Something happened to an incident."""

    def tick(self, second: int) -> None:
        """Second `second` has been evaluated; called once for each second of wall time."""

    def reopen(self) -> None:
        """Open files anew: they were rotated (SIGUSR1)."""

    def close(self) -> None:
        """Write what is waiting and let go; takes a second at most."""


_Some = TypeVar("_Some", bound=Output)


class Dispatch:
    """All outputs of the daemon, as one."""

    _log = Logger()

    def __init__(self, outputs: Sequence[Output] = ()) -> None:
        self._values: dict[str, bytes | None] = {}
        self._outbox: dict[OutboxKey, bytes | None] = {}
        self.use(outputs)

    def use(self, outputs: Sequence[Output], leaving: Sequence[Messenger] = ()) -> None:
        """Tell these from now on; the next commit forgets what `leaving` ones were to tell."""
        self.outputs = tuple(outputs)
        self.messengers = tuple(one for one in outputs if isinstance(one, Messenger))
        for messenger in leaving:
            values, messages = messenger.forgotten()
            self._forget(messenger.name, values, messages)

    def event(self, event: Event) -> None:
        """Tell every output of an event."""
        self._each(self.outputs, lambda output: output.event(event))

    def tick(self, second: int) -> None:
        """Tell every output that a second was evaluated."""
        self._each(self.outputs, lambda output: output.tick(second))

    def reopen(self) -> None:
        """Let every output open its files anew."""
        self._each(self.outputs, lambda output: output.reopen())

    def close(self) -> None:
        """Let every output finish."""
        self._each(self.outputs, lambda output: output.close())

    def begin(self, incidents: Sequence[Incident]) -> None:
        """These incidents are open: after a restore or a reload."""
        self._each(self.messengers, lambda messenger: messenger.begin(incidents))

    def steps(self, second: int, silenced: Silenced) -> Iterator[None]:
        """A second was evaluated, and its events were told: decide who hears of them, in pieces."""
        for messenger in self.messengers:
            try:
                yield from messenger.steps(second, silenced)
            except Exception:  # nor must it keep them from deciding
                self._log.failure("output {name} failed", name=messenger.name)

    def restore(self, restored: Restored) -> None:
        """Go on from what the commits of an earlier run held."""
        outboxes: dict[str, dict[str, bytes]] = {}
        for (name, id_), body in restored.outbox.items():
            outboxes.setdefault(name, {})[id_] = body
        for messenger in self.messengers:
            messenger.restore(restored.values, outboxes.pop(messenger.name, {}))
        known = {VALUE + messenger.name for messenger in self.messengers}
        for value in restored.values:
            if value.startswith(VALUE) and value not in known:
                self._values[value] = None
        for name, messages in outboxes.items():
            self._forget(name, (), messages)

    def joining(self, changes: Changes) -> Changes:
        """The next commit, with what was told and what is still to be told."""
        values, self._values = self._values, {}
        outbox, self._outbox = self._outbox, {}
        for messenger in self.messengers:
            told, messages = messenger.changes()
            values |= told
            outbox |= {(messenger.name, id_): body for id_, body in messages.items()}
        return replace(changes, values={**changes.values, **values}, outbox=outbox)

    def committing(self) -> Callable[[object], None]:
        """What to call when the commit with what was just joined is written, or cannot be."""
        marks = [(messenger, messenger.mark()) for messenger in self.messengers]

        def committed(_: object) -> None:
            for messenger, mark in marks:
                messenger.committed(mark)

        return committed

    def stop(self) -> Deferred[None]:
        """Begin nothing more; fires when what is under way is done, or out of time."""
        ended = gatherResults([messenger.stop() for messenger in self.messengers])
        return ended.addCallback(lambda _: None)

    def test(self, name: str, said: str, node: str, now: float) -> Deferred[None]:
        """Let an output tell a marked test; fires when it was told, fails with NotDelivered.

        Raises:
            QueryError: there is no such output.
        """
        for output in self.outputs:
            if output.name == name:
                break
        else:
            known = ", ".join(output.name for output in self.outputs) or "none"
            raise QueryError("unknown_output", f"no output {name!r}; there are {known}")
        if isinstance(output, Messenger):
            return output.test(node, said)
        output.event(test_event(node, said, int(now)))
        if output.problem is not None:
            return fail(NotDelivered(output.problem))
        return succeed(None)

    def statuses(self) -> list[OutputStatus]:
        """How each is doing, in the order of the configuration."""
        return [output.status() for output in self.outputs]

    def _forget(self, name: str, values: Iterable[str], messages: Iterable[str]) -> None:
        self._values |= dict.fromkeys(values)
        left = [(name, id_) for id_ in messages]
        self._outbox |= dict.fromkeys(left)
        if left:
            count = len(left)
            those = "1 message for it is" if count == 1 else f"{count:,} messages for it are"
            self._log.warn("output {name} is gone, and {those} dropped", name=name, those=those)

    def _each(self, outputs: Iterable[_Some], call: Callable[[_Some], None]) -> None:
        for output in outputs:
            try:
                call(output)
            except Exception:  # a fault of one output must not keep the others from telling
                self._log.failure("output {name} failed", name=output.name)
