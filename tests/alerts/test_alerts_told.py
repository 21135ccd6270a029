"""What a desk tells of a real service of alerts: over silences, escalations and restarts."""

from __future__ import annotations

from fake_stats import START, Daemon, FakeStatistics

from logmond.alerts.rule import Rule
from logmond.outputs.audience import Audience
from logmond.outputs.desk import Desk

HIGH = Rule(
    "high", "hits_per_second", window_s=10, above=(("warning", 10.0), ("critical", 50.0)), hold_s=5
)


class Telling:
    """A desk at a service: evaluates and tells, second by second."""

    def __init__(self, stats: FakeStatistics) -> None:
        self.daemon = Daemon(HIGH, stats=stats)
        self.desk = Desk("hook", Audience(repeat_s=120))
        self._kept = b""
        self.daemon.alerts.subscribe(self.desk.event)

    def run(self, to: int) -> list[tuple[int, str, str]]:
        """Evaluate up to a second; what was told meanwhile: when, which kind, how grave."""
        told = []
        while self.daemon.stats.now < START + to:
            self.daemon.run(self.daemon.stats.now + 1 - START)
            now, alerts = self.daemon.stats.now, self.daemon.alerts
            for message in self.desk.step(now, alerts.is_silenced):
                told.append((now - START, message.kind, message.severity))
        return told

    def restart(self) -> None:
        """Go on as after a crash, from what was kept."""
        self.daemon = self.daemon.restarted(HIGH)
        self._kept = self.desk.changed() or self._kept
        self.desk = Desk("hook", self.desk.audience)
        if self._kept:
            self.desk.restore(self._kept)
        self.desk.begin(self.daemon.alerts.incidents())
        self.daemon.alerts.subscribe(self.desk.event)


def traffic(*spans: tuple[int, int, int]) -> FakeStatistics:
    """So many requests each second from one second to another."""
    stats = FakeStatistics()
    for begin, end, rate in spans:
        for second in range(begin, end):
            stats.put(second, rate)
    return stats


def test_each_change_is_told_once_over_a_restart_at_any_second() -> None:
    """Fires, gets worse, is reminded of, ends."""
    stats = traffic((-20, 0, 1), (0, 60, 20), (60, 260, 90), (260, 400, 1))
    whole = Telling(stats).run(400)
    kinds = [(kind, severity) for _, kind, severity in whole]
    assert kinds[:2] == [("alert", "warning"), ("alert", "critical")]
    assert ("reminder", "critical") in kinds
    assert kinds[-1] == ("recovered", "critical")
    assert len(kinds) == 4
    again = Telling(traffic((-20, 0, 1), (0, 60, 20), (60, 260, 90), (260, 400, 1)))
    lives = []
    for second in range(1, 401):
        lives += again.run(second)
        again.restart()
    assert lives == whole


def test_what_still_fires_when_a_silence_ends_is_told_then() -> None:
    """And what was acknowledged is not reminded of."""
    telling = Telling(traffic((-20, 0, 1), (0, 400, 20), (400, 500, 1)))
    telling.run(1)
    telling.daemon.alerts.silence("high", 60)
    assert telling.run(61) == []
    assert telling.run(70) == [(62, "alert", "warning")]
    telling.daemon.alerts.acknowledge("high", "eva")
    assert [kind for _, kind, _ in telling.run(500)] == ["recovered"]
