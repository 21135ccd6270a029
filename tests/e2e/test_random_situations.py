"""Whatever the rules and the traffic: live, restarted, caught up and backtested tell the same."""

from __future__ import annotations

import gzip
import random
from datetime import datetime
from pathlib import Path

import pytest
import simulated
from lives import backtested, followed, replayed
from programs import soaking
from situations import Situation
from stories import Event, Story, exact, in_words, plain

ZERO = 1795453204
SEEDS = range(100) if soaking() else range(4)


def until(story: Story, events: list[Event]) -> list[Event]:
    """The events up to the last line, where a backtest ends."""
    return [e for e in events if datetime.fromisoformat(e["time"]).timestamp() <= story.last]


def dealt(story: Story, folder: Path, rng: random.Random) -> list[Path]:
    """Logs, one of them compressed, among which the lines of a story were dealt out."""
    logs = [folder / "a.log", folder / "b.log.gz", folder / "c.log"]
    parts: list[list[bytes]] = [[] for _ in logs]
    for _, line in story.lines():
        rng.choice(parts).append(line + b"\n")
    for log, part in zip(logs, parts, strict=True):
        data = b"".join(part)
        log.write_bytes(gzip.compress(data) if log.suffix == ".gz" else data)
    return logs


def agree(events: list[Event], told: list[Event]) -> None:
    """All is the same but what is said of tops, which are of blocks, not of seconds."""
    assert plain(events) == plain(told)
    for one, other in zip(events, told, strict=True):
        # Statements on tops may leave less room for the last of these.
        pairs = zip(exact(one), exact(other), strict=False)
        assert all(mine == theirs for mine, theirs in pairs)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_situation_is_told_the_same_however_it_is_lived_through(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Followed, followed by one that is killed, found afterwards, and in logs of any kind."""
    monkeypatch.setattr(simulated, "TURN_S", 0.25)
    story, rng = Situation.of(seed, ZERO + 7 * seed), random.Random(seed)
    folders = [tmp_path / name for name in ("live", "killed", "past")]
    for folder in folders:
        folder.mkdir()
    told = until(story, followed(story, folders[0]))
    moments = sorted(rng.uniform(3, story.last - story.first - 60) for _ in range(4))
    pauses = [(story.first + at, story.first + at + rng.uniform(0.3, 50)) for at in moments[::2]]
    agree(until(story, followed(story, folders[1], pauses)), told)
    agree(until(story, replayed(story, folders[2], kills=[rng.randint(1, 30)])), told)
    agree(backtested(story, *dealt(story, tmp_path, rng)), told)

    for rule, found in story.naive().items():
        mine = in_words(event for event in told if event["rule"] == rule)
        assert [
            (one.group, one.first_severity, one.triggered_at, one.recovered_at) for one in mine
        ] == [(one.group, one.first_severity, one.triggered_at, one.recovered_at) for one in found]
        values = [pair for one in mine for pair in (one.value, one.recovered_value or 0.0)]
        known = [pair for one in found for pair in (one.value, one.recovered_value or 0.0)]
        assert values == pytest.approx(known, abs=5e-5)
