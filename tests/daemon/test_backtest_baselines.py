"""Rules beside what is usual: a backtest learns it from its logs, and from a state file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from logmond.config.loading import loads
from logmond.config.trial import tried
from logmond.daemon.backtest import Backtest
from logmond.daemon.oldlogs import assigned
from logmond.frame.frame import Exact
from logmond.frame.minutes import Minute, pack_minute
from logmond.ingest.scenarios import time_local
from logmond.ingest.sources.oldlog import OldLog
from logmond.interfaces.outcome import Outcome
from logmond.stores.database import Database
from logmond.stores.history import History, open_history
from logmond.stores.rows import Changes, IncidentRow

T0 = 1_795_453_200
RULE: dict[str, Any] = {
    "name": "unusual",
    "metric": "hits",
    "window": "1m",
    "above_baseline": "3x",
    "min_hits": 10,
}
HOURS = 4 * 3600


def write(log: Path, first: int, last: int, spike: int | None = None) -> Path:
    """A line every two seconds; five a second for two minutes from `spike` on."""
    with log.open("wb") as file:
        for second in range(first, last):
            fast = spike is not None and spike <= second < spike + 120
            line = b'192.0.2.1 - - [%b] "GET /a/x HTTP/1.1" 200 10\n' % time_local(T0 + second)
            file.write(line * (5 if fast else 1 - second % 2))
    return log


def run(
    log: Path, rules: Sequence[dict[str, Any]], history: History | None = None, *trials: str
) -> Outcome:
    """What a backtest finds."""
    whole = {"node": "test", "rules": list(rules), "stats": {"timezone": "UTC"}}
    trial = tried(loads(yaml.safe_dump(whole), "test", {}).config, trials)
    found = assigned([OldLog(str(log))], trial.config, None)
    backtest = Backtest(trial, found, history=history, wall=lambda: T0 + 1e6)
    backtest.run()
    return backtest.outcome("test")


def fired(outcome: Outcome) -> list[int]:
    """When, since T0."""
    return [ran.event.triggered_at - T0 for ran in outcome.incidents]


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty minutes, too few to know what is usual, then a rise."""
    return write(tmp_path_factory.mktemp("short") / "access.log", 0, 1500, 1200)


def state(path: Path, hits: int, *incidents: IncidentRow) -> str:
    """The state file of a daemon that counted so many a minute for three hours before T0."""
    minutes = {
        T0 - 60 * n: pack_minute(
            Minute(Exact(cells={("syslog", "-", "GET", "200", "/a"): [hits, 0]}), ())
        )
        for n in range(1, 182)
    }
    with closing(Database(str(path), lambda one, _: one)) as database:
        database.write(Changes(minutes=minutes, incidents=list(incidents)))
    return str(path)


def test_what_is_usual_is_learned_from_the_logs(tmp_path: Path) -> None:
    """After hours of them; every value of a sweep is beside the same usual."""
    log = write(tmp_path / "access.log", 0, HOURS, HOURS - 600)
    outcome = run(log, [RULE], None, "unusual.above_baseline=2x,4x,20x")
    assert outcome.rules[0].not_tested == ""
    (at,) = fired(outcome)
    assert HOURS - 600 < at < HOURS - 570
    (sweep,) = outcome.sweeps
    assert [(value, count.fired) for value, count in sweep.counts] == [
        ("2x", 1), ("4x", 1), ("20x", 0),
    ]  # fmt: skip


def test_without_enough_of_them_nothing_is_unusual(short: Path) -> None:
    """It cannot be told, so it does not fire, which is no sign that all was well."""
    outcome = run(short, [RULE])
    assert fired(outcome) == []
    assert outcome.rules[0].not_tested.startswith("baseline not known yet: ")


def test_a_state_file_knows_the_days_before(short: Path, tmp_path: Path) -> None:
    """For the rule and for each of its variants."""
    with closing(open_history(state(tmp_path / "state.db", 30))) as history:
        outcome = run(short, [RULE], history, "unusual.above_baseline=2x..4x/1x")
        (at,) = fired(outcome)
        assert 1200 < at < 1230
        assert [count.fired for _, count in outcome.sweeps[0].counts] == [1, 1, 1]
    with closing(open_history(state(tmp_path / "busy.db", 300))) as history:
        assert fired(run(short, [RULE], history)) == []


def test_minutes_of_earlier_incidents_of_the_rule_say_nothing(short: Path, tmp_path: Path) -> None:
    """With one that lasted for most of what is known, too little is left."""
    body = msgspec.json.encode({"group": {}})
    incident = IncidentRow("019ab1c2", "unusual", T0 - 10_800, T0 - 600, body)
    path = state(tmp_path / "state.db", 30, incident)
    with closing(open_history(path)) as history:
        outcome = run(short, [RULE], history, "unusual.above_baseline=2x,4x")
    assert fired(outcome) == []
    assert [count.fired for _, count in outcome.sweeps[0].counts] == [0, 0]
