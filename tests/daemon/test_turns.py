"""Seconds are evaluated with turns of the reactor between; nothing comes between their parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock

from logmond.daemon.evaluation import Evaluation
from logmond.daemon.turns import SLICE_S, TICK_S, Turns

PIECE_S = 0.6 * SLICE_S


class Working(Clock):
    """A reactor; parts that work move its time."""

    turns = 0
    """How often work was left to a later turn."""

    def callLater(self, delay: float, call: Any, *args: Any, **named: Any) -> Any:
        self.turns += 1
        return super().callLater(delay, call, *args, **named)


class Part:
    """Statistics or alerts: three pieces a second, each of some time."""

    def __init__(self, clock: Working, done: list[str], name: str, piece_s: float) -> None:
        self._clock, self._done, self._name, self._piece_s = clock, done, name, piece_s

    def pieces(self, second: int) -> Iterator[None]:
        for number in range(3):
            self._clock.rightNow += self._piece_s
            self._done.append(f"{self._name}{second}.{number}")
            if number < 2:
                yield

    advances = steps = pieces


class Scene:
    """Turns over two such parts."""

    def __init__(self, piece_s: float = PIECE_S) -> None:
        self.clock = Working()
        self.done: list[str] = []
        parts: list[Any] = [Part(self.clock, self.done, name, piece_s) for name in "sa"]
        self.evaluation = Evaluation(parts[0], parts[1], {})
        self.turns = Turns(self.evaluation, self.clock)

    def seconds(self) -> list[str]:
        """The seconds that were touched, as ``s1`` and ``a1``."""
        return list(dict.fromkeys(part.partition(".")[0] for part in self.done))

    def turn(self) -> None:
        """Let the reactor turn once."""
        self.clock.advance(0)


def test_a_slice_ends_after_its_time_and_goes_on_in_the_next_turn() -> None:
    """The second piece is begun in time, the third is not."""
    scene = Scene()
    ended = scene.turns.run([1])
    assert scene.done == ["s1.0", "s1.1"]
    assert not ended.called
    scene.turn()
    assert scene.done[2:] == ["s1.2", "a1.0", "a1.1", "a1.2"]
    scene.turn()
    assert ended.called


def test_seconds_are_evaluated_in_order_and_completely() -> None:
    """However many turns it takes."""
    scene = Scene()
    ended = scene.turns.run([1, 2])
    while not ended.called:
        scene.turn()
    assert scene.seconds() == ["s1", "a1", "s2", "a2"]
    assert len(scene.done) == 12


def test_what_does_not_fit_into_a_tick_is_left_to_the_next() -> None:
    """The second that was begun is completed, so that the tick can commit."""
    scene = Scene(piece_s=TICK_S / 5)
    ended = scene.turns.run([1, 2, 3])
    while not ended.called:
        scene.turn()
    assert scene.seconds() == ["s1", "a1"]
    assert len(scene.done) == 6


def test_whoever_touches_the_statistics_finishes_the_second_first() -> None:
    """Collecting waits for no turn, and splits no second."""
    scene = Scene()
    ended = scene.turns.run([1])
    scene.evaluation.finish()
    assert len(scene.done) == 6
    scene.turn()
    assert ended.called
    assert len(scene.done) == 6


def test_a_stop_finishes_the_second_and_begins_no_other() -> None:
    """What was due goes on after the next start."""
    scene = Scene()
    ended = scene.turns.run([1, 2])
    scene.turns.stop()
    assert ended.called
    assert scene.seconds() == ["s1", "a1"]
    assert len(scene.done) == 6
    assert scene.clock.getDelayedCalls() == []


def test_a_fault_in_the_middle_of_a_second_reaches_who_asked() -> None:
    """The tick fails with it."""
    scene = Scene()
    failing: Any = scene.evaluation.alerts

    def broken(second: int) -> Iterator[None]:
        yield
        raise ZeroDivisionError(second)

    failing.steps = broken
    ended = scene.turns.run([1])
    caught: list[Any] = []
    ended.addErrback(caught.append)
    while not caught:
        scene.turn()
    with pytest.raises(ZeroDivisionError):
        caught[0].raiseException()


def test_nothing_due_is_done_at_once() -> None:
    """Most ticks of a catching-up daemon."""
    scene = Scene()
    assert scene.turns.run([]).called
    assert scene.done == []


def test_what_is_to_be_kept_is_gathered_behind_the_seconds_in_pieces() -> None:
    """A storm of incidents is packed with turns of the reactor between, before the commit."""
    scene = Scene()

    def last() -> Iterator[None]:
        for number in range(3):
            scene.clock.rightNow += 2 * SLICE_S
            scene.done.append(f"k{number}, turns {scene.clock.turns}")
            yield

    scene.turns = Turns(scene.evaluation, scene.clock, last)
    for _ in range(2):
        scene.done.clear()
        scene.clock.turns = 0
        ended = scene.turns.run([])
        while not ended.called:
            scene.turn()
        assert scene.done == ["k0, turns 0", "k1, turns 1", "k2, turns 2"]
