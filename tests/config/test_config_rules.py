"""Limits are read in the unit of the rule's metric; what cannot be a rule is told at its key."""

from __future__ import annotations

import pytest

from logmond.config.loading import loads
from logmond.config.schema import RuleConfig
from logmond.errors import ConfigError


def rule(text: str) -> RuleConfig:
    """One rule of that text."""
    return loads(f"rules: [{{name: r, {text}}}]\n", "f", {}).config.rules[0]


def problem(text: str) -> str:
    """The one problem of a rule, without its place."""
    with pytest.raises(ConfigError) as caught:
        rule(text)
    assert len(caught.value.problems) == 1, caught.value
    told = caught.value.problems[0]
    return f"{told.path.removeprefix('rules[0]')}: {told.message}"


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("metric: hits, above: 10", (("warning", 10.0),)),
        ("metric: hits_per_second, above: 0.5, severity: info", (("info", 0.5),)),
        ("metric: bytes_per_second, above: 2MiB", (("warning", 2097152.0),)),
        ("metric: bytes_per_second, above: 4096", (("warning", 4096.0),)),
        ("metric: ratio_5xx, above: 5%", (("warning", 0.05),)),
        ("metric: ratio_5xx, above: 0.05", (("warning", 0.05),)),
        ("metric: duration_p99, above: 500ms", (("warning", 0.5),)),
        ("metric: unparsed_ratio, above: {critical: 1%}", (("critical", 0.01),)),
        ("metric: ratio_5xx, above_baseline: 1.5x", (("warning", 1.5),)),
        ("metric: hits, below_baseline: {warning: 0.3x}", (("warning", 0.3),)),
        (
            "metric: hits, above: {critical: 50, warning: 10}",
            (("warning", 10.0), ("critical", 50.0)),
        ),
        (
            "metric: hits, below: {warning: 50, critical: 10}",
            (("warning", 50.0), ("critical", 10.0)),
        ),
    ],
)
def test_limits_are_read_in_the_unit_of_the_metric(
    text: str, limits: tuple[tuple[str, float], ...]
) -> None:
    """Shares are fractions and durations seconds; severities stand the mildest first."""
    assert rule(text).build().limits == limits


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("metric: hits", ".above: give exactly one of above, below, above_baseline and"),
        ("metric: hits, above: 1, below: 2", ".above: give exactly one of above, below, above_b"),
        ("metric: hits, above: 1, above_baseline: 2x", ".above: give exactly one of above, below"),
        ("metric: hits, above_baseline: 3", '.above_baseline: is how many times the usual: "3x"'),
        ("metric: hits, above_baseline: 5%", ".above_baseline: must be a multiple such as 3x"),
        ("metric: hits, above_baseline: 1x", ".above_baseline: is a multiple of what is usual"),
        ("metric: hits, below_baseline: 1x", ".below_baseline: is a multiple of what is usual"),
        ("metric: hits, below_baseline: 0x", ".below_baseline: is a multiple of what is usual"),
        ("metric: hits, above_baseline: 3x, recover: 20", ".recover: is how many times the usual"),
        ("metric: hits, above_baseline: 3x, recover: 4x", ".recover: must be at most the limit 3x"),
        ("metric: hits, above_baseline: {warning: 3x, critical: 2x}", ".above_baseline: a graver"),
        ("metric: distinct_clients, above_baseline: 3x", ".above_baseline: nothing is kept that"),
        ("metric: hits, above: 5%", '.above: must be a number, not "5%"'),
        ("metric: hits, above: -1", ".above: must not be negative: -1"),
        ("metric: hits, above: [1]", ".above: must be one value, not a list"),
        ("metric: hits, above: ", ".above: has no value; remove the key for its default"),
        ("metric: hits, above: {}", ".above: is empty; name a limit for "),
        ("metric: hits, above: {fatal: 1}", ".above.fatal: unknown severity; there are: "),
        ("metric: hits, above: {warning: [1]}", ".above.warning: must be one value"),
        ("metric: hits, above: {warning: 9, critical: 5}", ".above: a graver severity needs a "),
        ("metric: hits, below: {warning: 5, critical: 9}", ".below: a graver severity needs a "),
        ("metric: hits, above: 10, recover: 11", ".recover: must be at most the limit 10"),
        ("metric: hits, below: 10, recover: 9", ".recover: must be at least the limit 10"),
        ("metric: hits, above: 10, recover: {a: 1}", ".recover: must be one value"),
        ("metric: duration_p99, above: 2", ".above: needs a unit (ms, s, m, h, d): 2s"),
        ("metric: hitz, above: 2", '.metric: unknown metric "hitz"; did you mean "hits"?'),
        ("metric: hits, above: 1, window: 2h", ".window: must be between 1s and 1h"),
        ("metric: hits, above: 1, window: 301s", ".window: longer than 5m it must be a multiple"),
        ("metric: hits, above: 1, window: 0s", ".window: must be between 1s and 1h"),
        ("metric: hits, above: 1, hold: 500ms", ".hold: must be whole seconds"),
        ("metric: hits, above: 1, min_hits: 1.5", ".min_hits: must be a whole number"),
        ("metric: hits, above: 1, no_data: allert", '.no_data: unknown no_data "allert"; did '),
        ("metric: hits, above: 1, severity: warn", '.severity: unknown severity "warn"; did '),
        ("metric: hits, above: 1, where: [a]", ".where: must be a mapping of dimension: value"),
        ("metric: hits, above: 1, where: {section: []}", ".where.section: is an empty list"),
        ("metric: hits, above: 1, where: {status: 4.5}", ".where.status: must be text, not 4.5"),
        ("metric: hits, above: 1, where: {status: [404, '']}", ".where.status[1]: must be text"),
        ("metric: hits, above: 1, group_by: path", ".group_by[0]: only the most frequent are kept"),
        ("metric: hits, above: 1, group_by: [vhots]", '.group_by[0]: unknown dimension "vhots"; d'),
        ("metric: hits, above: 1, group_by: []", ".group_by: is an empty list"),
        ("metric: hits, above: 1, group_by: [vhost, vhost]", ".group_by: names a dimension twice"),
        ("metric: distinct_clients, above: 1, where: {vhost: a}", ".where: distinct_clients canno"),
        ("metric: distinct_clients, above: 1, group_by: vhost", ".group_by: distinct_clients cann"),
        ("metric: duration_p99, above: 1s, where: {status: 200}", ".where: duration_p99 cannot us"),
        ("metric: kernel_drops, above: 1, where: {vhost: a}", ".where: kernel_drops cannot use"),
    ],
)
def test_what_cannot_be_a_rule_is_told_at_its_key(text: str, told: str) -> None:
    """One problem a mistake, at the key that has to change."""
    assert problem(text).startswith(told)


def test_some_rules_need_requests_unless_they_say_otherwise() -> None:
    """Three times next to nothing, or one failure of five, is nobody's night."""
    assert rule("metric: ratio_5xx, window: 5m, above_baseline: 3x").build().min_hits == 300
    assert rule("metric: hits, above_baseline: 3x, min_hits: 7").build().min_hits == 7
    assert rule("metric: hits, above: 3").build().min_hits == 0
    for length, enough in (("10s", 20), ("1m", 20), ("5m", 100)):
        for watched in ("ratio_5xx, above: 5%", "duration_p95, above: 1s"):
            made = rule(f"metric: {watched}, window: {length}").build()
            assert made.min_hits == enough
            assert rule(f"metric: {watched}, min_hits: 0").build().min_hits == 0


def test_a_rule_with_a_baseline_is_shown_as_it_is_typed() -> None:
    """What `config` prints can be pasted back."""
    loaded = loads("rules: [{name: r, metric: hits, above_baseline: 3x, recover: 2.5x}]\n", "f", {})
    shown = dict(loaded.config.as_lines())
    assert (shown["rules.r.above_baseline"], shown["rules.r.recover"]) == ("3x", "2.5x")
