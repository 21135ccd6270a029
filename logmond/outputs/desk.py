"""Who is told what: one desk a notifier turns what happens to incidents into messages.

Theory. A desk keeps, for each incident its audience should know of, what they
were told and what they are still to be told; both outlive a restart. So it is
the difference that is told, not the event: an incident that was silenced and
still fires when the silence ends is told then, one that ended before it could
be told is not told at all, and an end is told to those who heard the
beginning, silenced or not.

::

    alert ──► to be told ── not silenced, `wait` over ──► told ── graver ──► to be told again
                  │                                        │ ├── `repeat` over ──► reminded
                 end                                       │ └── blind, sees again ──► once each
                  ▼                                       end
              forgotten                                    ▼
                                                  told, then forgotten

What becomes due for several groups of one rule within `wait` is one message.
Everything is decided by the evaluated second, so that a daemon killed between
deciding and remembering decides the same messages again. No clock, no I/O.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import msgspec

from logmond.alerts.event import Event
from logmond.alerts.incident import Incident
from logmond.alerts.rule import SEVERITIES
from logmond.alerts.silences import SILENCED
from logmond.outputs.audience import Audience
from logmond.outputs.notifier import Message
from logmond.outputs.telling import REMINDER, message

ENDS = ("recovered", "expired", "removed")
NOTES = ("nodata", "databack")

PIECE = 100
"""Incidents looked at in a piece of work."""

Silenced = Callable[[Event, int], bool]


@dataclass(slots=True)
class Known:
    """What the audience knows of one incident.

    `told` is the severity they were told, "" while they know nothing, and `at`
    the second of that or of the last reminder; `blind` whether they were told
    that its value is unknown. `due` holds what they are still to be told, by
    the kind of message.
    """

    rule: str
    told: str = ""
    at: int = 0
    acknowledged: bool = False
    blind: bool = False
    due: dict[str, Event] = field(default_factory=dict)


@dataclass(slots=True)
class Memory:
    """What outlives a restart: incidents by id; since when each (rule, kind) is being gathered."""

    version: int = 1
    known: dict[str, Known] = field(default_factory=dict)
    since: dict[tuple[str, str], int] = field(default_factory=dict)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Memory)


class Desk:
    """Decides what one notifier is told.

    Args:
        name: of the output; part of the ids of its messages.
        audience: what they want to hear; may be replaced at any time.
    """

    def __init__(self, name: str, audience: Audience) -> None:
        self.name = name
        self.audience = audience
        self._memory = Memory()
        self._waiting: set[str] = set()  # incidents with something due
        self._changed = False

    def event(self, event: Event) -> None:
        """Something happened to an incident; what follows from it is decided by `step`."""
        if event.reason == SILENCED:  # it may be told when the silence is over
            event = replace(event, reason=None)
        known = self._memory.known.get(event.id)
        if event.kind == "alert":
            self._fired(known, event)
        elif known is None:
            return
        elif event.kind in ENDS:
            self._ended(known, event)
        elif event.kind in NOTES:
            self._noted(known, event)
        elif event.kind == "update":
            self._went_on(known, event)
        elif event.kind == "acknowledged":
            known.acknowledged = True
            known.due.pop(REMINDER, None)
            self._changed = True
        elif event.kind == "released":
            known.acknowledged = False
            self._changed = True

    def begin(self, incidents: Iterable[Incident]) -> None:
        """Compare with the open incidents: after a restore, and when rules or audience changed."""
        opened = {incident.id: incident for incident in incidents}
        memory = self._memory
        for id_, before in list(memory.known.items()):
            if id_ not in opened and not any(kind in before.due for kind in ENDS):
                self._forget(id_)
        for incident in opened.values():
            known = memory.known.get(incident.id)
            if known is not None and incident.severity in (known.told, _due_severity(known)):
                continue
            self._fired(known, incident.as_event("alert"))
            if incident.id in memory.known:
                memory.known[incident.id].acknowledged = incident.acknowledged is not None

    def step(self, second: int, silenced: Silenced) -> list[Message]:
        """The messages of one evaluated second, the gravest first; see `steps`."""
        messages: list[Message] = []
        for _ in self.steps(second, silenced, messages.append):
            pass
        return messages

    def steps(
        self, second: int, silenced: Silenced, tell: Callable[[Message], None]
    ) -> Iterator[None]:
        """Decide about one evaluated second, in pieces of about a millisecond.

        Args:
            second: events up to here have been given.
            silenced: whether nobody needs to be told of an event at a second.
            tell: is called with each message at the end, the gravest first.
        """
        due: dict[tuple[str, str], dict[str, Event]] = {}
        for number, id_ in enumerate(sorted(self._waiting), 1):
            known = self._memory.known[id_]
            for kind, event in list(known.due.items()):
                if self._can_be_told(known, kind, event, second, silenced):
                    due.setdefault((known.rule, kind), {})[id_] = event
            if number % PIECE == 0:
                yield
        since = self._memory.since
        for key in since.keys() - due.keys():
            del since[key]
            self._changed = True
        messages = []
        for key, events in due.items():
            if key not in since:
                since[key] = second
                self._changed = True
            # A second before that: the clock was set back, and nobody waits that long.
            waits = since[key] <= second < since[key] + self.audience.wait_s
            if waits and all(event.group for event in events.values()):
                continue
            messages.append(message(self.name, key[1], list(events.values()), second))
            del since[key]
            for id_, event in events.items():
                self._told(id_, key[1], event, second)
            yield
        for one in sorted(messages, key=_urgency):
            tell(one)
            yield

    def changed(self) -> bytes | None:
        """What must outlive a restart, or None when it is as at the last call."""
        if not self._changed:
            return None
        self._changed = False
        return _encoder.encode(self._memory)

    def restore(self, packed: bytes) -> None:
        """Go on from what `changed` gave.

        Raises:
            ValueError: these are not such bytes, or of a newer logmond.
        """
        try:
            memory = _decoder.decode(packed)
        except msgspec.MsgspecError as error:
            raise ValueError(f"cannot be read: {error}") from error
        if memory.version > 1:
            raise ValueError(f"is of a newer logmond ({memory.version})")
        self._memory = memory
        self._waiting = {id_ for id_, known in memory.known.items() if known.due}

    def _fired(self, known: Known | None, event: Event) -> None:
        if not self.audience.hears(event.rule, event.severity):
            return
        if known is None:
            known = self._memory.known[event.id] = Known(event.rule)
        if known.told and _rank(event.severity) <= _rank(known.told):
            return
        known.due.pop(REMINDER, None)
        self._owe(event.id, known, "alert", event)

    def _ended(self, known: Known, event: Event) -> None:
        if not known.told or not self.audience.recovered:
            self._forget(event.id)
            return
        known.due.clear()
        self._owe(event.id, known, event.kind, event)

    def _noted(self, known: Known, event: Event) -> None:
        """Both are told once; one that was not told yet is undone by the other."""
        for kind in NOTES:
            known.due.pop(kind, None)
        if (event.kind == "nodata") != known.blind:
            self._owe(event.id, known, event.kind, event)
        self._changed = True

    def _went_on(self, known: Known, event: Event) -> None:
        audience = self.audience
        known.at = min(known.at, event.at)  # the clock may be set back
        if not known.told or "alert" in known.due or audience.repeat_s is None:
            return
        if known.acknowledged and not audience.remind_acknowledged:
            return
        if event.at - known.at >= audience.repeat_s:
            self._owe(event.id, known, REMINDER, event)

    def _owe(self, id_: str, known: Known, kind: str, event: Event) -> None:
        known.due[kind] = event
        self._waiting.add(id_)
        self._changed = True

    def _can_be_told(
        self,
        known: Known,
        kind: str,
        event: Event,
        second: int,
        silenced: Silenced,
    ) -> bool:
        if kind in ENDS:
            return True
        if kind in NOTES and not known.told:
            return False
        if not silenced(event, second):
            return True
        if kind == REMINDER:  # the next one will say more
            del known.due[kind]
            self._changed = True
        return False

    def _told(self, id_: str, kind: str, event: Event, second: int) -> None:
        known = self._memory.known[id_]
        known.due.pop(kind, None)  # somebody may have acknowledged since
        if not known.due:
            self._waiting.discard(id_)
        self._changed = True
        if kind in ENDS:
            self._forget(id_)
        elif kind in NOTES:
            known.blind = kind == "nodata"
        else:
            known.at = second
            if kind == "alert":
                known.told = event.severity

    def _forget(self, id_: str) -> None:
        del self._memory.known[id_]
        self._waiting.discard(id_)
        self._changed = True


def _rank(severity: str) -> int:
    return SEVERITIES.index(severity)


def _due_severity(known: Known) -> str:
    event = known.due.get("alert")
    return event.severity if event is not None else ""


def _urgency(one: Message) -> tuple[bool, int, str]:
    """Alerts before all else, the gravest first."""
    return (one.kind != "alert", -_rank(one.severity), one.events[0].rule)
