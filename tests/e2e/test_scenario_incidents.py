"""Each scenario raises its incidents: live, over restarts, and read from a file afterwards.

Time is simulated here; `test_scenario_processes` does the same to real processes.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from lives import followed, received, replayed
from stories import Event, Story, in_words, plain

from logmond.ingest.scenarios import SCENARIOS

ZERO = 1795453200
SEEDS = pytest.mark.parametrize("seed", [1, 2, 3])


@pytest.fixture(scope="module", params=SCENARIOS)
def story(request: pytest.FixtureRequest) -> Story:
    """Each scenario as it happened on one evening."""
    return Story(SCENARIOS[request.param], ZERO)


@pytest.fixture(scope="module")
def live(story: Story, tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """What is told by a daemon that followed the file while it was written."""
    return followed(story, tmp_path_factory.mktemp("live"))


@pytest.fixture(scope="module")
def past(story: Story, tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """What is told by a daemon that read the file when all was over."""
    return replayed(story, tmp_path_factory.mktemp("past"))


def test_a_scenario_raises_exactly_its_incidents(story: Story, live: list[Event]) -> None:
    """Trigger, value, severity, peaks and recovery of each are those of brute force."""
    assert in_words(live) == story.brute_force()


def test_the_incidents_are_those_the_scenario_is_known_for(story: Story, live: list[Event]) -> None:
    """Rules, severities and evidence, in the order of their triggers, and nothing besides."""
    known = story.scenario.incidents
    assert [(one.rule, one.severity) for one in in_words(live)] == [
        (one.rule, one.severity) for one in known
    ]
    for one in known:
        first = next(event for event in live if event["rule"] == one.rule)
        evidence = {(e["dimension"], e["key"]) for e in first["evidence"]}
        assert set(one.evidence.items()) <= evidence


def test_datagrams_tell_what_the_file_tells(
    story: Story, live: list[Event], tmp_path: Path
) -> None:
    """The road does not matter."""
    assert plain(received(story, tmp_path)) == plain(live)


@SEEDS
def test_three_kills_while_it_happens_change_nothing(
    story: Story, live: list[Event], seed: int, tmp_path: Path
) -> None:
    """The same events with the same ids, however long each pause was."""
    rng = random.Random(f"{story.scenario.name}/{seed}")
    kills = []
    for begin in (story.zero - 60, story.zero + 5, story.zero + 90):
        killed = begin + rng.uniform(0, 30)
        kills.append((killed, killed + rng.uniform(0.1, 50)))
    assert plain(followed(story, tmp_path, kills)) == plain(live)


def test_a_scenario_read_afterwards_gives_the_same_incidents(
    live: list[Event], past: list[Event]
) -> None:
    """The same events with the same ids as those told while it happened."""
    assert plain(past) == plain(live)


@SEEDS
def test_three_kills_while_it_is_read_change_nothing(
    story: Story, past: list[Event], seed: int, tmp_path: Path
) -> None:
    """Whether anything was committed since the last one or not; to the last digit of evidence."""
    rng = random.Random(f"{story.scenario.name}/{seed}")
    kills = [rng.randrange(1, 28) for _ in range(3)]
    assert replayed(story, tmp_path, kills) == past
