"""Quiet by design: nothing in a month without faults, and no fault that stays untold.

What is simulated, and how. The month: every one of its 43,200 minutes in a lapse
where a second of the statistics is a minute of the site (windows, limits and
waits scaled with it), and five stretches of six minutes of every day second by
second; with LOGMOND_SOAK=1 all 2.6 million seconds. The faults: each on a day and
at an hour of its own, second by second, from calm to calm. Lines are drawn as
counts of frames; the statistics and the alerts are the real ones.
"""

from __future__ import annotations

import random

import pytest
from month import DAY_S, HOSTS, LIMIT, START, Fault, Second, Site, calm, counted, rules
from programs import soaking

from logmond.alerts.event import Event
from logmond.alerts.render import line
from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService
from logmond.frame.frame import Delta
from logmond.stats.service import StatisticsService

DAYS = 30

FAULTS = 200


def told(events: list[Event]) -> list[str]:
    """The lines, for whoever reads a failure."""
    return [line(event) for event in events]


def test_a_calm_month_raises_nothing_in_any_minute() -> None:
    """43,200 minutes with days, nights, weekends, backups, deployments and growth."""
    stats = StatisticsService()
    stats.coverage.observe("nginx", START - DAYS * DAY_S)
    stats.start(START - 1)
    alerts = AlertService(rules(scale=60), stats, "web1")
    events: list[Event] = []
    for minute in range(DAYS * DAY_S // 60):
        now = calm(60 * minute)
        delta = counted(60 * minute, now, random.Random(minute), seconds=60)
        [exact] = delta.exact.values()
        stats.add(Delta({START + minute: exact}))
        stats.advance(START + minute)
        events += alerts.step(START + minute)
        if minute % 60 == 0:
            stats.tiers.changed()
            stats.minutes_changed()
    assert told(events) == []


@pytest.mark.parametrize("hour", [3, 8, 13, 14, 20])
def test_stretches_of_every_day_raise_nothing_in_any_second(hour: int) -> None:
    """Six minutes each, across the backup, the deployment, the ramp and both ends of the day."""
    for day in range(DAYS):
        site = Site(f"month {day}", day * DAY_S + hour * 3600 - 120, rules())
        assert told(site.run(360)) == []


def test_an_evening_does_not_exceed_what_is_usual() -> None:
    """A baseline learns from the hours before, and three times of that is not reached."""
    usual = Rule("unusual", "hits_per_second", window_s=300, above=(("warning", 3.0),),
                 baseline=True, min_hits=300)  # fmt: skip
    site = Site("evening", 5 * DAY_S + 16 * 3600, (*rules(), usual))
    assert told(site.run(2 * 3600)) == []
    [status] = [status for status in site.alerts.statuses() if status.name == "unusual"]
    assert status.limit is not None
    swollen = site.run(120, lambda now: setattr(now, "rate", 10 * now.rate))
    assert {event.rule for event in swollen} == {"unusual", "high-traffic"}


@pytest.mark.skipif(not soaking(), reason="LOGMOND_SOAK=1 takes a quarter of an hour")
def test_a_calm_month_raises_nothing_in_any_second() -> None:
    """All of it, one second after the other."""
    site = Site("soak", 0, rules())
    for _ in range(DAYS):
        assert told(site.run(DAY_S)) == []


def planted(kind: str, rng: random.Random) -> tuple[Fault, str, int]:
    """A fault of a kind beyond its rule's limit, the rule, and how many seconds it lasts."""
    if kind in ("spike", "flood"):
        more = LIMIT * rng.uniform(1.15, 6)

        def swell(now: Second) -> None:
            now.rate += more

        return swell, "high-traffic", rng.randint(130, 400)
    if kind in ("errors", "one host"):
        host = HOSTS[kind == "one host"][0]
        share = rng.uniform(0.09, 1.0)

        def fail(now: Second) -> None:
            now.errors[host] = share

        return fail, "errors", rng.randint(100, 300)
    if kind == "scan":
        absent = rng.uniform(0.25, 0.9)

        def scan(now: Second) -> None:
            now.absent = absent

        return scan, "absent", rng.randint(300, 500)
    if kind == "slow":
        stuck = rng.uniform(0.08, 0.8)

        def slow(now: Second) -> None:
            now.stuck = stuck

        return slow, "slow", rng.randint(300, 500)

    def silent(now: Second) -> None:
        now.quiet = True

    return silent, "silent", rng.randint(130, 400)


KINDS = ("errors", "one host", "spike", "flood", "silence", "slow", "scan", "errors")


def test_no_planted_fault_is_missed_and_each_is_one_incident() -> None:
    """Two hundred, of seven kinds, just beyond the limit or far, at any hour of any day."""
    for number in range(FAULTS):
        rng = random.Random(f"fault {number}")
        kind = KINDS[number % len(KINDS)]
        fault, rule, lasts_s = planted(kind, rng)
        hour = rng.uniform(10, 21) if kind == "one host" else rng.uniform(0, 24)
        begin = rng.randrange(DAYS) * DAY_S + int(hour * 3600)
        site = Site(f"fault {number}", begin, rules())
        what = f"fault {number}: {kind} for {lasts_s}s"
        assert told(site.run(320)) == [], what
        site.run(lasts_s, fault)
        site.run(370)
        opened = {event.id for event in site.events}
        assert len(opened) == 1, (what, told(site.events))
        first, last = site.events[0], site.events[-1]
        assert (first.kind, first.rule) == ("alert", rule), (what, told(site.events))
        assert last.kind == "recovered", (what, told(site.events))
        assert site.alerts.incidents() == []


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_a_handful_of_requests_is_no_ratio(share: float) -> None:
    """At five requests a minute nothing fires, whatever happens to them."""
    watched = tuple(
        Rule(name, name, window_s=300, above=(("warning", 0.05),), min_hits=120)
        for name in ("ratio_5xx", "ratio_4xx", "duration_p95")
    )
    site = Site(f"few {share}", 0, watched)

    def few(now: Second) -> None:
        now.rate, now.bots = 5 / 60, 0.0
        now.errors = {host: share for host, _ in HOSTS}
        now.absent = now.stuck = share

    assert told(site.run(1200, few)) == []
