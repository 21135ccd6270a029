"""Rules that cannot work are refused with a message that says what would."""

from __future__ import annotations

from dataclasses import replace

import pytest

from logmond.alerts.rule import DEFAULT_RULES, METRICS, Rule, problems
from logmond.alerts.summary import summary_problem
from logmond.frame.selector import Selector

GOOD = Rule("r", "hits", above=(("warning", 10.0),))
WARN = (("warning", 10.0),)


def of(**changes: object) -> Rule:
    """A good rule with some of its keys changed."""
    return replace(GOOD, **changes)


def test_good_rules_have_no_problem() -> None:
    """Every metric can be watched."""
    for rule in (GOOD, *DEFAULT_RULES):
        assert problems(rule) == []
    for name in METRICS:
        assert problems(of(metric=name, above=(("warning", 0.5),))) == []
    assert problems(of(group_by=("vhost", "bot")), labels=["bot"]) == []
    assert problems(of(above=None, below=WARN, recover=20.0)) == []


@pytest.mark.parametrize(
    ("rule", "key", "said"),
    [
        (of(metric="hit"), "metric", "unknown metric 'hit'; known: hits, hits_per_second"),
        (of(above=None), "above", "exactly one"),
        (of(below=WARN), "above", "exactly one"),
        (of(above=(("wrong", 1.0),)), "above", "unknown severity 'wrong'"),
        (of(above=(("critical", 1.0), ("warning", 2.0))), "above", "ascending"),
        (of(above=(("warning", 5.0), ("critical", 5.0))), "above", "higher limit"),
        (of(above=None, below=(("warning", 5.0), ("critical", 9.0))), "below", "lower limit"),
        (of(metric="ratio_5xx", above=(("warning", 5.0),)), "above", "write it as 5% or 0.05"),
        (of(above=None, below=(("warning", 0.0),)), "below", "never negative"),
        (of(above=(("warning", -1.0),)), "above", "never negative"),
        (of(recover=11.0), "recover", "at most the limit 10"),
        (of(above=None, below=WARN, recover=9.0), "recover", "at least the limit 10"),
        (of(metric="distinct_clients", group_by=("vhost",)), "group_by", "leave it out"),
        (of(metric="distinct_clients", selector=Selector.of({"vhost": "a"})), "where", "leave"),
        (of(metric="kernel_drops", selector=Selector.of({"vhost": "a"})), "where", "source"),
        (of(metric="kernel_drops", selector=Selector.of({"source": "a*"})), "where", "plain"),
        (of(metric="kernel_drops", group_by=("source",)), "group_by", "leave it out"),
        (of(metric="duration_p95", group_by=("method",)), "group_by", "section, source, vhost"),
        (of(group_by=("client",)), "group_by", "cannot use 'client'"),
        (of(group_by=("vhost", "vhost")), "group_by", "twice"),
        (of(window_s=0), "window", "between 1s and 1h"),
        (of(window_s=3601), "window", "between 1s and 1h"),
        (of(window_s=301), "window", "multiple of 10s"),
        (of(for_s=-1), "for", "negative"),
        (of(hold_s=-1), "hold", "negative"),
        (of(min_hits=-1), "min_hits", "negative"),
        (of(no_data="page"), "no_data", "ignore"),
        (of(severity="grave"), "severity", "info, warning, critical"),
    ],
)
def test_a_rule_that_cannot_work_is_named_by_its_key(rule: Rule, key: str, said: str) -> None:
    """One problem each, at the key to change."""
    ((found, message),) = problems(rule)
    assert found == key
    assert said in message


def test_a_rule_over_everything_reads_all_sources() -> None:
    """Only plain names single sources out."""
    assert GOOD.sources is None
    assert of(selector=Selector.of({"source": ["a", "b"]})).sources == {"a", "b"}
    assert of(selector=Selector.of({"source": "a*"})).sources is None


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{rule} on {vhost}: {value}", None),
        ("{bot} at {limit} {{literally}}", None),
        (None, None),
        ("{host}", 'unknown name {host}; did you mean "vhost"?'),
        ("{xyzzy}", "unknown name {xyzzy}; known: rule, metric"),
        ("{peak} {offender} {started} {duration} {runbook}", None),
        ("{rule.name}", "plain name"),
        ("{value:.2f}", "plain name"),
        ("{rule!r}", "plain name"),
        ("{0}", "plain name"),
        ("{}", "plain name"),
        ("100 % {", "{{"),
    ],
)
def test_a_summary_holds_plain_known_names_only(template: str | None, said: str | None) -> None:
    """A template reaches nothing but text meant for it."""
    found = summary_problem(of(summary=template, group_by=("bot",)))
    if said is None:
        assert found is None
    else:
        assert said in (found or "")
