"""What alerts remember over a restart."""

from __future__ import annotations

import pytest
from fake_stats import START, Daemon, FakeStatistics, told

from logmond.alerts.rule import Rule
from logmond.alerts.service import ENDED_KEPT, AlertService
from logmond.errors import StateError

HIGH = Rule("high", "hits", window_s=1, hold_s=3, above=(("warning", 10.0),))


def stats() -> FakeStatistics:
    """Busy for ten seconds."""
    fake = FakeStatistics()
    for second in range(10):
        fake.put(second, 20 + second)
    return fake


def test_an_incident_goes_on_after_a_restart_as_if_nothing_had_been() -> None:
    """The same id, peak and hold."""
    daemon = Daemon(HIGH, stats=stats())
    (alert,) = daemon.run(11)
    (recovered,) = daemon.restarted(HIGH).run(20)
    assert (recovered.id, recovered.at) == (alert.id, START + 13)
    assert recovered.peak_value is not None
    assert (recovered.peak_value.value, recovered.peak_value.at) == (29, START + 9)


def test_a_rule_that_went_away_meanwhile_ends_its_incident_at_the_next_second() -> None:
    """Also when the daemon is killed again before that second."""
    daemon = Daemon(HIGH, stats=stats())
    (alert,) = daemon.run(5)
    again = daemon.restarted()
    assert [i.id for i in again.alerts.incidents()] == [alert.id]
    again = again.restarted()
    events = again.run(7)
    assert told(events) == [(6, "removed")]
    assert events[0].id == alert.id


def test_ended_incidents_are_remembered_apart_from_what_changes_every_second() -> None:
    """They are packed only when one has ended."""
    daemon = Daemon(HIGH, stats=stats())
    daemon.run(12)
    kept = daemon.alerts.changes()
    assert "alerts_ended" not in kept
    daemon.run(20)
    changed = daemon.alerts.changes()
    assert changed["alerts_ended"]
    assert "alerts_ended" not in daemon.alerts.changes()
    again = AlertService([HIGH], daemon.stats, "web1")
    again.restore({name: row for name, row in {**kept, **changed}.items() if row is not None})
    assert [i.id for i in again.incidents(all=True)] == [
        i.id for i in daemon.alerts.incidents(all=True)
    ]


def test_only_the_newest_ended_incidents_are_remembered() -> None:
    """However often a value flaps, the memory stays small."""
    fake = FakeStatistics()
    for second in range(0, 600, 2):
        fake.put(second, 50)
    daemon = Daemon(Rule("flap", "hits", window_s=1, hold_s=0, above=HIGH.above), stats=fake)
    daemon.run(601)
    kept = daemon.alerts.incidents(all=True)
    assert len(kept) == ENDED_KEPT
    assert kept[-1].triggered_at == START + 598
    assert len(daemon.restarted(HIGH).alerts.incidents(all=True)) == ENDED_KEPT


def test_a_group_that_was_above_is_still_missed_after_a_restart() -> None:
    """Which groups a `below` rule has seen outlives the daemon."""
    rule = Rule("few", "hits", group_by=("vhost",), window_s=5, below=(("warning", 10.0),))
    fake = FakeStatistics()
    for second in range(10):
        fake.put(second, 5, vhost="shop")
    daemon = Daemon(rule, stats=fake)
    assert daemon.run(9) == []
    assert told(daemon.restarted(rule).run(40)) == [(13, "alert")]


def test_the_count_of_silent_seconds_goes_on_after_a_restart() -> None:
    """Missing data is told after a window of it, restarts or not."""
    rule = Rule("quiet", "ratio_5xx", window_s=10, above=(("warning", 0.5),), no_data="alert")
    daemon = Daemon(rule)
    assert daemon.run(5) == []
    assert told(daemon.restarted(rule).run(20)) == [(9, "alert")]


@pytest.mark.parametrize("packed", [b"", b"\xc1", b"\x93\x01\x02\x03"])
def test_bytes_that_are_no_snapshot_are_refused(packed: bytes) -> None:
    """As a state error, never as a traceback of the decoder."""
    with pytest.raises(StateError):
        Daemon(HIGH).alerts.restore({"alerts": packed})


def test_a_snapshot_of_a_newer_logmond_is_refused() -> None:
    """Rather than misread."""
    packed = Daemon(HIGH).alerts.snapshot()["alerts"]
    packed = packed.replace(b"\xa7version\x02", b"\xa7version\x03")
    with pytest.raises(StateError, match="newer logmond"):
        Daemon(HIGH).alerts.restore({"alerts": packed})
