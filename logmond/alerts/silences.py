"""Silences: events of some rules that nobody needs to be told about for a while.

A silenced incident exists like any other and its events are written; they
carry the reason "silenced", and outputs that wake people skip them. A silence
may begin later. No clock: time is the evaluated second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b

from logmond.alerts.event import Event
from logmond.errors import QueryError
from logmond.frame.selector import match

SILENCED = "silenced"
"""The reason that events of silenced incidents carry."""

MAX_SILENCES = 1000
"""Silences in force or still to come."""

MAX_AHEAD_S = 366 * 86400
"""How far ahead one may begin, and how long it may last."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Events of rules from second `since` until second `until`, the latter not included.

    `rule` is a rule's name or a pattern with ``*`` and ``?``; of a rule with
    groups, `group` means those that match it in every dimension it names.
    """

    id: str
    rule: str
    group: dict[str, str]
    since: int
    until: int
    comment: str
    who: str
    created_at: int = 0

    @property
    def target(self) -> str:
        """What is silenced, as it is typed: ``errors{vhost=shop}``."""
        return target(self.rule, self.group)

    def concerns(self, rule: str, group: Mapping[str, str]) -> bool:
        """Whether it means this group of this rule, at whatever time."""
        return match("rule", self.rule, rule) and all(
            name in group and match(name, value, group[name]) for name, value in self.group.items()
        )

    def covers(self, event: Event) -> bool:
        """Whether it holds for an event."""
        return self.since <= event.at < self.until and self.concerns(event.rule, event.group)


def target(rule: str, group: Mapping[str, str]) -> str:
    """What a silence of `rule` and `group` is typed as."""
    values = ",".join(f"{name}={value}" for name, value in group.items())
    return f"{rule}{{{values}}}" if values else rule


class Silences:
    """Those in force, and those still to come."""

    def __init__(self, silences: Iterable[Silence] = ()) -> None:
        self._kept = {silence.id: silence for silence in silences}
        self._made = 0

    def __iter__(self) -> Iterator[Silence]:
        return iter(sorted(self._kept.values(), key=lambda silence: (silence.since, silence.id)))

    def add(
        self,
        rule: str,
        group: Mapping[str, str],
        since: int,
        seconds: int,
        *,
        comment: str,
        who: str,
        now: int | None = None,
    ) -> Silence:
        """Begin one at second `since`, for `seconds`; `now` is the evaluated second.

        Raises:
            QueryError: it would last no time or too long, or there are too many.
        """
        now = since if now is None else now
        if seconds <= 0:
            raise QueryError("bad_duration", "a silence lasts at least 1s, for example 2h")
        if seconds > MAX_AHEAD_S or since > now + MAX_AHEAD_S:
            raise QueryError(
                "bad_duration", "a silence lasts a year at most, and begins within one"
            )
        if since + seconds <= now:
            raise QueryError("bad_duration", "a silence that is over already changes nothing")
        if len(self._kept) >= MAX_SILENCES:
            raise QueryError("too_many", f"there are {MAX_SILENCES:,} silences; remove some first")
        self._made += 1
        named = f"{rule}\0{sorted(group.items())}\0{since}\0{seconds}\0{who}\0{now}\0{self._made}"
        digest = blake2b(named.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
        silence = Silence(digest, rule, dict(group), since, since + seconds, comment, who, now)
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

    def holds(self, rule: str, group: Mapping[str, str], second: int) -> bool:
        """Whether a group of a rule is silenced at a second."""
        return any(
            silence.since <= second < silence.until and silence.concerns(rule, group)
            for silence in self._kept.values()
        )

    def trim(self, second: int) -> None:
        """Forget those that are over."""
        if any(silence.until <= second for silence in self._kept.values()):
            self._kept = {key: s for key, s in self._kept.items() if s.until > second}
