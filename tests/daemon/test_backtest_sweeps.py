"""What one value more or less would have given, and what is expected of a backtest."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from backtest_logs import BUSY, lines, run
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.config.loading import loads
from logmond.config.trial import tried
from logmond.daemon.backtest import Backtest
from logmond.daemon.expectations import expected
from logmond.daemon.oldlogs import assigned
from logmond.errors import ConfigError
from logmond.ingest.sources.oldlog import OldLog

_TRIALS = (
    "busy.above=5..40/5",
    "busy.window=5s,10s,20s,6m",
    "busy.hold=0s..20s/5s",
    "busy.for=0s..9s/3s",
    "failing.above=5%..65%/20%",
    "failing.min_hits=1..41/10",
    "quiet.below=1..9/2",
)


@settings(max_examples=5)
@given(st.integers(0, 10**6))
def test_a_sweep_counts_what_each_value_gives_by_itself(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """Whatever the traffic: as many incidents, as long, with the same pauses."""
    draw = random.Random(seed)
    log = tmp_path_factory.mktemp("sweep") / "access.log"
    with log.open("wb") as file:
        rate = 1
        for at in range(420):
            rate = draw.choice((rate, rate, rate, rate, 0, 1, 2, 5))
            for _ in range(rate):
                file.write(lines(at, 1, draw.choice("abc"), draw.choice((200, 200, 404, 500))))
        file.write(lines(421))
    window = {"window": "30s", "group_by": ["section"]}
    rules = [
        BUSY,
        {"name": "failing", "metric": "ratio_5xx", "above": "25%", "for": "2s", **window},
        {"name": "quiet", "metric": "hits", "below": 2, "window": "20s"},
    ]
    whole = run([log], rules, trials=_TRIALS)
    alone = run([log], rules)
    assert [ran.event.id for ran in whole.incidents] == [ran.event.id for ran in alone.incidents]
    for sweep in whole.sweeps:
        name = sweep.name.partition(".")[0]
        value, count = draw.choice(sweep.counts)
        single = run([log], rules, trials=[f"{sweep.name}={value}"])
        (other,) = [one.count for one in single.rules if one.rule == name]
        assert _shown(count) == _shown(other), (sweep.name, value)


def _shown(count: Any) -> tuple[Any, ...]:
    return count.fired, count.open, count.total_s, count.longest_s, count.shortest_gap_s


@pytest.mark.parametrize(
    ("per_day", "hints"),
    [
        (1.0, ["no alert from 50 on", "at most 1 in 8m20s from 40 on"]),
        (0.9, ["no alert from 50 on"]),
        (5.0, ["no alert from 50 on", "at most 5 in 8m20s from 10 on"]),
    ],
)
def test_a_sweep_hints_at_the_smallest_value_that_is_quiet_enough(
    per_day: float, hints: list[str], tmp_path: Path
) -> None:
    """None at all, and so many in what was tested, where that is no whole day."""
    log = tmp_path / "access.log"
    sizes = {50: 35, 150: 25, 250: 25, 350: 15}
    log.write_bytes(b"".join(lines(at, sizes.get(at, 1)) for at in range(500)))
    config = loads(yaml.safe_dump({"rules": [BUSY]}), "test", {}).config
    trial = tried(config, ["busy.above=10..50/10"])
    backtest = Backtest(trial, assigned([OldLog(str(log))], config, None))
    backtest.run()
    (sweep,) = backtest.outcome("test", (), per_day).sweeps
    assert [(value, count.fired) for value, count in sweep.counts] == [
        ("10", 4), ("20", 4), ("30", 3), ("40", 1), ("50", 0),
    ]  # fmt: skip
    assert list(sweep.hints) == hints


@pytest.mark.parametrize(
    ("wanted", "holds"),
    [("none", False), ("1", True), ("2", False), ("1..3", True), ("2..", False), ("0..", True),
     ("busy=1", True), ("busy=none", False)],
)  # fmt: skip
def test_an_expectation_is_a_number_or_a_range(wanted: str, holds: bool, tmp_path: Path) -> None:
    """Of all rules, or of one."""
    log = tmp_path / "access.log"
    log.write_bytes(lines(0) + lines(20, 30) + lines(90))
    (one,) = run([log], expect=[wanted]).expectations
    assert (one.held, one.fired) == (holds, 1)


@pytest.mark.parametrize("wanted", ["some", "-1", "1...2", "busi=none", "=1", "", "2..1"])
def test_an_expectation_that_cannot_be_read_is_refused(wanted: str) -> None:
    """With what would work."""
    with pytest.raises(ConfigError, match=r"did you mean|for example"):
        expected([wanted], ["busy"])
