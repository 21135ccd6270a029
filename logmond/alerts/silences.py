"""Silences: events of a rule that nobody needs to be told about for a while.

A silenced incident exists like any other and its events are written; they
carry the reason "silenced", and outputs that wake people skip them. No clock:
time is the evaluated second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from logmond.alerts.event import Event
from logmond.errors import QueryError

SILENCED = "silenced"
"""The reason that events of silenced incidents carry."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Events of `rule`, of every group that agrees with `group`, until second `until`."""

    id: str
    rule: str
    group: dict[str, str]
    since: int
    until: int
    comment: str
    who: str

    def covers(self, event: Event) -> bool:
        """Whether it holds for an event."""
        return (
            event.rule == self.rule
            and self.since <= event.at < self.until
            and all(event.group.get(name) == value for name, value in self.group.items())
        )


class Silences:
    """Those in force."""

    def __init__(self, silences: Iterable[Silence] = ()) -> None:
        self._kept = {silence.id: silence for silence in silences}

    def __iter__(self) -> Iterator[Silence]:
        return iter(self._kept.values())

    def add(
        self,
        rule: str,
        group: Mapping[str, str],
        since: int,
        seconds: int,
        *,
        comment: str,
        who: str,
    ) -> Silence:
        """Begin one at second `since`, for `seconds`."""
        if seconds <= 0:
            raise QueryError("bad_duration", "a silence lasts at least 1s, for example 2h")
        named = f"{rule}\0{sorted(group.items())}\0{since}\0{seconds}\0{who}\0{len(self._kept)}"
        digest = blake2b(named.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
        silence = Silence(digest, rule, dict(group), since, since + seconds, comment, who)
        self._kept[silence.id] = silence
        return silence

    def remove(self, text: str) -> Silence:
        """End the one whose id is, or uniquely ends in, `text`.

        Raises:
            QueryError: none is meant, or several.
        """
        meant = [silence for silence in self._kept.values() if silence.id.endswith(text)]
        if not text or not meant:
            raise QueryError("unknown_silence", f"no silence {text!r}; see: silence list")
        if len(meant) > 1:
            raise QueryError("ambiguous", f"{text!r} means {len(meant)} silences; type more of it")
        return self._kept.pop(meant[0].id)

    def covers(self, event: Event) -> bool:
        """Whether an event is silenced."""
        return any(silence.covers(event) for silence in self._kept.values())

    def trim(self, second: int) -> None:
        """Forget those that are over."""
        if any(silence.until <= second for silence in self._kept.values()):
            self._kept = {key: s for key, s in self._kept.items() if s.until > second}
