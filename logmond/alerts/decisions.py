"""What people decide about incidents: who is on it, and what nobody needs to be told.

The part of the alerts service that the admin port commands. No rule at work
and no clock: a decision holds from the next evaluated second on.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence

from logmond import suggest
from logmond.alerts import wording
from logmond.alerts.event import Acknowledgement, Event
from logmond.alerts.incident import Incident
from logmond.alerts.rule import Rule
from logmond.alerts.silences import Silence, Silences
from logmond.errors import QueryError
from logmond.frame.selector import match

MAX_COMMENT = 500
"""Characters of a comment or a name that are kept."""


class Decisions:
    """Acknowledgements and silences."""

    def __init__(self) -> None:
        self.evaluated: int | None = None
        self._silences = Silences()

    @property
    @abstractmethod
    def rules(self) -> Sequence[Rule]:
        """The rules, in the order of the configuration."""

    @abstractmethod
    def find(self, text: str) -> Incident:
        """The incident that `text` means."""

    @abstractmethod
    def _touched(self, incident: Incident) -> None:
        """Note that an open incident was changed between two seconds."""

    @abstractmethod
    def _tell(self, events: list[Event]) -> list[Event]:
        """Tell the subscribers; return the events as they were told."""

    def acknowledge(self, text: str, who: str, comment: str = "") -> Event:
        """Note that `who` has seen an open incident, and tell the subscribers.

        Whoever is named later takes the place of who was before.

        Raises:
            QueryError: no open incident is meant.
        """
        incident, at = self._opened(text)
        incident.acknowledged = Acknowledgement(who[:MAX_COMMENT], comment[:MAX_COMMENT], at)
        self._touched(incident)
        event = incident.as_event("acknowledged", at, wording.acknowledged(incident))
        return self._tell([event])[0]

    def release(self, text: str, who: str = "") -> Event:
        """Note that nobody is on an open incident any more, and tell the subscribers.

        Raises:
            QueryError: no open incident is meant, or nobody had acknowledged it.
        """
        incident, at = self._opened(text)
        before = incident.acknowledged
        if before is None:
            raise QueryError("not_acknowledged", f"nobody acknowledged {incident.short_id}")
        incident.acknowledged = None
        self._touched(incident)
        return self._tell([incident.as_event("released", at, wording.released(before.who, who))])[0]

    def _opened(self, text: str) -> tuple[Incident, int]:
        incident = self.find(text)
        if not incident.open:
            raise QueryError("ended", f"incident {incident.short_id} has ended")
        return incident, incident.updated_at if self.evaluated is None else self.evaluated

    def silences(self) -> list[Silence]:
        """The silences in force and still to come, by their beginning."""
        return list(self._silences)

    def silence(
        self,
        rule: str,
        seconds: int,
        comment: str = "",
        who: str = "",
        *,
        group: Mapping[str, str] | None = None,
        since: int | None = None,
    ) -> Silence:
        """Silence rules, or some of their groups, for `seconds`.

        Args:
            rule: a name, or a pattern with ``*`` and ``?``.
            seconds: how long.
            comment: why.
            who: by whom.
            group: values, or patterns, of its groups; others are told as ever.
            since: the second it begins at; by default the next evaluated one.

        Raises:
            QueryError: it would silence nothing, or nothing was evaluated yet.
        """
        group = group or {}
        meant = [one for one in self.rules if match("rule", rule, one.name)]
        if not meant:
            names = [one.name for one in self.rules]
            likely = suggest.meant(rule, names) or "; see: rules"
            raise QueryError("unknown_rule", f"no rule {rule!r}{likely}")
        if not any(set(group) <= set(one.group_by) for one in meant):
            strange = sorted(set(group).difference(*(one.group_by for one in meant)))
            by = ", ".join(meant[0].group_by)
            what = strange[0] if strange else " and ".join(sorted(group))
            told = f"by {what}, but by {by}" if by else "at all; silence the whole rule"
            raise QueryError("unknown_dimension", f"{rule} is not grouped {told}")
        if self.evaluated is None:
            raise QueryError("not_ready", "nothing was evaluated yet; try again in a second")
        return self._silences.add(
            rule,
            group,
            self.evaluated + 1 if since is None else since,
            seconds,
            comment=comment[:MAX_COMMENT],
            who=who[:MAX_COMMENT],
            now=self.evaluated,
        )

    def unsilence(self, text: str) -> Silence:
        """End the silence whose id is, or uniquely ends in, `text`."""
        return self._silences.remove(text)

    def silenced(self, event: Event) -> bool:
        """Whether nobody needs to be told about an event."""
        return self._silences.covers(event)

    def is_silenced(self, incident: Incident | Event, second: int) -> bool:
        """Whether nobody needs to be told about an incident (or an event of one) at a second."""
        return self._silences.holds(incident.rule, incident.group, second)


def meant(text: str, opened: Iterable[Incident], ended: Iterable[Incident]) -> Incident:
    """The incident that `text` means: an id, any unique suffix of one, or a rule's name.

    Open incidents are meant before ended ones.

    Raises:
        QueryError: none is meant, or several.
    """
    wanted = text.strip()
    for pool, over in ((list(opened), False), (list(ended), True)):
        found = [i for i in pool if wanted and i.id.endswith(wanted.lower())]
        found = found or [incident for incident in pool if incident.rule == wanted]
        if over and found and found[-1].rule == wanted:
            found = found[-1:]  # of ended ones by the rule's name, the newest
        if len(found) > 1:
            ids = ", ".join(incident.short_id for incident in found[:5])
            raise QueryError("ambiguous", f"{wanted} means {len(found)} incidents: {ids}")
        if found:
            return found[0]
    raise QueryError("unknown_incident", f"no incident {wanted!r}; see: incidents all")
