"""A daemon that is not there: a surface with plain values; incidents and silences are real."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from surface_values import GROUPS, NGINX, NOW, OUTPUTS, STATUS, SUMMARY, TOP
from twisted.internet.defer import Deferred, fail, succeed

from logmond.alerts import wording
from logmond.alerts.event import Event
from logmond.alerts.incident import Acknowledgement, Incident
from logmond.alerts.silences import Silence, Silences
from logmond.alerts.status import GroupStatus, RuleStatus
from logmond.errors import QueryError
from logmond.frame.selector import Selector
from logmond.interfaces.surface import DaemonStatus, History, Sample, SourceStatus, Surface
from logmond.outputs.notifier import NotDelivered
from logmond.stats.results import Summary, TopTable
from logmond.stores.seam import NoPast


class FakeStatistics:
    """Answers what it was given, and remembers what it was asked."""

    def __init__(self, summary: Summary = SUMMARY, top: TopTable = TOP) -> None:
        self.answer = summary
        self.table = top
        self.asked: list[object] = []
        self.evaluated: int | None = NOW
        self.labels = ("bot",)

    def summary(
        self, window_s: int, where: Selector | None = None, by: str | None = None
    ) -> Summary:
        """The answer, with groups if they are asked for."""
        self.asked.append((window_s, where, by))
        return replace(self.answer, window_s=window_s, groups=GROUPS if by else ())

    def top(self, dimension: str, window_s: int, n: int = 10, *, errors: bool = False) -> TopTable:
        """The table."""
        self.asked.append((dimension, window_s, n, errors))
        return replace(self.table, dimension=dimension, window_s=window_s)


class FakeAlerts:
    """Incidents of a list; subscribers are told by `tell`."""

    def __init__(self, opened: Sequence[Incident] = (), over: Sequence[Incident] = ()) -> None:
        self.opened, self.over = list(opened), list(over)
        self.rules: list[RuleStatus] = []
        self.grouped: list[GroupStatus] = []
        self.subscribers: list[Callable[[Event], None]] = []
        self._silences = Silences()

    def incidents(self, all: bool = False) -> list[Incident]:
        """The open ones, or all."""
        return [*self.opened, *self.over] if all else list(self.opened)

    def find(self, text: str) -> Incident:
        """By the end of the id, or the rule."""
        for found in self.incidents(all=True):
            if found.id.endswith(text) or found.rule == text:
                return found
        raise QueryError("unknown_incident", f"no incident {text!r}; see: incidents all")

    def statuses(self) -> list[RuleStatus]:
        """As the test says."""
        return self.rules

    def acknowledge(self, text: str, who: str, comment: str = "") -> Event:
        """Note who."""
        found = self.find(text)
        found.acknowledged = Acknowledgement(who, comment, NOW)
        return found.as_event("acknowledged", NOW, wording.acknowledged(found))

    def release(self, text: str, who: str = "") -> Event:
        """Nobody is on it."""
        found = self.find(text)
        if found.acknowledged is None:
            raise QueryError("not_acknowledged", f"nobody acknowledged {found.short_id}")
        found.acknowledged = None
        return found.as_event("released", NOW, "released")

    def groups(self, name: str) -> list[GroupStatus]:
        """As the test says."""
        return self.grouped

    def silences(self) -> list[Silence]:
        """Those in force."""
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
        """A real one."""
        return self._silences.add(
            rule, group or {}, since or NOW, seconds, comment=comment, who=who, now=NOW
        )

    def unsilence(self, text: str) -> Silence:
        """End one."""
        return self._silences.remove(text)

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Remember whom to tell."""
        self.subscribers.append(callback)

        return lambda: callback in self.subscribers and self.subscribers.remove(callback)

    def tell(self, event: Event) -> None:
        """Tell the subscribers."""
        for subscriber in self.subscribers:
            subscriber(event)


@dataclass(frozen=True)
class ConfigLine:
    """A line of `config`."""

    key: str
    value: object
    origin: str


def parse(line: bytes) -> tuple[str, Mapping[str, object]]:
    """Reads lines that begin with a digit."""
    if not line[:1].isdigit():
        raise QueryError("unparsed", "no format takes it; combined: client at 0")
    return "format combined\nclient 192.0.2.1", {"client": "192.0.2.1"}


def samples(name: str) -> list[Sample]:
    """One line counted, one not."""
    return [Sample("counted", f"{name} GET /"), Sample("unparsed", "junk")]


def test_output(name: str, said: str) -> Deferred[None]:
    """Only the console works."""
    if name not in [output.name for output in OUTPUTS]:
        raise QueryError("unknown_output", f"no output {name!r}; there are console, ops-hook")
    return succeed(None) if name == "console" else fail(NotDelivered("connection refused"))


def surface(
    *,
    stats: FakeStatistics | None = None,
    alerts: FakeAlerts | None = None,
    status: DaemonStatus = STATUS,
    sources: Sequence[SourceStatus] = (NGINX,),
    reload: Callable[[], Deferred[Sequence[str]]] = lambda: succeed(()),
    history: History | None = None,
) -> Surface:
    """A surface of a healthy daemon, but for what a test replaces."""
    return Surface(
        stats=stats or FakeStatistics(),
        alerts=alerts or FakeAlerts(),
        history=history or NoPast(),
        now=lambda: NOW + 3.0,
        status=lambda: status,
        sources=lambda: sources,
        config=lambda: [
            ConfigLine("stats.delay", "3s", "default"),
            ConfigLine("admin.token", "***", "environment LOGMOND_ADMIN__TOKEN"),
        ],
        reload=reload,
        parse=parse,
        samples=samples,
        outputs=lambda: OUTPUTS,
        test_output=test_output,
    )
