"""Baselines over real statistics: live, restarted and replayed runs agree to the second."""

from __future__ import annotations

from datetime import UTC

from fake_stats import START
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.alerts.baseline import Baselines
from logmond.alerts.earlier import History, NoHistory, Remembered
from logmond.alerts.event import Event
from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService
from logmond.frame.frame import Delta, Exact
from logmond.frame.minutes import Minute, pack_minute
from logmond.stats.service import StatisticsService

RULES = [
    Rule("busy", "hits_per_second", window_s=30, above=(("warning", 2.0), ("critical", 4.0)),
         baseline=True, min_hits=30, hold_s=5),
    Rule("hosts", "hits", group_by=("vhost",), window_s=60, above=(("warning", 3.0),),
         baseline=True, recover=2.0, min_hits=60, for_s=10),
    Rule("few", "bytes_per_second", window_s=20, below=(("warning", 0.5),), baseline=True,
         min_hits=20, hold_s=0),
]  # fmt: skip

SPAN_S = 600


class Past:
    """Every minute of three weeks, by a formula; of `vhost` b nothing before yesterday."""

    def minute(self, start: int) -> bytes | None:
        """About two requests a second."""
        if start >= START:
            return None
        cells = {("web", "a", "GET", "200", "/"): [100 + start // 60 % 41, 12_000]}
        if start > START - 86400:
            cells["web", "b", "GET", "200", "/"] = [60, 6_000]
        return pack_minute(Minute(Exact(cells)))


class Run:
    """Statistics and rules, stepped second by second."""

    def __init__(self, history: History, *, eager: bool) -> None:
        self.history = history
        self.stats = StatisticsService(keep_minutes=True)
        self.kept = Remembered(history)
        self.baselines = Baselines(self.stats.minute, self.kept, zone=UTC, eager=eager)
        self.alerts = AlertService(RULES, self.stats, "web1", self.baselines)
        self.frames: dict[tuple[str, int], bytes] = {}
        self.events: list[Event] = []

    def begin(self) -> None:
        """Everything was observed for weeks."""
        self.stats.coverage.observe("web", START - 30 * 86400)
        self.stats.start(START - 1)
        self.baselines.prepare(START - 1)

    def step(self, second: int, bursts: list[tuple[int, int, str, int]]) -> None:
        """One second of steady traffic, and of what a test adds."""
        rates = {"a": 2, "b": 1}
        for first, length, vhost, rate in bursts:
            if first <= second < first + length:
                rates[vhost] = rate
        cells = {("web", v, "GET", "200", "/"): [n, 100 * n] for v, n in rates.items() if n}
        self.stats.add(Delta({START + second: Exact(cells)}))
        self.stats.advance(START + second)
        self.events += self.alerts.step(START + second)
        self.frames |= {k: f for k, f in self.stats.tiers.changed().items() if f is not None}
        self.kept.put(self.stats.minutes_changed())

    def killed(self) -> Run:
        """The next process, from what was committed."""
        assert self.stats.evaluated is not None
        again = Run(self.history, eager=False)
        again.kept, again.events, again.frames = self.kept, self.events, self.frames
        again.baselines = Baselines(again.stats.minute, again.kept, zone=UTC)
        again.alerts = AlertService(RULES, again.stats, "web1", again.baselines)
        again.stats.coverage.observe("web", START - 30 * 86400)
        again.stats.restore(self.frames, self.stats.evaluated)
        again.alerts.restore(self.alerts.snapshot())
        again.baselines.prepare(self.stats.evaluated)
        return again


def essence(events: list[Event]) -> list[tuple[object, ...]]:
    """What must agree."""
    return [(e.at, e.kind, e.id, e.group, e.severity, e.value, e.limit, e.message) for e in events]


bursts = st.lists(
    st.tuples(
        st.integers(0, SPAN_S),
        st.integers(20, 300),
        st.sampled_from(["a", "b"]),
        st.sampled_from([0, 5, 9, 20]),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=15)
@given(bursts, st.sets(st.integers(0, SPAN_S - 1), max_size=3))
def test_killed_and_replayed_daemons_find_the_incidents_of_one_that_ran_on(
    traffic: list[tuple[int, int, str, int]], kills: set[int]
) -> None:
    """Wherever in a minute it is killed, and however the past is read: a little, or at once."""
    through, broken, replayed = (Run(Past(), eager=eager) for eager in (False, False, True))
    through.begin()
    broken.begin()
    replayed.begin()
    for second in range(SPAN_S):
        through.step(second, traffic)
        replayed.step(second, traffic)
        broken.step(second, traffic)
        if second in kills:
            broken = broken.killed()
    assert essence(broken.events) == essence(through.events)
    assert essence(replayed.events) == essence(through.events)


def test_a_burst_is_told_beside_the_usual_value() -> None:
    """Both rules, the graver limit, and less than usual after it."""
    run = Run(Past(), eager=False)
    run.begin()
    for second in range(SPAN_S):
        run.step(second, [(200, 120, "a", 20), (450, 90, "a", 0), (450, 90, "b", 0)])
    told = [
        (e.rule, e.kind, e.severity)
        for e in run.events
        if e.kind != "update" and e.at > START + 100  # before, the windows fill
    ]
    assert told == [
        ("busy", "alert", "warning"),
        ("busy", "alert", "critical"),
        ("hosts", "alert", "warning"),
        ("busy", "recovered", "critical"),
        ("hosts", "recovered", "warning"),
        ("few", "alert", "warning"),
        ("few", "recovered", "warning"),
    ]


def test_without_any_history_nothing_fires_and_nobody_is_asked() -> None:
    """A new daemon knows nothing usual; it says how far it is."""
    run = Run(NoHistory(), eager=False)
    run.stats.coverage.observe("web", START)
    run.stats.start(START - 1)
    run.baselines.prepare(START - 1)
    for second in range(SPAN_S):
        run.step(second, [(300, 120, "a", 200)])
    assert run.events == []
    reasons = {status.reason for status in run.alerts.statuses()}
    assert "baseline not known yet: 8 minutes of 3h" in reasons
