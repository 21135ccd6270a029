"""A daemon that is not there: a surface with plain values; incidents and silences are real."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from twisted.internet.defer import Deferred, fail, succeed

from logmond.alerts import wording
from logmond.alerts.event import Event, Evidence, Peak
from logmond.alerts.incident import Acknowledgement, Incident, incident_id
from logmond.alerts.lifecycle import State
from logmond.alerts.rule import Rule
from logmond.alerts.silences import Silence, Silences
from logmond.alerts.status import GroupStatus, RuleStatus
from logmond.errors import QueryError
from logmond.frame.selector import Selector
from logmond.interfaces.surface import DaemonStatus, History, Sample, SourceStatus, Surface
from logmond.outputs.notifier import NotDelivered
from logmond.outputs.status import OutputStatus
from logmond.stats.results import Group, Share, Summary, TopTable
from logmond.stores.rows import Kept
from logmond.stores.seam import NoPast

NOW = 1795453330
"""2026-11-23T17:02:10Z."""

STATUS = DaemonStatus(
    version="0.1.0",
    node="web1",
    uptime_s=7500.0,
    state="ok",
    reasons=(),
    kernel="python",
    memory_bytes=43_200_000,
    memory_limit_bytes=100 * 1024 * 1024,
    lines_per_second=14.2,
    incidents_open=1,
    evaluated_at=NOW,
    history=Kept(since=NOW - 86_410, used_bytes=43_200_000, max_bytes=512 * 1024 * 1024),
)

SUMMARY = Summary(
    window_s=120,
    from_second=NOW - 119,
    to_second=NOW,
    coverage="whole",
    hits=1704,
    hits_per_second=14.2,
    bytes=19_188_941,
    status={"1xx": 0, "2xx": 1600, "3xx": 57, "4xx": 40, "5xx": 7},
    ratio_4xx=40 / 1704,
    ratio_5xx=7 / 1704,
    duration={"p50": 0.031, "p95": 0.21, "p99": 0.9},
    distinct_clients=211,
    sections=(Share("/api", 1412, 1412 / 1704), Share("/", 292, 292 / 1704)),
)

GROUPS = (
    Group("shop.example", 1600, 13.33, 1600 / 1704, 18_000_000, 0.02, 7 / 1600),
    Group("-", 104, 0.87, 104 / 1704, 1_188_941, 0.08, 0.0),
)

TOP = TopTable(
    "client",
    120,
    1704,
    (Share("203.0.113.7", 1200, 1200 / 1704, 3), Share("2001:db8:1:2::/64", 17, 17 / 1704, 3)),
)

NGINX = SourceStatus(
    name="nginx",
    address="udp://localhost:5514",
    state="ok",
    received=1710,
    counted=1704,
    filtered=4,
    unparsed=2,
    late=3,
    lag_s=0.2,
    lines_per_second=14.2,
    last_line_at=NOW + 2,
    samples={"unparsed": ["junk \x1b[31mred"]},
    filtered_by={"notice": 4},
    notes=("loss at the sender cannot be seen",),
)

RULE = Rule("high-traffic", "hits_per_second", above=(("warning", 10.0),))

ERRORS = Rule(
    "errors",
    "ratio_5xx",
    group_by=("vhost",),
    window_s=60,
    above=(("warning", 0.05),),
    runbook="https://wiki.example/errors",
)


def incident(rule: Rule = RULE, key: tuple[str, ...] = (), at: int = NOW) -> Incident:
    """An incident that began at `at` and has stood for a minute."""
    share = rule.kind.unit == "share"
    value, highest = (0.071, 0.12) if share else (12.1, 31.0)
    made = Incident(
        id=incident_id("web1", rule.name, key, at),
        node="web1",
        definition=rule,
        key=key,
        severity="warning",
        limit=rule.limits[0][1],
        triggered_at=at,
        updated_at=at + 60,
        value=value,
        peak_value=Peak(highest, at - 6),
        peak_requests=Peak(31.0, at - 6),
        evidence=(Evidence("section", "/api", 0.83), Evidence("client", "203.0.113.7", 0.71, 0.02)),
        samples=("GET /api/items 200",),
        trend_values=(2 * value, value),
    )
    made.opening = wording.alert(made)
    return made


def ended(made: Incident) -> Incident:
    """The same incident, recovered."""
    made.state, made.ended_at = State.RECOVERED, made.updated_at
    made.closing = wording.recovered(made)
    return made


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


OUTPUTS = (
    OutputStatus("console", "console", "ok", sent=12),
    OutputStatus(
        "ops-hook",
        "webhook",
        "retrying",
        "connection refused",
        since=NOW - 60,
        queued=2,
        sent=7,
        failed=3,
        dropped=1,
        last_sent_at=NOW - 3600,
    ),
)


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
