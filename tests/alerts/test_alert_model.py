"""Random traffic, gaps and outages: the service does what a look back over all readings says.

The model here keeps no counts and no running sums. At every second it reads
the window from the lines themselves and looks back over the readings so far.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fake_stats import START, Daemon
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.alerts.rule import Rule

SECONDS = 60


@dataclass(frozen=True)
class Traffic:
    """Good and failed requests a second, seconds nobody observed, seconds of an outage."""

    good: list[int]
    failed: list[int]
    unobserved: set[int]
    broken: range


@dataclass
class Model:
    """What should happen, told by looking back."""

    rule: Rule
    traffic: Traffic
    readings: list[str] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    began: int | None = None
    fired: int | None = None

    def window(self, second: int) -> range:
        """The seconds of the window; before 0 there was nothing, and it was seen."""
        return range(max(0, second - self.rule.window_s + 1), second + 1)

    def read(self, second: int) -> None:
        """The reading of one second, straight from the law."""
        inside = self.window(second)
        hits = sum(self.traffic.good[s] + self.traffic.failed[s] for s in inside)
        failed = sum(self.traffic.failed[s] for s in inside)
        rule, sign = self.rule, 1 if self.rule.above else -1
        value = {"hits": hits, "hits_per_second": hits / rule.window_s}.get(rule.metric)
        if value is None:
            value = failed / hits if hits else 0.0
        self.values.append(value)
        limit = rule.limits[0][1]
        breach = sign * value > sign * limit
        recover = limit if rule.recover is None else rule.recover
        gaps = sum(s in self.traffic.unobserved for s in inside)
        whole, empty = not gaps, gaps == rule.window_s
        thin = rule.metric == "ratio_5xx" and hits < max(1, rule.min_hits)
        if second in self.traffic.broken or empty or thin:
            self.readings.append("?")
        elif breach and (whole or sign > 0):
            self.readings.append("!")
        elif not whole:
            self.readings.append("?")
        else:
            self.readings.append("~" if sign * value > sign * recover else "ok")

    def happens(self, second: int) -> str | None:
        """What happens at one second, from all readings up to it."""
        self.read(second)
        now = self.readings[-1]
        if self.fired is None:
            if now == "!" and self.began is None:
                self.began = second
            if self.began is None:
                return None
            since = self.readings[self.began :]
            blind = len(since) - len("".join(r[0] for r in since).rstrip("?"))
            if now in ("~", "ok") or blind > self.rule.window_s + self.rule.for_s:
                self.began = None
            elif now == "!" and since.count("!") > self.rule.for_s:
                self.fired, self.began = second, None
                return "alert"
            return None
        known = [r for r in self.readings[self.fired :] if r != "?"]
        clear = 0
        while known and known[-1] == "ok":
            clear += 1
            known.pop()
        if now == "ok" and clear > self.rule.hold_s:
            return "recovered"
        return None

    def peak(self, second: int) -> tuple[int, int]:
        """The largest second since the start of the triggering window, and when."""
        assert self.fired is not None
        seconds = range(self.fired - self.rule.window_s + 1, second + 1)
        totals = [(self.hits(s), -s) for s in seconds]
        hits, at = max(totals)
        return hits, -at

    def hits(self, second: int) -> int:
        """Requests of one second."""
        return self.traffic.good[second] + self.traffic.failed[second] if second >= 0 else 0


counts = st.lists(st.integers(0, 6), min_size=SECONDS, max_size=SECONDS)
traffics = st.builds(
    Traffic,
    counts,
    st.lists(st.integers(0, 3), min_size=SECONDS, max_size=SECONDS),
    st.sets(st.integers(0, SECONDS - 1), max_size=6),
    st.builds(lambda a, n: range(a, a + n), st.integers(0, SECONDS), st.integers(0, 12)),
)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Short windows and waits, so that everything happens often."""
    metric = draw(st.sampled_from(["hits", "hits_per_second", "ratio_5xx"]))
    window = draw(st.integers(1, 6))
    scale = {"hits": 4.0 * window, "hits_per_second": 4.0, "ratio_5xx": 0.3}[metric]
    limit = scale * draw(st.sampled_from([0.5, 0.75, 1.0, 1.25]))
    above = draw(st.booleans())
    slack = draw(st.sampled_from([None, 0.25]))
    return Rule(
        "r",
        metric,
        window_s=window,
        above=(("warning", limit),) if above else None,
        below=None if above else (("warning", limit),),
        recover=None if slack is None else limit * (1 - slack if above else 1 + slack),
        for_s=draw(st.integers(0, 4)),
        hold_s=draw(st.integers(0, 4)),
        min_hits=draw(st.sampled_from([0, 8])),
    )


def daemon_of(rule: Rule, traffic: Traffic) -> Daemon:
    """A daemon that will see this traffic."""
    daemon = Daemon(rule)
    for second in range(SECONDS):
        daemon.stats.put(second, traffic.good[second], status="200")
        daemon.stats.put(second, traffic.failed[second], status="503")
    daemon.stats.coverage.unobserved = {START + second for second in traffic.unobserved}
    return daemon


@settings(max_examples=150)
@given(rules(), traffics)
def test_incidents_are_those_of_a_look_back_over_all_readings(rule: Rule, traffic: Traffic) -> None:
    """The same alerts and recoveries, at the same seconds, with the same values and peaks."""
    daemon, model = daemon_of(rule, traffic), Model(rule, traffic)
    for second in range(SECONDS):
        broken = second in traffic.broken
        daemon.stats.coverage.reason = "source a unreadable" if broken else None
        events = [e for e in daemon.run(second) if e.kind in ("alert", "recovered")]
        wanted = model.happens(second)
        assert [event.kind for event in events] == ([wanted] if wanted else [])
        for event in events:
            assert event.value == model.values[second]
            assert event.peak_requests_per_second is not None
            hits, at = model.peak(second)
            assert event.peak_requests_per_second.value == hits
            assert event.peak_requests_per_second.at == START + at
            if rule.metric != "ratio_5xx":
                assert event.peak_value == event.peak_requests_per_second
        if wanted == "recovered":
            model.fired = None


@settings(max_examples=100)
@given(rules(), traffics, st.sets(st.integers(0, SECONDS - 1), max_size=4))
def test_restarts_change_no_event(rule: Rule, traffic: Traffic, kills: set[int]) -> None:
    """Killed and restored at any second, the daemon tells exactly what it would have told."""
    whole, killed = daemon_of(rule, traffic), daemon_of(rule, traffic)
    for second in range(SECONDS):
        broken = second in traffic.broken
        for daemon in (whole, killed):
            daemon.stats.coverage.reason = "source a unreadable" if broken else None
        assert killed.run(second) == whole.run(second)
        if second in kills:
            killed = killed.restarted(rule)
    assert [i.as_event() for i in killed.alerts.incidents(all=True)] == [
        i.as_event() for i in whole.alerts.incidents(all=True)
    ]
