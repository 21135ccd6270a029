"""Seeded scenarios: who visits when, the rules to watch them with, and what those must find.

A scenario repeats in cycles; its events lie near the beginning of each, and
before the first cycle (offsets below 0) it is calm. Every second is drawn by
itself from (scenario, seed, offset), so any part of the stream can be made
again without the rest. No sockets, no clock.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from logmond.ingest.traffic import (
    CROWD,
    GPTBOT,
    IMPORTER,
    TEMPLATES,
    VISITORS,
    Actor,
    Hit,
    Outage,
)

CYCLE_S = 900
"""Seconds until a scenario's events come again."""

BACKFILL_S = 240
"""Seconds before offset 0 that a demonstration begins with, all calm.

Two of the two-minute windows its rules watch: the one an alert is about and the
one before, which its evidence is measured against.
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """An actor who comes in the seconds `first` to `last` of a cycle, both included."""

    actor: Actor
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Failure:
    """An outage that lasts from second `first` to `last` of a cycle, both included."""

    outage: Outage
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Expected:
    """An incident that a cycle must raise, for any seed.

    `triggered` and `recovered` are the first and last offset at which that can
    be; `severity` is the gravest it reaches; `evidence` names keys that stand
    out, by dimension.
    """

    rule: str
    severity: str
    triggered: tuple[int, int]
    recovered: tuple[int, int]
    evidence: dict[str, str]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens, as a table.

    `rules` and `labels` are written as in the configuration file; `incidents`
    are all that they raise in a cycle, in the order of their triggers.
    """

    name: str
    summary: str
    visits: tuple[Visit, ...] = ()
    failures: tuple[Failure, ...] = ()
    rules: tuple[dict[str, Any], ...] = ()
    labels: dict[str, Any] | None = None
    incidents: tuple[Expected, ...] = ()

    def actors(self, offset: int) -> list[Actor]:
        """Who visits at an offset."""
        at = offset % CYCLE_S
        return [VISITORS, *(v.actor for v in self.visits if v.first <= at <= v.last)]

    def intensity(self, offset: int) -> float:
        """How many requests there are on average, a calm second being 1."""
        return sum(actor.mean_rate for actor in self.actors(offset)) / VISITORS.mean_rate

    def outage(self, offset: int) -> Outage | None:
        """What is broken at an offset."""
        at = offset % CYCLE_S
        return next((f.outage for f in self.failures if f.first <= at <= f.last), None)


HIGH_TRAFFIC: dict[str, Any] = {
    "name": "high-traffic",
    "metric": "hits_per_second",
    "window": "2m",
    "above": 10,
}
ERRORS: dict[str, Any] = {
    "name": "errors",
    "metric": "ratio_5xx",
    "window": "1m",
    "above": {"warning": "5%", "critical": "15%"},
    "recover": "2%",
    "for": "10s",
    "min_hits": 120,
}
AI_BOTS: dict[str, Any] = {
    "name": "ai-bots",
    "metric": "hits_per_second",
    "where": {"bot": "ai"},
    "window": "1m",
    "above": 5,
}
BOT_LABELS: dict[str, Any] = {
    "bot": {"field": "user_agent", "contains": {"ai": ["GPTBot", "ClaudeBot"]}}
}

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "calm",
            "an ordinary day, about 6 requests a second: nothing to tell",
            rules=(HIGH_TRAFFIC, ERRORS),
        ),
        Scenario(
            "spike",
            "a script reads the catalogue while a news page links to the shop: 31 a second",
            visits=(Visit(IMPORTER, 1, 22), Visit(CROWD, 1, 22)),
            rules=(HIGH_TRAFFIC, ERRORS),
            incidents=(
                Expected(
                    "high-traffic",
                    "warning",
                    triggered=(15, 21),
                    recovered=(152, 160),
                    evidence={"section": "/api", "client": "203.0.113.7"},
                ),
            ),
        ),
        Scenario(
            "errors",
            "the API behind the shop fails for 40 seconds: 504 for most of /api",
            failures=(Failure(Outage(b"/api", 0.8, b"504", 2.0), 2, 41),),
            rules=(HIGH_TRAFFIC, ERRORS),
            incidents=(
                Expected(
                    "errors",
                    "critical",
                    triggered=(16, 28),
                    recovered=(122, 133),
                    evidence={"section": "/api"},
                ),
            ),
        ),
        Scenario(
            "bot",
            "a crawler for language models follows every link, 16 requests a second",
            visits=(Visit(GPTBOT, 3, 42),),
            rules=(HIGH_TRAFFIC, ERRORS, AI_BOTS),
            labels=BOT_LABELS,
            incidents=(
                Expected(
                    "ai-bots",
                    "warning",
                    triggered=(19, 24),
                    recovered=(111, 117),
                    # Clients are known for all lines only, and these are less than half of them.
                    evidence={"section": "/products"},
                ),
                Expected(
                    "high-traffic",
                    "warning",
                    triggered=(26, 33),
                    recovered=(160, 172),
                    evidence={"client": "203.0.113.66"},
                ),
            ),
        ),
    )
}

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@lru_cache(maxsize=16)
def time_local(second: int) -> bytes:
    """An epoch second as nginx and Apache write it, in UTC: ``23/Nov/2026:17:00:00 +0000``."""
    # strftime's %b depends on the locale.
    at = datetime.fromtimestamp(second, UTC)
    return f"{at:%d}/{_MONTHS[at.month - 1]}/{at:%Y:%H:%M:%S} +0000".encode()


@lru_cache(maxsize=16)
def syslog_stamp(second: int) -> bytes:
    """An epoch second as RFC 3164 has it, in UTC: ``Nov 23 17:00:00``."""
    at = datetime.fromtimestamp(second, UTC)
    return f"{_MONTHS[at.month - 1]} {at.day:2d} {at:%H:%M:%S}".encode()


def syslog_message(
    second: int, line: bytes, *, host: bytes = b"demo", tag: bytes = b"nginx"
) -> bytes:
    """A line as nginx puts it into a datagram: facility local7, severity info, RFC 3164."""
    return b"<190>%b %b %b: %b" % (syslog_stamp(second), host, tag, line)


def rendered(hits: list[Hit], form: str = "nginx-timed") -> list[bytes]:
    """The hits as lines of a format of `TEMPLATES`, without LF."""
    template, taken = TEMPLATES[form]
    return [template % hit[:taken] for hit in hits]


def mixed_hits(
    scenario: Scenario, rng: random.Random, offset: int, count: int, stamp: bytes = b""
) -> list[Hit]:
    """So many requests in the mix of an offset, whatever its own rate is."""
    actors = scenario.actors(offset)
    outage = scenario.outage(offset)
    chosen = Counter(rng.choices(range(len(actors)), [a.mean_rate for a in actors], k=count))
    made: list[Hit] = []
    for index in sorted(chosen):
        made += actors[index].draw(rng, chosen[index], stamp, outage)
    rng.shuffle(made)
    return made


def hits(scenario: Scenario, seed: int, offset: int, second: int) -> list[Hit]:
    """The requests at an offset of a scenario, stamped as of epoch second `second`."""
    rng = random.Random(f"{scenario.name}/{seed}/{offset}")
    stamp = time_local(second)
    outage = scenario.outage(offset)
    made: list[Hit] = []
    for actor in scenario.actors(offset):
        made += actor.draw(rng, rng.randint(*actor.rate), stamp, outage)
    rng.shuffle(made)
    return made


def lines(
    scenario: Scenario, seed: int, start: int, offsets: range, *, form: str = "nginx-timed"
) -> Iterator[tuple[int, bytes]]:
    """Every line at the given offsets with its epoch second; offset 0 is second `start`."""
    for offset in offsets:
        second = start + offset
        for line in rendered(hits(scenario, seed, offset, second), form):
            yield second, line
