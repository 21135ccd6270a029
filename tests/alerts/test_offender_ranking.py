"""Two hundred planted offenders: the one who did it stands first in the evidence."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from planted import DELAY_S, KINDS, START, Scenario, planted

from logmond.alerts.event import Event
from logmond.alerts.service import AlertService
from logmond.stats.service import StatisticsService

SCENARIOS = 200

WANTED = 0.95
"""The share of offenders that must rank first."""


def fired(scenario: Scenario) -> Event | None:
    """The alert that a scenario raises, None without one; one in the calm part is a mistake."""
    stats = StatisticsService()
    stats.coverage.observe("nginx", START - 10_000)
    stats.start(START - 1)
    alerts = AlertService([scenario.rule], stats, "web1")
    counted = scenario.deltas()
    for delta in islice(counted, DELAY_S):
        stats.add(delta)
    for second, delta in enumerate(counted):
        stats.add(delta)
        stats.advance(START + second)
        for event in alerts.step(START + second):
            assert event.at >= START + scenario.calm_s, f"fired while calm: {scenario}"
            return event
    return None


def test_the_planted_offender_ranks_first() -> None:
    """In at least 95 of 100 scenarios, of every kind; those where it does not are printed."""
    first: Counter[str] = Counter()
    for seed in range(SCENARIOS):
        scenario = planted(seed)
        event = fired(scenario)
        assert event is not None, f"nothing fired: {scenario}"
        evidence = event.evidence
        if evidence and scenario.named(evidence[0].dimension, evidence[0].key):
            first[scenario.dimension] += 1
        else:
            shown = [(e.dimension, e.key, round(e.share, 2), round(e.error, 2)) for e in evidence]
            print(f"{scenario}: {shown}")
    print(dict(first))
    for kind in KINDS:
        assert first[kind] >= WANTED * SCENARIOS / len(KINDS), kind
