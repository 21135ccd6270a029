"""Groups have baselines of their own, as far as there is room for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC

from minute_stats import BUSY, DAY_S, NOON, Days, Watcher, minute_of_hits

from logmond.alerts.baseline import Baselines
from logmond.alerts.rule import Rule
from logmond.alerts.shelf import RULE_GROUPS
from logmond.frame.frame import OTHER
from logmond.frame.minutes import MINUTE_S, Minute


def test_groups_have_baselines_of_their_own() -> None:
    """What is much for one host is little for another."""
    rule = Rule(
        "hosts", "hits_per_second", group_by=("vhost",), window_s=60, above=(("warning", 3.0),),
        baseline=True, min_hits=30, hold_s=0,
    )  # fmt: skip

    def traffic(start: int) -> Mapping[str, int]:
        now = start >= NOON
        return {"big": 1000, "small": 200 if now else 50, "tiny": 8 if now else 2, "new": 70 * now}

    (event,) = Watcher(Days(traffic), rule).run(NOON, 1)
    assert (event.group, event.limit) == ({"vhost": "small"}, 2.5)
    assert "limit 2.5 (3x the usual 0.83)" in event.message


def test_groups_that_were_folded_away_have_no_usual_value() -> None:
    """Of a minute whose small keys were counted together, only the large ones are known."""
    rule = Rule(
        "hosts", "hits", group_by=("vhost",), window_s=60, above=(("warning", 3.0),), baseline=True
    )

    full = False

    def traffic(start: int) -> Minute:
        minute = minute_of_hits({"big": 1000, "small": 30})
        minute.exact.cells["web", OTHER, OTHER, "200", OTHER] = [40, 0]
        if full:
            minute.exact.cells["web", OTHER, OTHER, "200", OTHER] = [2000, 0]
        return minute

    baselines = Baselines(lambda start: None, Days(traffic), zone=UTC)
    baselines.watch([rule, BUSY])
    baselines.prepare(NOON)
    assert baselines.usual(rule, ("big",)).value == 1000
    assert baselines.usual(rule, ("small",)).value is None
    assert baselines.usual(rule, ("unseen",)).value is None
    assert baselines.usual(BUSY, ()).value == 1070
    full = True
    baselines.prepare(NOON + 100 * DAY_S)
    assert baselines.usual(rule, ("big",)).value is None


def test_made_up_groups_are_bounded() -> None:
    """A baseline is made for so many groups; for the rest it says that there were too many."""
    rule = Rule(
        "hosts", "hits", group_by=("vhost",), window_s=60, above=(("warning", 3.0),), baseline=True
    )
    days = Days(lambda start: {"big": 1000} | {f"v{start}-{n}": 20 for n in range(40)})
    baselines = Baselines(lambda start: None, days, zone=UTC)
    baselines.watch([rule])
    baselines.prepare(NOON)
    assert baselines.usual(rule, ("big",)).value == 1000
    found = baselines.usual(rule, ("never seen",))
    assert found.reason == "too many groups, this one has no baseline"
    for minute in range(200):
        baselines.advance(NOON + MINUTE_S * minute + 59)
    assert baselines.usual(rule, ("big",)).value == 1000
    (shelf,) = baselines._ahead.shelves.values()
    assert len(shelf.groups()) == RULE_GROUPS
