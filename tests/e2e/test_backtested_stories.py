"""A backtest tells what a daemon told: live, over restarts, and caught up with afterwards."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from lives import backtested, followed, replayed
from stories import Story, exact, plain

from logmond.ingest.scenarios import SCENARIOS

ZERO = 1795453200


@pytest.fixture(scope="module", params=SCENARIOS)
def story(request: pytest.FixtureRequest) -> Story:
    """Each scenario as it happened on one evening."""
    return Story(SCENARIOS[request.param], ZERO)


def test_a_backtest_gives_the_incidents_of_the_living(story: Story, tmp_path: Path) -> None:
    """Followed with and without kills, caught up with, or read afterwards: the same events."""
    live, killed, past = (tmp_path / name for name in ("live", "killed", "past"))
    for folder in (live, killed, past):
        folder.mkdir()
    told = followed(story, live)
    rng = random.Random(story.scenario.name)
    pauses = [(at, at + rng.uniform(1, 40)) for at in (story.zero - 50.5, story.zero + 20.7)]
    assert plain(followed(story, killed, pauses)) == plain(told)
    assert plain(replayed(story, past)) == plain(told)
    again = backtested(story, live / "access.log")
    assert plain(again) == plain(told)
    assert list(map(exact, again)) == list(map(exact, told))


def test_a_log_in_pieces_of_any_order_and_form_is_the_same_log(
    story: Story, tmp_path: Path
) -> None:
    """Evidence and all, however it was rotated, and whatever is named first."""
    whole, first, second = (tmp_path / name for name in ("whole.log", "a.log.1", "a.log"))
    lines = [line + b"\n" for _, line in story.lines()]
    whole.write_bytes(b"".join(lines))
    cut = len(lines) // 3
    first.write_bytes(b"".join(lines[:cut]))
    second.write_bytes(b"".join(lines[cut:]))
    assert backtested(story, second, first) == backtested(story, whole)
