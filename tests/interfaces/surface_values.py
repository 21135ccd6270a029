"""Values of a daemon at work: its status, its traffic, a source, outputs, and incidents."""

from __future__ import annotations

from logmond.alerts import wording
from logmond.alerts.event import Evidence, Peak
from logmond.alerts.incident import Incident, incident_id
from logmond.alerts.lifecycle import State
from logmond.alerts.rule import Rule
from logmond.interfaces.surface import DaemonStatus, SourceStatus
from logmond.outputs.status import OutputStatus
from logmond.stats.results import Group, Share, Summary, TopTable
from logmond.stores.rows import Kept

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
