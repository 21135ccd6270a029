"""Rules tried out: what ``--rule`` changes, which values a range means, what slips are told."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from logmond.config.loading import loads
from logmond.config.schema import Config
from logmond.config.trial import MAX_VALUES, tried
from logmond.errors import ConfigError

RULES: list[dict[str, Any]] = [
    {"name": "high-traffic", "metric": "hits_per_second", "above": 10},
    {
        "name": "errors",
        "metric": "ratio_5xx",
        "where": {"section": ["/api", "/login"]},
        "above": {"warning": "5%", "critical": "15%"},
        "recover": "2%",
        "min_hits": 120,
    },
    {"name": "slow", "metric": "duration_p95", "above": "500ms", "window": "1m"},
    {"name": "silent", "metric": "hits", "below": 5},
    {"name": "volume", "metric": "bytes_per_second", "above": "1MiB"},
]


@pytest.fixture(scope="module")
def config() -> Config:
    """A rule for each unit."""
    return loads(yaml.safe_dump({"rules": RULES}), "test", {}).config


def values(config: Config, option: str) -> list[str]:
    """What a range means."""
    (sweep,) = tried(config, [option]).sweeps
    return list(sweep.values)


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ("high-traffic.above=20..200", "20 40 60 80 100 120 140 160 180 200"),
        ("high-traffic.above=20..200/60", "20 80 140 200"),
        ("high-traffic.above=20..100/30", "20 50 80 100"),
        ("high-traffic.above=20,50,100", "20 50 100"),
        ("high-traffic.above=0.1..0.5", "0.1 0.15 0.2 0.25 0.3 0.35 0.4 0.45 0.5"),
        ("errors.above=1%..10%", "1% 2% 3% 4% 5% 6% 7% 8% 9% 10%"),
        ("errors.above=1..3%/0.5%", "1% 1.5% 2% 2.5% 3%"),
        ("errors.above.critical=10%..20%/5%", "10% 15% 20%"),
        ("errors.recover=1%,2%", "1% 2%"),
        ("errors.min_hits=50..150/50", "50 100 150"),
        ("slow.above=200ms..1s/200ms", "200ms 400ms 600ms 800ms 1s"),
        ("slow.window=30s..5m", "30s 1m 90s 2m 150s 3m 210s 4m 270s 5m"),
        ("slow.for=0s..30s/10s", "0s 10s 20s 30s"),
        ("silent.below=1..4", "1 2 3 4"),
        ("volume.above=1MiB..3MiB/1MiB", "1MiB 2MiB 3MiB"),
    ],
)
def test_a_range_means_these_values(config: Config, option: str, meant: str) -> None:
    """In about ten steps that people like, or in those that were typed; both ends included."""
    assert values(config, option) == meant.split()


def test_every_value_is_a_rule_that_is_otherwise_as_configured(config: Config) -> None:
    """The configured rule itself stays what it was."""
    trial = tried(config, ["slow.above=1s..3s/1s"])
    assert trial.config == config
    (sweep,) = trial.sweeps
    built = [rule.build() for rule in sweep.rules]
    assert [rule.limits for rule in built] == [(("warning", float(n)),) for n in (1, 2, 3)]
    assert {rule.window_s for rule in built} == {60}


def test_a_plain_value_changes_the_rule(config: Config) -> None:
    """One option after the other; ranges are made of what came of that."""
    trial = tried(config, ["high-traffic.window=1m", "high-traffic.above=20,30", "slow.for=5s"])
    changed = {rule.name: rule for rule in trial.config.rules}
    assert (changed["high-traffic"].window_s, changed["slow"].for_s) == (60, 5)
    assert [rule.window_s for rule in trial.sweeps[0].rules] == [60, 60]


def test_of_limits_by_severity_the_mildest_is_swept(config: Config) -> None:
    """Graver ones stay until they are passed, and so does the value that clears it."""
    (sweep,) = tried(config, ["errors.above=1%,8%,20%"]).sweeps
    built = [rule.build() for rule in sweep.rules]
    assert [rule.above for rule in built] == [
        (("warning", 0.01), ("critical", 0.15)),
        (("warning", 0.08), ("critical", 0.15)),
        (("warning", 0.2),),
    ]
    assert [rule.recover for rule in built] == [None, 0.02, 0.02]
    assert built[0].selector == config.rules[1].where


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("high-trafic.above=5", 'no rule "high-trafic"; did you mean "high-traffic"?'),
        ("high-trafic.above=5..9", 'no rule "high-trafic"; did you mean "high-traffic"?'),
        ("high-traffic.abov=5", 'unknown key "abov"; did you mean "above"?'),
        ("high-traffic.windw=1m..2m", 'did you mean "window"?'),
        ("high-traffic.metric=hits,bytes", '"metric" has no range'),
        ("high-traffic.above", "must be NAME.KEY=VALUE"),
        ("high-traffic=5", "must be NAME.KEY=VALUE"),
        ("high-traffic.above=200..20", "from the smaller to the larger"),
        ("high-traffic.above=1..2/-1", "must not be negative"),
        ("high-traffic.above=1..9/0", "from the smaller to the larger"),
        ("high-traffic.above=0..10/0.01", f"more than {MAX_VALUES} values"),
        ("high-traffic.above=x..y", "must be a number"),
        ("errors.above=1%..200%", "at most 100%"),
        ("slow.window=1..5", "needs a unit"),
        ("slow.window=290s..310s/5s", "longer than 5m it must be a multiple of 10s"),
        ("high-traffic.below=5", "give exactly one of above"),
        ("errors.recover=50%", "must be at most the limit"),
        ("high-traffic.above=" + ",".join(map(str, range(1, MAX_VALUES + 3))), "at most"),
    ],
)
def test_a_slip_is_told_with_what_would_work(config: Config, option: str, told: str) -> None:
    """At the option itself, as a problem of the configuration."""
    with pytest.raises(ConfigError) as caught:
        tried(config, [option])
    (problem,) = caught.value.problems
    assert told in str(problem)
    assert str(problem).startswith("--rule: ")
