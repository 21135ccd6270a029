"""Rules that are legal and hardly meant: what `check` says of them, and what it keeps to itself."""

from __future__ import annotations

from typing import Any

import pytest

from logmond.alerts.rule import Rule, problems
from logmond.config.plausible import about, findings
from logmond.frame.selector import Selector


def rule(**changes: Any) -> Rule:
    """A sensible rule with some things changed."""
    values: dict[str, Any] = {"name": "r", "metric": "hits_per_second", "window_s": 120}
    limit = changes.pop("above", 10.0 if "below" not in changes else None)
    if limit is not None:
        values["above"] = (("warning", float(limit)),)
    if "below" in changes:
        values["below"] = (("warning", float(changes.pop("below"))),)
    if "where" in changes:
        values["selector"] = Selector.of(changes.pop("where"))
    return Rule(**{**values, **changes})


STRANGE = [
    (rule(above=0), "above: 0 fires on any request"),
    (rule(above=0, metric="hits"), "above: 0 fires on any request"),
    (rule(above=0, metric="distinct_clients"), "above: 0 fires on any client"),
    (rule(above=0, metric="duration_p95"), "the time that is too long"),
    (rule(above=0.5, metric="hits"), "above: 0.5 fires on any request"),
    (rule(above=0.008), "above: 0.008 fires on any request"),
    (rule(above=0, for_s=119), "above: 0 fires on any request"),
    (rule(above=0, metric="bytes_per_second"), "fires on any request"),
    (rule(above=0.5, metric="distinct_clients"), "above: 0.5 fires on any client"),
    (rule(below=0.05, metric="ratio_5xx"), "below: 5% fires while all is well"),
    (rule(below=0.5, metric="unparsed_ratio"), "below: 50% fires while all is well"),
    (rule(below=1, metric="kernel_drops"), "below: 1 fires while all is well"),
    (rule(recover=0.0), "waits until nobody asks"),
    (rule(recover=0.0, metric="duration_p95", above=0.5), "recover: 0s is never reached"),
    (rule(below=1, group_by=("vhost",)), "strangers ask for any vhost"),
    (rule(below=1, group_by=("source", "section")), "name them: where: {section: [...]}"),
    (rule(where={"vhost": "a"}, group_by=("vhost",)), "group_by vhost has only one group, a"),
    (rule(metric="ratio_5xx", above=0.05), "one failed request of one is 100%"),
    (rule(metric="ratio_4xx", above=0.05, min_hits=1), "set min_hits"),
    (rule(hold_s=0), "alert at every crossing"),
    (rule(below=1, metric="hits", window_s=5, no_data="alert"), "fires after 5s without a request"),
]

SENSIBLE = [
    rule(),
    rule(above=1, metric="hits"),
    rule(above=0.009),
    rule(above=1, metric="distinct_clients"),
    rule(above=0, for_s=120),
    rule(above=0, metric="hits", where={"section": "/wp-login.php"}),
    rule(above=0, metric="kernel_drops"),
    rule(above=0, metric="unparsed_ratio"),
    rule(above=0.05, metric="ratio_5xx", min_hits=100, recover=0.0),
    rule(above=0, metric="ratio_5xx", min_hits=100),
    rule(recover=0.0, metric="kernel_drops"),
    rule(recover=0.0, metric="hits", where={"status": "5xx"}),
    rule(below=0.5, metric="ratio_4xx", min_hits=10, where={"section": "/admin"}),
    rule(where={"vhost": ["a", "b"]}, group_by=("vhost",)),
    rule(where={"vhost": "*.example"}, group_by=("vhost",)),
    rule(where={"status": "5xx"}, group_by=("status",)),
    rule(below=1, where={"vhost": ["a", "b"]}, group_by=("vhost",)),
    rule(below=1, where={"vhost": "*.example"}, group_by=("vhost",)),
    rule(below=1, group_by=("source",)),
    rule(below=0.3, baseline=True, min_hits=100, group_by=("vhost",)),
    rule(hold_s=0, for_s=10),
    rule(for_s=3600, window_s=10),
    rule(below=1, metric="hits", window_s=300, no_data="alert"),
    rule(above=3, baseline=True, min_hits=100, recover=0.5),
]


@pytest.mark.parametrize(("strange", "said"), STRANGE, ids=[said for _, said in STRANGE])
def test_a_strange_rule_is_told_with_the_way_out(strange: Rule, said: str) -> None:
    """Exactly one thing, and nothing else."""
    (message,) = about(strange)
    assert said in message


@pytest.mark.parametrize("sensible", SENSIBLE, ids=range(len(SENSIBLE)))
def test_a_rule_that_may_be_meant_is_left_alone(sensible: Rule) -> None:
    """An alarm about a good rule teaches people to skip warnings."""
    assert problems(sensible) == []
    assert list(about(sensible)) == []


def test_two_rules_that_say_the_same_are_told_once() -> None:
    """Whatever they are called and whatever their summary says; another limit is another rule."""
    twins = [rule(), rule(name="twin", summary="x"), rule(name="other", above=20)]
    assert list(findings(twins)) == [
        (("rules", 1), "twin: says what r says; leave one of them out")
    ]
