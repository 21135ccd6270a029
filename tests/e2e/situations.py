"""Situations that a seed makes up: rules of all kinds, and traffic that meets their limits.

They are stories, so whoever lives through a story lives through these.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from oracle import Found, incidents
from stories import Story

from logmond.ingest.scenarios import BOT_LABELS, Scenario, time_local

FORMAT = (
    '$remote_addr - - [$time_local] "$request" $status $body_bytes_sent "-" "$http_user_agent"'
    " $request_time $host"
)
LENGTH_S = 600
BEGIN_S = 2
"""Seconds until the first line: a daemon that starts with the story observes them from there."""

LIMITS: dict[str, tuple[float, ...]] = {
    "hits": (2, 20, 90),
    "hits_per_second": (0.2, 1, 4),
    "bytes_per_second": (300, 5000, 30_000),
    "ratio_4xx": (0.05, 0.3),
    "ratio_5xx": (0.05, 0.3),
    "duration_p50": (0.05, 0.3),
    "duration_p95": (0.2, 1),
    "duration_p999": (0.3, 2),
    "distinct_clients": (3, 12, 20),
}
WHERE = {
    "section": ("/api", "/api /shop", "/s*"),
    "vhost": ("a.test", "*.test", "none.test"),
    "status": ("2xx", "4xx 5xx", "503"),
    "bot": ("ai", "-"),
}
TIMED = ("section", "vhost")
"""What durations are counted under."""


class Situation(Story):
    """The situation of a seed, from second `zero` on."""

    @classmethod
    def of(cls, seed: int, zero: int) -> Situation:
        """Two to eight rules, and ten minutes of traffic."""
        rng = random.Random(seed)
        rules = tuple(_rule(rng, f"r{number}") for number in range(rng.randint(2, 8)))
        return cls(Scenario(f"situation {seed}", "", rules=rules, labels=BOT_LABELS), zero, seed)

    @property
    def first(self) -> int:
        """The second it begins with."""
        return self.zero

    @property
    def last(self) -> int:
        """The second of its last line."""
        return self.zero + LENGTH_S

    def lines(self) -> list[tuple[int, bytes]]:
        """Every line with its second."""
        return list(_lines(self.seed, self.zero))

    def settings(self, source: Mapping[str, Any], alerts: Path) -> dict[str, Any]:
        """As of any story, with a format that carries hosts and durations."""
        return super().settings({**source, "format": FORMAT}, alerts)

    def naive(self) -> dict[str, list[Found]]:
        """What brute force finds, by rule, for those it can read."""
        first = self.first + BEGIN_S
        return {
            rule["name"]: incidents(
                self.lines(), rule, first=first, last=self.last, labels=BOT_LABELS,
                unobserved=[(first - 3600, first - 1)],
            )
            for rule in self.scenario.rules
            if _is_plain(rule)
        }  # fmt: skip


def _is_plain(rule: Mapping[str, Any]) -> bool:
    """Whether brute force can read a rule."""
    read = rule["metric"].startswith(("hits", "bytes", "ratio"))
    groups = rule.get("group_by", ())
    known = "vhost" not in {*rule["where"], *groups} and "no_data" not in rule
    fine = int(rule["window"][:-1]) <= 300
    return read and known and fine and not ("below" in rule and groups)


def _rule(rng: random.Random, name: str) -> dict[str, Any]:
    """A rule as in the configuration file."""
    metric = rng.choice(list(LIMITS))
    names = TIMED if metric.startswith("duration") else tuple(WHERE)
    names = () if metric == "distinct_clients" else names
    limit = rng.choice(LIMITS[metric])
    above = rng.random() < 0.7
    rule: dict[str, Any] = {
        "name": name,
        "metric": metric,
        "where": {k: rng.choice(WHERE[k]).split() for k in names if rng.random() < 0.2},
        "window": f"{rng.choice([1, rng.randint(2, 20), rng.randint(20, 300), 310, 600, 3600])}s",
        "for": rng.choice(["0s", "0s", "1s", "12s"]),
        "hold": rng.choice(["0s", "3s", "30s"]),
    }
    if groups := [k for k in names if rng.random() < 0.3]:
        rule["group_by"] = groups
    unit = "s" if metric.startswith("duration") else ""
    worse = limit * (1.5 if above else 0.5)
    limits = {"warning": f"{limit}{unit}", "critical": f"{worse:.6g}{unit}"}
    rule["above" if above else "below"] = rng.choice([limits, limits["warning"]])
    if rng.random() < 0.4:
        rule["recover"] = f"{limit * (0.6 if above else 1.4):.6g}{unit}"
    if metric.startswith(("ratio", "duration")):
        rule["min_hits"] = rng.choice([1, 5])
    if rng.random() < 0.2:
        rule["no_data"] = "alert"
    return rule


@lru_cache(2)
def _lines(seed: int, zero: int) -> tuple[tuple[int, bytes], ...]:
    """Calm, bursts, silence, errors and slow answers, one after the other."""
    rng = random.Random(f"traffic {seed}")
    seconds = {BEGIN_S: 1, LENGTH_S: 1}
    moods: dict[int, str] = {}
    at = BEGIN_S
    while at < LENGTH_S:
        mood = rng.choice(["calm", "calm", "burst", "silence", "errors", "slow"])
        rate = {"burst": 8.0, "silence": 0.0}.get(mood, 1.0)
        until = min(LENGTH_S, at + rng.choice([5, 20, 40, 120]))
        for second in range(at, until):
            moods[second] = mood
            seconds[second] = seconds.get(second, 0) + int(rng.expovariate(1) * rate + 0.3)
        at = until
    return tuple(
        (zero + second, _line(rng, zero + second, moods.get(second, "calm")))
        for second in sorted(seconds)
        for _ in range(seconds[second])
    )


def _line(rng: random.Random, second: int, mood: str) -> bytes:
    """One request of a second."""
    failed = mood == "errors" and rng.random() < 0.5
    status = rng.choice([404, 500, 503]) if failed else rng.choice([200, 200, 301])
    took = rng.choice([0.4, 1.5, 4.0]) if mood == "slow" else rng.choice([0.01, 0.02, 0.1])
    section = rng.choice(["api", "api", "shop", "static", f"g{rng.randrange(40)}"])
    agent = rng.choice(["GPTBot/1.2", "Firefox/140", "Firefox/140"])
    host = rng.choice(["a.test", "a.test", "b.test", "other.example"])
    return (
        f"192.0.2.{rng.randrange(25)} - - [{time_local(second).decode()}] "
        f'"GET /{section}/{rng.randrange(9)} HTTP/1.1" {status} {rng.choice([0, 900, 20_000])}'
        f' "-" "{agent}" {took:.3f} {host}'
    ).encode()
