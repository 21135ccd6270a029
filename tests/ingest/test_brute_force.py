"""What the daemon's parts decide over given lines equals brute force over the same lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import Found, incidents

from logmond.alerts.incident import Incident
from logmond.alerts.service import AlertService
from logmond.config.rule import RuleConfig
from logmond.ingest.formats.presets import preset
from logmond.ingest.intake import Intake
from logmond.ingest.kernel.names import Label
from logmond.ingest.kernel.python import PythonKernel
from logmond.ingest.scenarios import (
    BACKFILL_S,
    SCENARIOS,
    Scenario,
    lines,
    syslog_message,
    time_local,
)
from logmond.stats.service import StatisticsService

T0 = 1795453200


def decided(
    made: Iterable[tuple[int, bytes]],
    rules: Iterable[Mapping[str, Any]],
    *,
    first: int,
    last: int,
    unobserved: Iterable[tuple[int, int]] = (),
    labels: Mapping[str, Any] | None = None,
) -> list[Found]:
    """The incidents of the real parts, in the oracle's words (by trigger)."""
    known = labels or {}
    kernel = PythonKernel(
        "s",
        [preset("nginx-timed")],
        labels=[Label.of(name, spec["field"], spec["contains"]) for name, spec in known.items()],
    )
    intake = Intake("s", kernel, lambda: float(last))
    stats = StatisticsService(labels=tuple(known))
    stats.coverage.observe("s", 0)
    for a, b in unobserved:
        stats.coverage.gap("s", a, b, "test")
    context = {"labels": frozenset(known)}
    built = [RuleConfig.model_validate(rule, context=context).build() for rule in rules]
    alerts = AlertService(built, stats, "node")
    values: dict[str, tuple[float | None, str]] = {}
    stats.start(first - 1)
    intake.messages([syslog_message(second, line) for second, line in made], believed=True)
    stats.add(intake.take(first))
    for second in range(first, last + 1):
        stats.advance(second)
        for event in alerts.step(second):
            if event.kind == "alert":
                values.setdefault(event.id, (event.value, event.severity))
    return [_in_words(incident, *values[incident.id]) for incident in alerts.incidents(all=True)]


def _in_words(incident: Incident, value: float | None, severity: str) -> Found:
    assert value is not None
    assert incident.peak_requests is not None
    assert incident.peak_value is not None
    recovered = incident.state == "recovered"
    return Found(
        incident.rule,
        incident.key,
        severity,
        incident.severity,
        incident.limit,
        incident.triggered_at,
        value,
        (int(incident.peak_requests.value), incident.peak_requests.at),
        (incident.peak_value.value, incident.peak_value.at),
        incident.ended_at if recovered else None,
        incident.value if recovered else None,
    )


def brute(found: Iterable[Found]) -> list[Found]:
    """In an order both sides share."""
    return sorted(found, key=lambda one: (one.triggered_at, one.rule, one.group))


@pytest.mark.parametrize("seed", [1, 9])
@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
def test_a_scenario_is_decided_as_by_brute_force(scenario: Scenario, seed: int) -> None:
    """Trigger, value, severity, peaks and recovery of each incident, to the second."""
    made = list(lines(scenario, seed, T0, range(-BACKFILL_S, 241)))
    span: dict[str, Any] = {
        "first": T0 - 3,
        "last": T0 + 240,
        "unobserved": [(T0 - 3600, T0 - 1)],
        "labels": scenario.labels,
    }
    expected = [one for rule in scenario.rules for one in incidents(made, rule, **span)]
    assert brute(decided(made, scenario.rules, **span)) == brute(expected)


def line(second: int, status: int, section: str) -> bytes:
    """A line in nginx's combined form with a duration."""
    request = b'"GET /%b/x HTTP/1.1" %d 10 "-" "curl/8" 0.010' % (section.encode(), status)
    return b"192.0.2.1 - - [%b] %b" % (time_local(second), request)


SECONDS = st.lists(
    st.lists(
        st.tuples(st.sampled_from([200, 200, 404, 500]), st.sampled_from(["a", "a", "b"])),
        max_size=4,
    ),
    min_size=1,
    max_size=40,
)
GAPS = st.lists(
    st.tuples(st.integers(-3, 40), st.integers(0, 6)).map(lambda g: (T0 + g[0], T0 + sum(g))),
    max_size=3,
)


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """A small rule of any kind the oracle knows."""
    metric = draw(st.sampled_from(["hits", "hits_per_second", "ratio_4xx", "ratio_5xx"]))
    limit = draw(st.sampled_from([0.1, 0.25, 0.5] if "ratio" in metric else [0.4, 1, 2.5, 4]))
    rule: dict[str, Any] = {
        "name": "r",
        "metric": metric,
        "window": f"{draw(st.integers(1, 8))}s",
        "for": f"{draw(st.sampled_from([0, 0, 1, 3]))}s",
        "hold": f"{draw(st.sampled_from([0, 1, 3]))}s",
        "min_hits": draw(st.sampled_from([0, 3])) if "ratio" in metric else 0,
    }
    rising = draw(st.booleans())
    if draw(st.booleans()):
        graver = limit * 1.7 if rising else limit * 0.4
        rule["above" if rising else "below"] = {"warning": limit, "critical": graver}
    else:
        rule["above" if rising else "below"] = limit
    if draw(st.booleans()):
        rule["recover"] = limit * 0.5 if rising else min(limit * 1.5, 0.99 if limit < 1 else 9)
    if draw(st.booleans()):
        rule["where"] = draw(st.sampled_from([{"section": "/a"}, {"status": ["2xx", 500]}]))
    if rising and draw(st.booleans()):
        rule["group_by"] = ["section"]
    return rule


@settings(max_examples=100)
@given(SECONDS, rules(), GAPS)
def test_any_rule_over_any_traffic_is_decided_as_by_brute_force(
    seconds: list[list[tuple[int, str]]], rule: dict[str, Any], gaps: list[tuple[int, int]]
) -> None:
    """States, holds, severities, gaps and thin windows included."""
    made = [
        (T0 + at, line(T0 + at, status, section))
        for at, hits in enumerate(seconds)
        for status, section in hits
    ]
    span: dict[str, Any] = {"first": T0, "last": T0 + 45, "unobserved": gaps}
    assert brute(decided(made, [rule], **span)) == brute(incidents(made, rule, **span))
