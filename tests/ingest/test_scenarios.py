"""Scenarios are repeatable, look like a web server's lines, and raise what they say."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from itertools import chain

import pytest
from oracle import incidents, read

from logmond.alerts.rule import DEFAULT_RULES
from logmond.config.rule import RuleConfig
from logmond.ingest.formats.detection import detect
from logmond.ingest.formats.presets import preset
from logmond.ingest.scenarios import (
    BACKFILL_S,
    CYCLE_S,
    HIGH_TRAFFIC,
    SCENARIOS,
    Scenario,
    lines,
    syslog_stamp,
    time_local,
)
from logmond.ingest.traffic import TEMPLATES

T0 = 1795453200  # 2026-11-23T17:00:00Z

EACH = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)


@EACH
def test_any_part_of_a_scenario_can_be_made_by_itself(scenario: Scenario) -> None:
    """The lines of a second depend on scenario, seed and offset only."""
    whole = list(lines(scenario, 7, T0, range(-5, 30)))
    parts = [lines(scenario, 7, T0, range(offset, offset + 1)) for offset in range(-5, 30)]
    assert list(chain.from_iterable(parts)) == whole
    assert list(lines(scenario, 8, T0, range(-5, 30))) != whole


def test_a_seed_means_the_same_lines_on_every_machine() -> None:
    """What was written down about a seed stays true."""
    made = hash_of(lines(SCENARIOS["spike"], 1, T0, range(-10, 30)))
    assert made == "b1fbca2e71a58beb"


def hash_of(made: object) -> str:
    """A short digest of lines with their seconds."""
    return sha256(repr(list(made)).encode()).hexdigest()[:16]  # type: ignore[call-overload]


@EACH
def test_every_line_is_one_of_nginx_stamped_with_its_second(scenario: Scenario) -> None:
    """Each fits the format with a duration, ASCII only, nothing to escape."""
    fmt = preset("nginx-timed")
    for second, line in lines(scenario, 1, T0, range(-20, 45)):
        record = fmt.decode(line)
        assert record is not None
        assert b"[" + time_local(second) + b"]" in line
        assert float(record["duration"]) >= 0
        assert line.isascii()
        assert line.decode().isprintable()


@pytest.mark.parametrize("form", TEMPLATES)
def test_every_template_is_the_preset_of_its_name(form: str) -> None:
    """What is generated is detected as what it was meant to be."""
    made = [line for _, line in lines(SCENARIOS["calm"], 1, T0, range(20), form=form)]
    found = detect(made)
    assert found.format.name == form
    assert found.parsed == len(made)


def test_a_day_of_one_digit_is_padded_with_a_space() -> None:
    """RFC 3164 wants two places for the day, nginx a leading zero in its own stamp."""
    assert syslog_stamp(T0) == b"Nov 23 17:00:00"
    assert syslog_stamp(T0 - 20 * 86400) == b"Nov  3 17:00:00"
    assert time_local(T0 - 20 * 86400) == b"03/Nov/2026:17:00:00 +0000"


@EACH
def test_rules_and_labels_are_a_valid_configuration(scenario: Scenario) -> None:
    """They could be pasted into a configuration file."""
    context = {"labels": frozenset(scenario.labels or {})}
    built = [RuleConfig.model_validate(rule, context=context).build() for rule in scenario.rules]
    assert {incident.rule for incident in scenario.incidents} <= {rule.name for rule in built}
    assert built[0] == DEFAULT_RULES[0]


@pytest.mark.parametrize("seed", [1, 2, 3])
@EACH
def test_a_scenario_raises_exactly_its_incidents(scenario: Scenario, seed: int) -> None:
    """Whoever watches since its start alone sees them begin and end when they should."""
    offsets = range(-BACKFILL_S, 301)
    made = list(lines(scenario, seed, T0, offsets))
    unobserved = [(T0 - 3600, T0 - 1)]
    found = [
        one
        for rule in scenario.rules
        for one in incidents(
            made,
            rule,
            first=T0 - 3,
            last=T0 + 300,
            unobserved=unobserved,
            labels=scenario.labels,
        )
    ]
    found.sort(key=lambda one: one.triggered_at)
    assert [(one.rule, one.severity) for one in found] == [
        (expected.rule, expected.severity) for expected in scenario.incidents
    ]
    for one, expected in zip(found, scenario.incidents, strict=True):
        assert expected.triggered[0] <= one.triggered_at - T0 <= expected.triggered[1]
        assert one.recovered_at is not None
        assert expected.recovered[0] <= one.recovered_at - T0 <= expected.recovered[1]


def test_the_spike_alerts_within_30_seconds_and_recovers_within_3_minutes() -> None:
    """With delay 3s a second is evaluated 4 s after it began."""
    [expected] = SCENARIOS["spike"].incidents
    assert expected.triggered[1] + 4 < 30
    assert expected.recovered[1] + 4 < 180


@EACH
def test_events_come_again_with_each_cycle_and_never_before_the_first(
    scenario: Scenario,
) -> None:
    """A demonstration that runs for hours tells the same story every quarter of an hour."""
    for offset in range(60):
        assert scenario.actors(offset + CYCLE_S) == scenario.actors(offset)
        assert scenario.outage(offset + CYCLE_S) == scenario.outage(offset)
    calm = SCENARIOS["calm"]
    for offset in range(-BACKFILL_S, 1):
        assert scenario.actors(offset) == calm.actors(offset)
        assert scenario.outage(offset) is None


@pytest.mark.parametrize(
    ("name", "dimension"),
    [("spike", "section"), ("spike", "client"), ("bot", "client")],
)
def test_the_offender_of_a_scenario_makes_most_of_its_rise(name: str, dimension: str) -> None:
    """Evidence has something to find."""
    scenario = SCENARIOS[name]
    key = scenario.incidents[-1].evidence[dimension]
    before, during = Counter[str](), Counter[str]()
    for second, line in lines(scenario, 1, T0, range(-40, 40)):
        (during if second >= T0 else before)[read(line, {})[dimension]] += 1
    rise = during.total() - before.total()
    assert (during[key] - before[key]) / rise > 0.6


def test_the_failing_section_makes_the_server_errors() -> None:
    """In the scenario of errors nearly all 5xx are the API's."""
    scenario = SCENARIOS["errors"]
    failed = Counter(
        read(line, {})["section"]
        for _, line in lines(scenario, 1, T0, range(42))
        if read(line, {})["status"][0] == "5"
    )
    assert failed["/api"] / failed.total() > 0.95


def test_the_default_rule_is_the_first_of_every_scenario() -> None:
    """What a daemon without configuration watches shows in each."""
    assert all(scenario.rules[0] is HIGH_TRAFFIC for scenario in SCENARIOS.values())
