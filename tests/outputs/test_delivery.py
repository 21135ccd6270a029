"""A message is brought to its notifier until it is taken, one at a time, in the right order."""

from __future__ import annotations

from typing import Any

import pytest
from delivery_scene import TIMEOUT_S, FakeNotifier, Scene, message
from messages import NOW

from logmond.outputs import backlog
from logmond.outputs.audience import Terms
from logmond.outputs.backlog import GIVE_UP_S, HELD_S
from logmond.outputs.delivery import STOP_S
from logmond.outputs.pacing import DEGRADED_S, LAST_RETRY_S
from logmond.outputs.telling import test_message as marked_test


def test_a_message_waits_for_its_commit() -> None:
    """Then it is sent, and leaves the outbox when it is taken."""
    scene = Scene()
    scene.delivery.add(message("m1"))
    mark = scene.delivery.backlog.serial
    [(name, body)] = scene.delivery.backlog.changes().items()
    assert (name, body is not None) == ("m1", True)
    scene.delivery.add(message("m2"))
    scene.turn(1)
    assert scene.notifier.asked == []
    scene.delivery.release(mark)
    assert scene.notifier.asked == ["m1"]
    assert scene.delivery.backlog.changes().keys() == {"m2"}
    scene.notifier.take()
    scene.turn()
    assert scene.notifier.asked == ["m1"]  # the commit of the second is not written
    assert scene.delivery.backlog.changes() == {"m1": None}
    assert (scene.delivery.counts.sent, len(scene.delivery.backlog)) == (1, 1)


def test_a_commit_that_does_not_come_holds_nobody_up_for_long() -> None:
    """A disk may hang."""
    scene = Scene()
    scene.delivery.add(message("m1"))
    scene.turn(HELD_S - 1)
    assert scene.notifier.asked == []
    scene.turn(2)
    assert scene.notifier.asked == ["m1"]


def test_one_message_is_under_way_at_a_time() -> None:
    """In the order they came."""
    scene = Scene()
    scene.add(message("m1"), message("m2"), message("m3"))
    for sent in (["m1"], ["m1", "m2"], ["m1", "m2", "m3"]):
        assert scene.notifier.asked == sent
        scene.notifier.take()
        scene.turn()
    assert scene.delivery.counts.sent == 3


def test_a_failure_is_tried_again_after_a_pause_that_grows() -> None:
    """Between one second and five minutes, by chance; a success begins anew."""
    scene = Scene()
    scene.add(message("m1"))
    pauses = []
    for tried in range(1, 16):
        assert len(scene.notifier.asked) == tried
        scene.notifier.refuse("connection refused")
        pauses.append(scene.until_asked(tried + 1))
    assert all(0.9 <= pause <= LAST_RETRY_S + 1 for pause in pauses)
    assert max(pauses[:3]) < 10
    assert max(pauses) > 30
    assert len({round(pause, 1) for pause in pauses}) > 8
    scene.notifier.take()
    assert scene.delivery.pace.failing_since is None
    assert scene.delivery.counts.failed == 15


def test_the_pause_the_other_side_asks_for_is_kept() -> None:
    """Up to the longest of ours."""
    scene = Scene()
    scene.add(message("m1"))
    scene.notifier.refuse(retry_after_s=60)
    assert 60 <= scene.until_asked(2) <= 61
    scene.notifier.refuse(retry_after_s=10**6)
    assert LAST_RETRY_S <= scene.until_asked(3) <= LAST_RETRY_S + 1


def test_an_attempt_ends_at_its_deadline() -> None:
    """It is cancelled, and an answer that comes all the same changes nothing."""
    scene = Scene()
    scene.add(message("m1"))
    scene.turn(TIMEOUT_S + 1)
    assert scene.notifier.cancelled == 1
    assert "no answer within 15s" in scene.delivery.pace.reason
    scene.until_asked(2)
    scene.notifier.take()
    assert (scene.delivery.counts.sent, scene.delivery.counts.failed) == (1, 1)


def test_what_will_never_be_taken_is_dropped_and_counted() -> None:
    """And leaves the outbox; the next one follows."""
    scene = Scene()
    scene.add(message("m1"), message("m2"))
    scene.delivery.backlog.changes()
    scene.notifier.refuse("400 Bad Request", permanent=True)
    assert scene.delivery.counts.refused == scene.delivery.counts.lost == 1
    assert scene.delivery.backlog.changes() == {"m1": None}
    scene.until_asked(2)
    assert scene.notifier.asked == ["m1", "m2"]
    scene.notifier.take()


def test_a_fault_of_a_notifier_is_loud_and_no_end(logged_errors: Any) -> None:
    """Its message is tried again."""
    scene = Scene()
    scene.add(message("m1"))
    scene.notifier._answers.pop().errback(ZeroDivisionError("bug"))
    assert len(logged_errors.flush(ZeroDivisionError)) == 1
    assert "a fault of logmond (ZeroDivisionError)" in scene.delivery.pace.reason
    scene.until_asked(2)
    scene.notifier.take()


def test_one_that_is_refused_holds_no_other_up() -> None:
    """The gravest of those that failed least often is next."""
    scene = Scene()
    scene.add(message("m1"), message("m2"), message("m3", severity="critical"))
    scene.notifier.refuse()
    scene.until_asked(2)
    scene.notifier.take()
    scene.turn()
    scene.notifier.take()
    scene.turn()
    assert scene.notifier.asked == ["m3", "m1", "m2", "m3"]
    scene.notifier.take()


def test_an_end_never_overtakes_its_beginning() -> None:
    """However often that failed."""
    scene = Scene()
    scene.add(message("alert", about="x"), message("end", "recovered", about="x"), message("other"))
    scene.notifier.refuse()
    scene.until_asked(2)
    assert scene.notifier.asked == ["alert", "other"]
    scene.notifier.take()
    scene.turn()
    scene.notifier.take()
    scene.turn()
    assert scene.notifier.asked == ["alert", "other", "alert", "end"]
    scene.notifier.take()


def test_a_full_queue_drops_reminders_then_the_oldest() -> None:
    """Never the one under way; what is dropped leaves the outbox."""
    scene = Scene(max_queue=3)
    scene.add(message("m1"), message("m2"), message("r", "reminder"))
    scene.delivery.backlog.changes()
    scene.add(message("m3"), message("m4"))
    waiting = [waiting.message.id for waiting in scene.delivery.backlog]
    assert waiting == ["m1", "m3", "m4"]
    changes = scene.delivery.backlog.changes()
    assert {name for name, body in changes.items() if body is None} == {"r", "m2"}
    assert scene.delivery.counts.dropped == 2


def test_a_queue_is_bounded_in_bytes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message of two hundred groups is large; the newest stays whatever it is."""
    monkeypatch.setattr(backlog, "MAX_BYTES", 1000)
    scene = Scene()
    for number in range(9):
        scene.delivery.add(message(f"m{number}"))
    assert scene.delivery.counts.dropped == 9 - len(scene.delivery.backlog) > 0
    assert [waiting.message.id for waiting in scene.delivery.backlog][-1] == "m8"


def test_a_message_of_yesterday_is_given_up() -> None:
    """Counted, and out of the outbox, whether it grew old here or before."""
    scene = Scene()
    scene.add(message("m1"))
    scene.notifier.refuse(retry_after_s=LAST_RETRY_S)
    scene.clock.rightNow += GIVE_UP_S
    scene.delivery.tick()
    assert len(scene.delivery.backlog) == 0
    scene.delivery.add(message("m2"))
    scene.delivery.tick()
    assert scene.delivery.counts.given_up == 2
    assert scene.delivery.backlog.changes() == {"m1": None, "m2": None}
    assert scene.notifier.asked == ["m1"]


def test_the_outbox_of_an_earlier_run_is_first() -> None:
    """What cannot be read of it is dropped, and said."""
    first, second = Scene(), Scene()
    first.add(message("m1"), message("m2"))
    outbox = {name: body for name, body in first.delivery.backlog.changes().items() if body}
    second.delivery.restore({"m0": b"nonsense", **outbox})
    second.add(message("m3"))
    for _ in range(3):
        second.notifier.take()
        second.turn()
    assert second.notifier.asked == ["m1", "m2", "m3"]
    assert second.delivery.counts.dropped == 1
    gone = dict.fromkeys(("m0", "m1", "m2", "m3"))
    assert second.delivery.backlog.changes() == gone


def test_a_test_is_tried_once_and_at_once() -> None:
    """Even in a pause; it is not kept, and says how it went."""
    scene = Scene()
    scene.add(message("m1"), message("m2"))
    scene.notifier.refuse("down")
    scene.delivery.backlog.changes()
    asked = marked_test("hook", "web1", "", NOW, 1)
    results: list[Any] = []
    scene.delivery.test(asked).addBoth(results.append)
    assert scene.notifier.asked == ["m1", asked.id]
    scene.notifier.refuse("still down")
    assert results[0].getErrorMessage() == "still down"
    assert scene.delivery.backlog.changes() == {}
    scene.delivery.test(asked).addBoth(results.append)
    scene.turn()
    scene.notifier.take()
    assert results[1] is None
    scene.turn()
    assert len(scene.notifier.asked) == 4  # it is well again: no need to wait any longer


def test_long_failure_is_a_problem_and_ends_with_a_success() -> None:
    """Nobody is alarmed by a server that restarts."""
    scene = Scene()
    scene.add(message("m1"))
    scene.notifier.refuse("connection refused")
    assert scene.delivery.problem is None
    assert scene.delivery.failing_since == pytest.approx(NOW)
    scene.until_asked(2)
    scene.clock.rightNow = DEGRADED_S
    assert scene.delivery.problem == ("output hook: nothing delivered for 5m0s: connection refused")
    scene.notifier.take()
    assert scene.delivery.problem is None


def test_a_stop_waits_for_the_message_under_way() -> None:
    """But not for long; nothing more is begun, and the rest stays in the outbox."""
    taken, late = Scene(), Scene()
    stopped = []
    for scene in (taken, late):
        scene.add(message("m1"), message("m2"))
        scene.delivery.backlog.changes()
        scene.delivery.stop().addCallback(stopped.append)
    taken.notifier.take()
    taken.turn()
    assert stopped == [None]
    assert taken.delivery.backlog.changes() == {"m1": None}
    late.turn(STOP_S)
    late.turn()
    assert stopped == [None, None]
    assert late.notifier.cancelled == 1
    assert late.delivery.backlog.changes() == {}
    for scene in (taken, late):
        scene.delivery.close()
        scene.turn(100)
        assert (scene.notifier.asked, scene.notifier.closed) == (["m1"], True)
        assert scene.clock.getDelayedCalls() == []


def test_another_notifier_goes_on_with_the_queue() -> None:
    """What was under way is tried again by the new one, at once."""
    scene = Scene()
    before = scene.notifier
    scene.add(message("m1"), message("m2"))
    after = FakeNotifier()
    scene.delivery.replace(after, Terms(TIMEOUT_S, 1000))
    scene.turn()
    assert (before.closed, before.cancelled) == (True, 1)
    assert after.asked == ["m1"]
    after.take()
    scene.turn()
    after.take()
    assert scene.delivery.counts.sent == 2
