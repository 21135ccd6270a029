"""The evaluation clock hands out every second once, and knows when time broke."""

from __future__ import annotations

import pytest

from logmond.stats.clock import EvaluationClock, Jump

WALL = 1_795_453_200.0


def clock_at(monotonic: float) -> EvaluationClock:
    """A clock started at WALL."""
    return EvaluationClock(3.0, monotonic, WALL)


def test_every_second_is_due_exactly_once_whatever_the_ticks_do() -> None:
    """Late, early and uneven ticks never skip or repeat a second."""
    clock, evaluated, seen = clock_at(10.0), int(WALL) - 4, []
    moment = 0.0
    for wait in (1.0, 0.4, 0.2, 2.9, 0.1, 1.0, 0.0, 4.9, 1.1):
        moment += wait
        due = clock.tick(evaluated, 10.0 + moment, WALL + moment)
        assert due.jump is None
        seen += due.seconds
        evaluated = seen[-1] if seen else evaluated
    assert seen == list(range(int(WALL) - 3, int(WALL + moment) - 3 + 1))


@pytest.mark.parametrize("step", [3600, -3600, 86400, -86400, 5.5])
def test_a_clock_step_begins_a_new_epoch_and_evaluates_nothing_between(step: float) -> None:
    """Both directions; the next tick goes on from the new epoch."""
    clock = clock_at(10.0)
    due = clock.tick(int(WALL) - 3, 11.0, WALL + 1 + step)
    assert list(due.seconds) == []
    assert due.jump is not None
    assert due.jump.to == int(WALL + 1 + step)
    assert "stepped" in due.jump.reason
    evaluated = [
        list(clock.tick(due.jump.to, 11.0 + later, WALL + 1 + later + step).seconds)
        for later in (1, 2, 3, 4)
    ]
    # What was on its way during the step carries stamps of the time before.
    assert evaluated == [[], [], [], [due.jump.to + 1]]


def test_small_corrections_are_followed_within_the_epoch() -> None:
    """NTP slewing by a second or two skips no evaluation."""
    clock = clock_at(10.0)
    due = clock.tick(int(WALL) - 3, 11.0, WALL + 3)
    assert list(due.seconds) == [int(WALL) - 2, int(WALL) - 1, int(WALL)]
    back = clock.tick(int(WALL), 12.0, WALL + 1)
    assert list(back.seconds) == []


def test_what_was_missed_is_read_before_it_is_evaluated() -> None:
    """A late tick evaluates nothing, nor does one that follows on its heels."""
    clock, evaluated = clock_at(10.0), int(WALL) - 3
    for moment in (14.0, 14.3):
        due = clock.tick(evaluated, moment, WALL + moment - 10)
        assert (list(due.seconds), due.jump) == ([], None)
    due = clock.tick(evaluated, 15.0, WALL + 5)
    assert list(due.seconds) == list(range(evaluated + 1, evaluated + 6))


def test_ticks_that_are_always_late_do_not_stop_evaluation() -> None:
    """On a machine that cannot keep up every other tick evaluates."""
    clock, evaluated, seen = clock_at(10.0), int(WALL) - 3, []
    for moment in (12.0, 14.0, 16.0, 18.0):
        seen.append(list(clock.tick(evaluated, moment, WALL + moment - 10).seconds))
        evaluated = seen[-1][-1] if seen[-1] else evaluated
    assert list(map(len, seen)) == [0, 4, 0, 4]


def test_a_stopped_process_begins_a_new_epoch() -> None:
    """After SIGSTOP for a minute, that minute is not evaluated in one go."""
    due = clock_at(10.0).tick(int(WALL) - 3, 70.0, WALL + 60)
    assert due.jump == Jump(int(WALL) + 57, "nothing ran for 60s", stepped=False)


def test_state_of_a_clock_that_was_ahead_does_not_freeze_evaluation() -> None:
    """An evaluated second far in the future, from before a restart, ends its epoch."""
    due = clock_at(10.0).tick(int(WALL) + 3600, 11.0, WALL + 1)
    assert due.jump is not None
    assert due.jump.to == int(WALL) + 1


def test_a_longer_delay_than_before_a_restart_is_waited_for() -> None:
    """Seconds evaluated with no delay lie ahead of the clock; that is no new epoch."""
    due = clock_at(10.0).tick(int(WALL) + 1, 11.0, WALL + 1)
    assert (list(due.seconds), due.jump) == ([], None)
