"""Generated lines come at their rate, stop in time, and arrive wherever they are sent."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from logmond.errors import ConfigError, SourceError
from logmond.ingest.formats.detection import detect
from logmond.ingest.scenarios import SCENARIOS
from logmond.ingest.sources.generate import DEBT_S, Generated, Generator, Pace, generate
from logmond.ingest.sources.targets import FileTarget
from logmond.ingest.traffic import TEMPLATES

T0 = 1795453200.0


class FakeTarget:
    """Remembers lines with their seconds; takes no more than `room` of them."""

    def __init__(self) -> None:
        self.refused = 0
        self.taken: list[tuple[int, bytes]] = []
        self.room: int | None = None
        self.closed = 0

    def send(self, second: int, lines: Sequence[bytes]) -> int:
        """Take what there is room for."""
        count = len(lines) if self.room is None else min(self.room, len(lines))
        if self.room is not None:
            self.room -= count
        self.taken += [(second, line) for line in lines[:count]]
        return count

    def close(self) -> Deferred[None]:
        """Count it."""
        self.closed += 1
        return succeed(None)


class Run:
    """A generator on a clock of its own."""

    def __init__(
        self,
        rate: float,
        *,
        seconds: float | None = None,
        seed: int = 1,
        scenario: str = "calm",
        form: str = "nginx-timed",
    ) -> None:
        self.clock = Clock()
        self.target = FakeTarget()
        self.done: list[Generated] = []
        self.finished = Generator(
            self.target,
            rate,
            reactor=self.clock,
            seconds=seconds,
            seed=seed,
            scenario=SCENARIOS[scenario],
            form=form,
            wall=lambda: T0 + self.clock.seconds(),
        ).start()
        self.finished.addCallback(self.done.append)

    def advance(self, seconds: float, step: float = 0.003) -> None:
        """Let time pass in steps, as a reactor would."""
        for _ in range(round(seconds / step)):
            self.clock.advance(step)

    @property
    def lines(self) -> list[bytes]:
        """What was taken, without the seconds."""
        return [line for _, line in self.target.taken]


@pytest.mark.parametrize("rate", [1, 7.5, 100, 2000])
def test_the_rate_is_kept_without_drift(rate: float) -> None:
    """After any whole second as many lines are out as the rate says, and one that is due now."""
    run = Run(rate)
    for second in range(1, 6):
        run.advance(1)
        late_lines = int(rate * 0.013) + 1  # a turn every 10 ms, on a clock of 3 ms
        due = int(rate * second) + 1
        assert due - late_lines <= len(run.lines) <= due
    run.finished.cancel()


def test_a_late_turn_sends_what_it_owes() -> None:
    """A busy second is made up for at once, in several turns."""
    run = Run(1000)
    run.clock.advance(0)
    run.clock.advance(1.5)
    run.advance(0.1)
    assert 1590 <= len(run.lines) <= 1601
    run.finished.cancel()


def test_an_arrear_too_long_is_given_up_and_counted() -> None:
    """After a suspended hour there is no flood."""
    run = Run(1000)
    run.clock.advance(0)
    run.clock.advance(3600)
    run.advance(0.3)
    assert len(run.lines) <= 1000 * (DEBT_S + 0.3) + 2
    run.finished.cancel()
    [done] = run.done
    assert done.unsent + done.lines == pytest.approx(3600 * 1000, abs=310)


@given(st.floats(0.1, 50), st.floats(0.1, 20), st.sampled_from(sorted(SCENARIOS)))
def test_a_pace_never_runs_ahead_and_ends_at_its_total(
    rate: float, seconds: float, scenario: str
) -> None:
    """Line k is due when k lines' worth of time has passed; at the end all are."""
    pace = Pace(rate, seconds, SCENARIOS[scenario].intensity)
    assert pace.total is not None
    before = 0
    for step in range(int(seconds * 10) + 1):
        due = pace.due(step / 10)
        assert before <= due <= pace.total
        assert 0 < pace.wait_s(due, step / 10) <= 1
        before = due
    assert pace.due(seconds) == pace.total
    if scenario == "calm":
        assert rate * seconds - 1e-6 <= pace.total < rate * seconds + 1


def test_it_stops_by_itself_with_exactly_its_lines() -> None:
    """Rate times seconds, not before the time is over."""
    run = Run(30, seconds=2)
    run.advance(1.99)
    assert run.done == []
    run.advance(0.02)
    [done] = run.done
    assert (done.lines, done.unsent, done.refused) == (60, 0, 0)
    assert len(run.lines) == 60
    assert run.target.closed == 1
    assert run.clock.getDelayedCalls() == []


def test_lines_are_stamped_with_the_second_they_are_sent_in() -> None:
    """Each is an access line of now."""
    run = Run(10, seconds=3)
    run.advance(3.01)
    assert {second - T0 for second, _ in run.target.taken} == {0, 1, 2}
    for second, line in run.target.taken:
        assert b"[23/Nov/2026:17:00:0%d +0000]" % (second - T0) in line


def test_a_seed_means_the_same_requests_however_turns_fall() -> None:
    """Only the stamps differ between a quick and a slow machine."""

    def requests(step: float, seed: int) -> list[bytes]:
        run = Run(200, seconds=3, seed=seed)
        run.advance(3.1, step)
        return [line[:20] + line[line.index(b"]") :] for line in run.lines]

    assert requests(0.001, 4) == requests(0.17, 4)
    assert requests(0.001, 4) != requests(0.001, 5)


def test_a_scenario_multiplies_the_rate() -> None:
    """The spike comes in its seconds, the rate before it is the one asked for."""
    run = Run(100, seconds=3, scenario="spike")
    run.advance(3.1)
    by_second = [sum(second == T0 + at for second, _ in run.target.taken) for at in range(3)]
    assert by_second[0] == pytest.approx(100, abs=5)
    assert by_second[2] == pytest.approx(477, abs=15)


@pytest.mark.parametrize("form", TEMPLATES)
def test_each_format_is_detected_as_itself(form: str) -> None:
    """What `--format` names is what comes."""
    run = Run(50, seconds=1, form=form)
    run.advance(1.1)
    assert detect(run.lines).format.name == form


def test_a_target_that_is_full_is_tried_again_and_loses_nothing() -> None:
    """Lines wait for room in their order."""
    run = Run(100, seconds=1)
    run.target.room = 40
    run.advance(0.6)
    assert len(run.lines) == 40
    run.target.room = None
    run.advance(0.6)
    free = Run(100, seconds=1)
    free.advance(1.1)
    assert [line.partition(b"]")[2] for line in run.lines] == [
        line.partition(b"]")[2] for line in free.lines
    ]
    assert run.done[0].unsent == 0


def test_a_target_that_stays_full_ends_with_the_rest_unsent() -> None:
    """It is waited for some seconds only, and the result says so."""
    run = Run(100, seconds=1)
    run.target.room = 40
    run.advance(5.9)
    assert run.done == []
    run.advance(0.2)
    [done] = run.done
    assert (done.lines, done.unsent) == (40, 60)
    assert "60 more were due" in str(done)


def test_cancelling_ends_it_with_what_was_done() -> None:
    """An interrupted run still reports, and leaves nothing behind."""
    run = Run(100)
    run.advance(0.5)
    run.finished.cancel()
    [done] = run.done
    assert done.lines == len(run.lines)
    assert run.target.closed == 1
    assert run.clock.getDelayedCalls() == []


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ({"rate": 0}, "--rate"),
        ({"rate": -1}, "--rate"),
        ({"rate": float("nan")}, "--rate"),
        ({"seconds": 0}, "--seconds"),
        ({"scenario": "storm"}, "--scenario"),
        ({"form": "xml"}, "--format"),
        ({"to": "http://localhost/"}, "--to"),
        ({"to": "udp://localhost"}, "--to"),
        ({"to": "tcp://localhost:x"}, "--to"),
    ],
)
def test_an_argument_that_cannot_be_is_a_usage_error(arguments: dict[str, Any], place: str) -> None:
    """It names the option."""
    with pytest.raises(ConfigError, match=place):
        generate(**{"to": "-", "rate": 1, "reactor": Clock(), **arguments})


def test_a_file_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    """It names the file and the reason."""
    with pytest.raises(SourceError, match=r"missing/x: cannot be written: No such file"):
        generate(str(tmp_path / "missing" / "x"), 1, reactor=Clock())


def test_a_full_disk_is_one_clear_error() -> None:
    """It names the file and the reason."""
    target = FileTarget(os.open("/dev/full", os.O_WRONLY), "/dev/full")
    with pytest.raises(SourceError, match="/dev/full: cannot be written: No space left"):
        target.send(0, [b"x"])
    target.close()


def test_a_pipe_that_nobody_reads_any_more_ends_it() -> None:
    """The reader has left: the run fails with that, and closes its target."""
    run = Run(10)
    reading, writing = os.pipe()
    pipe = FileTarget(writing, "pipe")
    run.target.send = pipe.send  # type: ignore[method-assign]
    os.close(reading)
    failures: list[object] = []
    run.finished.addErrback(lambda failure: failures.append(failure.type))
    run.advance(0.1)
    assert failures == [BrokenPipeError]
    assert run.target.closed == 1
    pipe.close()
