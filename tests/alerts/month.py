"""Traffic of an ordinary site over weeks, and what can befall it; counted into frames.

Two hosts: the shop with most visitors, and a small one beside it. A day has its
curve, a weekend less of it; every second is drawn by itself from (seed, second),
so that any stretch can be made without the rest. Nothing of it is a fault: a few
errors and retries, absent pages, bots all day, a backup at three at night that
reads much, a deployment that drops requests for twenty seconds and is caught up
with, and half a percent more visitors every day.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from logmond.alerts.event import Event
from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService
from logmond.frame.frame import CellKey, Delta, DurationKey, Exact
from logmond.frame.sketches import bucket_of
from logmond.stats.service import StatisticsService

DAY_S = 86_400

START = 1_795_392_000
"""Monday 2026-11-23T00:00:00Z."""

HOSTS = (("shop.example", 0.75), ("wiki.example", 0.25))

LIMIT = 60.0
"""Requests a second: about twice the busiest minutes of the month."""

_FAST, _USUAL, _LATE, _STUCK = (bucket_of(s) for s in (0.02, 0.15, 0.9, 4.0))


def rules(scale: int = 1) -> tuple[Rule, ...]:
    """What an operator watches; with `scale` 60 for a lapse in which a second is a minute."""

    def ticks(seconds: int) -> int:
        return max(1, seconds // scale)

    return (
        Rule("high-traffic", "hits_per_second", window_s=ticks(120),
             above=(("warning", LIMIT * scale),), hold_s=ticks(30)),
        Rule("errors", "ratio_5xx", group_by=("vhost",), window_s=ticks(60), min_hits=120,
             above=(("warning", 0.05), ("critical", 0.15)), recover=0.02, for_s=30 // scale,
             hold_s=ticks(30)),
        Rule("absent", "ratio_4xx", window_s=ticks(300), above=(("warning", 0.2),), min_hits=120,
             hold_s=ticks(30)),
        Rule("slow", "duration_p95", window_s=ticks(300), above=(("warning", 2.0),), min_hits=120,
             hold_s=ticks(30)),
        Rule("silent", "hits", window_s=ticks(120), below=(("warning", 1.0),), no_data="alert",
             hold_s=ticks(30)),
    )  # fmt: skip


@dataclass(slots=True)
class Second:
    """What happens in a second beside the calm: factors and shares a fault may change."""

    rate: float
    errors: dict[str, float]
    absent: float = 0.015
    stuck: float = 0.002
    bots: float = 0.4
    quiet: bool = False


Fault = Callable[[Second], None]


def calm(second: int) -> Second:
    """The mean of an ordinary second."""
    day, at = divmod(second, DAY_S)
    curve = 0.5 - 0.5 * math.cos(2 * math.pi * (at / DAY_S - 4 / 24))
    rate = (6 + 16 * curve) * (0.7 if day % 7 >= 5 else 1.0) * 1.005**day
    now = Second(rate, {host: 0.002 for host, _ in HOSTS})
    since = at - 14 * 3600
    if day % 3 == 2 and 0 <= since < 80:  # a deployment, then what waited for it
        now.rate *= 0.3 if since < 20 else 1.3
        now.errors["shop.example"] = 0.02 if since < 20 else 0.002
    return now


def counted(at: int, now: Second, rng: random.Random, seconds: int = 1) -> Delta:
    """One tick of `seconds` like `now`, as frames at second `at`."""
    exact = Exact()
    if now.quiet:
        return Delta()
    for host, part in HOSTS:
        total = poisson(rng, now.rate * part * seconds)
        failed = binomial(rng, total, now.errors[host])
        absent = binomial(rng, total - failed, now.absent)
        retried = binomial(rng, total - failed - absent, 0.002)
        bots = poisson(rng, now.bots * part * seconds)
        for status, section, hits in (
            ("200", "/", total - failed - absent - retried), ("502", "/", failed),
            ("404", "/", absent), ("304", "/", retried), ("200", "/catalogue", bots),
        ):  # fmt: skip
            _add(exact, ("nginx", host, "GET", status, section), hits)
        stuck = binomial(rng, total, now.stuck)
        late = binomial(rng, total - stuck, 0.02)
        histogram = {_STUCK: stuck, _LATE: late, _USUAL: (total - stuck - late) // 3}
        histogram[_FAST] = total - sum(histogram.values())
        where: DurationKey = ("nginx", host, "/")
        exact.durations[where] = {bucket: hits for bucket, hits in histogram.items() if hits}
    if at % DAY_S // 600 == 18:  # the backup, from three o'clock
        _add(exact, ("nginx", "wiki.example", "GET", "200", "/dump"), poisson(rng, 2.0 * seconds))
    return Delta({START + at: exact}) if exact.cells else Delta()


def _add(exact: Exact, key: CellKey, hits: int) -> None:
    if hits:
        exact.cells[key] = [hits, hits * 12_000]


def poisson(rng: random.Random, mean: float) -> int:
    """How many of many came."""
    if mean > 30:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, n, product = math.exp(-max(0.0, mean)), 0, rng.random()
    while product > limit:
        product *= rng.random()
        n += 1
    return n


def binomial(rng: random.Random, n: int, share: float) -> int:
    """How many of `n` it befell."""
    if share >= 0.2 and n < 60:
        return sum(rng.random() < share for _ in range(n))
    return min(n, poisson(rng, n * share))


class Site:
    """A daemon that watches the site."""

    def __init__(self, seed: str, begin: int, watched: tuple[Rule, ...]) -> None:
        self.seed = seed
        self.now = begin
        self.stats = StatisticsService()
        self.stats.coverage.observe("nginx", START - 30 * DAY_S)
        self.stats.start(START + begin - 1)
        self.alerts = AlertService(watched, self.stats, "web1")
        self.events: list[Event] = []

    def run(self, seconds: int, fault: Fault | None = None) -> list[Event]:
        """Let so many seconds pass, with something the matter or not; what happened since."""
        before = len(self.events)
        for at in range(self.now, self.now + seconds):
            now = calm(at)
            if fault is not None:
                fault(now)
            self.stats.add(counted(at, now, random.Random(f"{self.seed} {at}")))
            self.stats.advance(START + at)
            self.events += self.alerts.step(START + at)
            if at % 60 == 0:
                self.stats.tiers.changed()
                self.stats.minutes_changed()
        self.now += seconds
        return self.events[before:]
