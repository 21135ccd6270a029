"""A daemon that starts knows what its state file tells of earlier days."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_twisted
from patience import within
from twisted.internet import reactor

from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService
from logmond.config.loading import loads
from logmond.daemon.usual import baselines, recall
from logmond.frame.frame import Exact
from logmond.frame.minutes import Minute, merge_minutes, pack_minute
from logmond.stats.service import StatisticsService
from logmond.stores.rows import Changes, IncidentRow
from logmond.stores.sqlite import SqliteState

NOON = 1_795_435_200
DAY_S = 86400
RULE = Rule(
    "busy", "hits", group_by=("vhost",), window_s=60, above=(("warning", 3.0),), baseline=True
)
CONFIG = loads("stats: {timezone: UTC}\n", "f", {}).config.stats


def minute(hits: int) -> bytes:
    """A minute of one host."""
    return pack_minute(Minute(Exact({("web", "shop", "GET", "200", "/"): [hits, hits]})))


def minutes() -> dict[int, bytes]:
    """Around noon of six days: 100 requests a minute on three, 900 on the three after them."""
    return {
        NOON - day * DAY_S + 60 * at: minute(900 if day <= 3 else 100)
        for day in range(1, 7)
        for at in range(-6, 7)
    }


def incident(number: int, group: bytes, day: int) -> IncidentRow:
    """An incident over noon of a day."""
    at = NOON - day * DAY_S
    return IncidentRow(f"0198-{number}", "busy", at - 600, at + 600, b'{"group":%b}' % group)


@pytest_twisted.async_yield_fixture
async def state(tmp_path: Path) -> AsyncIterator[SqliteState]:
    """The state of an earlier run, opened again."""
    path = str(tmp_path / "state.db")
    earlier = SqliteState(path, reactor, merge=merge_minutes)
    earlier.open()
    rows = [incident(day, b'{"vhost":"shop"}', day) for day in (1, 2, 3)]
    rows += [incident(4, b'{"vhost":"other"}', 4), incident(5, b"[]", 5), incident(6, b"{}", 6)]
    await within(5, earlier.commit(Changes(minutes=minutes(), incidents=rows)))
    await within(5, earlier.close())
    again = SqliteState(path, reactor, merge=merge_minutes)
    again.open()
    yield again
    await within(5, again.close())


@pytest_twisted.ensureDeferred
async def test_minutes_and_incidents_of_the_state_make_the_first_limits(state: SqliteState) -> None:
    """Three days with an incident of this very group are left out, the three before count."""
    stats = StatisticsService()
    stats.start(NOON - 1)
    usual = baselines(CONFIG, stats, state)
    alerts = AlertService([RULE], stats, "web1", usual)
    recall(alerts.baselines, state, stats.evaluated)
    found = usual.usual(RULE, ("shop",))
    assert (found.value, found.days) == (100, 3)
    assert usual.usual(RULE, ("other",)).days == 5  # of its own incident it has another day


@pytest_twisted.ensureDeferred
async def test_before_the_first_second_nothing_is_asked(state: SqliteState) -> None:
    """Old files say where to begin; until then there is no time of day."""
    stats = StatisticsService()
    usual = baselines(CONFIG, stats, state)
    AlertService([RULE], stats, "web1", usual)
    recall(usual, state, stats.evaluated)
    assert usual.usual(RULE, ("shop",)).reason == "baseline is being read"
