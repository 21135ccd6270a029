"""Somebody hears from us while we are well, and only then."""

from __future__ import annotations

import pytest
from messages import NOW
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock

from logmond.outputs.heartbeat import Heartbeat
from logmond.outputs.notifier import NotDelivered
from logmond.outputs.pacing import DEGRADED_S
from logmond.outputs.posting import Answer

TAKEN = Answer(200, "OK", "", None)


class Beating:
    """A heartbeat every minute of a daemon that lives second by second."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.heard: list[str] = []
        self.answer: Deferred[Answer] | None = None
        self.evaluated, self.commits, self.reasons = NOW, 0, ""
        self.heartbeat = Heartbeat(
            self._post,
            every_s=60,
            timeout_s=10,
            reactor=self.clock,
            wall=lambda: NOW + self.clock.seconds(),
        )

    def _post(self, body: bytes) -> Deferred[Answer]:
        self.heard.append(body.decode())
        answer, self.answer = self.answer, None
        return answer if answer is not None else succeed(TAKEN)

    def live(self, seconds: int, *, evaluates: bool = True, commits: bool = True) -> list[str]:
        """Seconds pass; what was heard meanwhile."""
        before = len(self.heard)
        for _ in range(seconds):
            self.heartbeat.tick(self.evaluated, self.commits, self.reasons)
            self.clock.advance(1)
            self.evaluated += evaluates
            self.commits += commits
        return self.heard[before:]


def test_the_first_beat_follows_the_first_second_and_the_others_at_their_pace() -> None:
    """One that dies at each start has evaluated nothing, and is not heard."""
    beating = Beating()
    assert beating.live(1) == []
    assert beating.live(1) == ["ok"]
    assert beating.live(59) == []
    assert beating.live(1) == ["ok"]
    assert beating.live(600) == ["ok"] * 10


@pytest.mark.parametrize(("evaluates", "commits"), [(False, True), (True, False)])
def test_a_daemon_that_stands_still_falls_silent(evaluates: bool, commits: bool) -> None:
    """Evaluating and keeping, both: one without the other is no health."""
    beating = Beating()
    beating.live(2)
    beating.live(20)
    assert beating.live(300, evaluates=evaluates, commits=commits) == []
    beating.live(1)
    assert beating.live(1) == ["ok"], "it was due long ago"


def test_a_clock_that_was_set_back_does_not_silence_it() -> None:
    """The evaluated second moves, wherever it is."""
    beating = Beating()
    beating.live(2)
    beating.evaluated -= 3600
    assert beating.live(60) == ["ok"]


def test_what_is_wrong_is_said() -> None:
    """Degraded is alive; no control character leaves with it."""
    beating = Beating()
    beating.live(1)
    beating.reasons = "source web: \x1b[2Junreadable"
    assert beating.live(1) == ["degraded: source web: \\x1b[2Junreadable"]


def test_a_beat_that_fails_is_counted_and_not_repeated() -> None:
    """The next one comes when it is due."""
    beating = Beating()
    beating.answer = fail(NotDelivered("cannot connect"))
    beating.live(3)
    status = beating.heartbeat.status()
    assert (status.state, status.reason) == ("retrying", "cannot connect")
    assert (status.sent, status.failed, status.since) == (0, 1, NOW + 1)
    assert beating.live(58) == []
    assert beating.live(1) == ["ok"]
    status = beating.heartbeat.status()
    assert (status.state, status.sent, status.last_sent_at) == ("ok", 1, NOW + 61)


def test_an_answer_that_is_no_yes_counts_as_failed() -> None:
    """A wrong address is answered, too."""
    beating = Beating()
    beating.answer = succeed(Answer(404, "Not Found", "no such check", None))
    beating.live(2)
    assert beating.heartbeat.status().reason == "404 Not Found: no such check"


def test_a_server_that_does_not_answer_is_given_up() -> None:
    """Whatever breaking it off is called there; and asked anew when the next beat is due."""
    beating = Beating()
    beating.answer = Deferred(lambda done: done.errback(NotDelivered("broke off")))
    beating.live(13)
    assert beating.heartbeat.status().reason == "no answer within 10s"
    assert beating.live(60) == ["ok"]


def test_nobody_hearing_us_for_long_is_a_problem_of_the_daemon() -> None:
    """Its `status` says so."""
    beating = Beating()
    for _ in range(DEGRADED_S // 60):
        beating.answer = fail(NotDelivered("cannot connect"))
        beating.live(60)
    assert beating.heartbeat.problem is None
    beating.answer = fail(NotDelivered("cannot connect"))
    beating.live(60)
    assert beating.heartbeat.problem == "heartbeat: not taken for 5m59s: cannot connect"


def test_one_that_was_closed_is_silent() -> None:
    """What was under way ends, and is no failure."""
    beating = Beating()
    beating.answer = Deferred()
    beating.live(2)
    beating.heartbeat.close()
    beating.live(100)
    assert len(beating.heard) == 1
    assert beating.heartbeat.status().failed == 0
