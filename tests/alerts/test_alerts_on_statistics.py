"""Alerts over the real statistics: the same incidents as over lines summed up plainly."""

from __future__ import annotations

import pytest
from fake_stats import START, Daemon, FakeStatistics
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.alerts.event import Event, Peak
from logmond.alerts.render import line
from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService
from logmond.frame.frame import Bounded, Delta, Exact
from logmond.frame.selector import Selector
from logmond.frame.sketches import Top, bucket_of, place_of
from logmond.stats.service import StatisticsService

RULES = [
    Rule("high", "hits_per_second", window_s=7, above=(("warning", 4.0), ("critical", 6.0)),
         hold_s=2),
    Rule("hosts", "hits", group_by=("vhost",), window_s=4, above=(("warning", 12.0),), hold_s=1),
    Rule("errors", "ratio_5xx", Selector.of({"section": "/api"}), ("vhost",), 5,
         above=(("warning", 0.4),), min_hits=3, for_s=1, hold_s=1),
    Rule("slow", "duration_p90", group_by=("section",), window_s=6, above=(("warning", 0.5),),
         hold_s=0),
    Rule("few", "hits", group_by=("vhost",), window_s=3, below=(("warning", 2.0),), hold_s=0),
    Rule("silent", "bytes_per_second", window_s=3, below=(("warning", 1.0),), no_data="alert"),
]  # fmt: skip

lines = st.lists(
    st.tuples(
        st.integers(0, 39),
        st.integers(1, 9),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["/api", "/"]),
        st.sampled_from(["200", "503"]),
        st.sampled_from([0.1, 0.9]),
    ),
    max_size=60,
)
Lines = list[tuple[int, int, str, str, str, float]]


def delta_of(traffic: Lines, second: int) -> Delta:
    """What was counted in one second."""
    exact, bounded = Exact(), Bounded()
    clients = Top()
    for at, hits, vhost, section, status, duration in traffic:
        if at != second:
            continue
        exact.merge(
            Exact(
                {("nginx", vhost, "GET", status, section): [hits, 100 * hits]},
                {("nginx", vhost, section): {bucket_of(duration): hits}},
            )
        )
        clients.update({f"client-of-{vhost}": hits})
    bounded.tops["client", False] = clients
    start = START + second
    return Delta({start: exact}, {start - start % 10: bounded}) if exact.cells else Delta()


def essence(events: list[Event]) -> list[tuple[object, ...]]:
    """What must agree: everything but the evidence, and what is said of it."""
    return [
        (e.at, e.kind, e.id, e.group, e.severity, e.value, e.limit, e.reason, e.peak_value,
         e.peak_requests_per_second)
        for e in events
    ]  # fmt: skip


def statistics() -> StatisticsService:
    """Real ones that observed everything."""
    real = StatisticsService()
    real.start(START - 1)
    real.coverage.observe("nginx", START - 4000)
    return real


@settings(max_examples=60)
@given(lines, st.sets(st.integers(0, 49), max_size=3))
def test_running_sums_raise_the_incidents_of_the_lines_whatever_is_killed(
    traffic: Lines, kills: set[int]
) -> None:
    """Through frames, series and restarts: every event is that of the plain sums."""
    plain = FakeStatistics()
    for second, hits, vhost, section, status, duration in traffic:
        where = {"source": "nginx", "vhost": vhost, "section": section, "status": status}
        plain.put(second, hits, bytes=100 * hits, duration_s=duration, **where)
    daemon = Daemon(*RULES, stats=plain)
    real = statistics()
    alerts = AlertService(RULES, real, "web1")
    frames: dict[tuple[str, int], bytes] = {}
    for second in range(50):
        real.add(delta_of(traffic, second))
        real.advance(START + second)
        assert essence(alerts.step(START + second)) == essence(daemon.run(second))
        frames |= real.tiers.changed()
        if second in kills:
            snapshot = alerts.snapshot()
            real = statistics()
            alerts = AlertService(RULES, real, "web1")
            real.restore(frames, START + second)
            alerts.restore(snapshot)


def crowd_fires(restarted_after: int | None = None) -> list[int]:
    """The seconds at which a rule fires that 20 clients of seconds 10 to 19, read early, are for.

    It begins in the middle of the block before.
    """
    rule = Rule("crowd", "distinct_clients", window_s=15, above=(("warning", 5.0),), hold_s=0)
    real, frames, fired = StatisticsService(), {}, []
    real.coverage.observe("nginx", START + 3)
    real.start(START + 2)
    alerts = AlertService([rule], real, "web1")
    clients = Bounded()
    for number in range(20):
        clients.clients.add(place_of(b"client %d" % number))
    real.add(Delta({}, {START + 10: clients}))
    for second in range(3, 50):
        real.advance(START + second)
        fired += [second for event in alerts.step(START + second) if event.kind == "alert"]
        frames |= real.tiers.changed()
        if second == restarted_after:
            snapshot, real = alerts.snapshot(), statistics()
            alerts = AlertService([rule], real, "web1")
            real.restore(frames, START + second)
            alerts.restore(snapshot)
    return fired


@pytest.mark.parametrize("restarted_after", [None, 5, 12, 14, 19])
def test_a_crowd_is_that_of_whole_blocks_whenever_it_is_first_asked_for(
    restarted_after: int | None,
) -> None:
    """Neither a start nor a restart in the middle of a block counts who has been read ahead."""
    assert crowd_fires(restarted_after) == [19]


@pytest.mark.parametrize("restarted_after", [None, 305])
def test_a_peak_is_the_largest_of_the_seconds_that_outlive_a_restart(
    restarted_after: int | None,
) -> None:
    """One more than five minutes before the alert is no longer known to whoever started since."""
    rule = Rule("many", "hits", window_s=600, above=(("warning", 700.0),))
    real, frames = statistics(), {}
    alerts = AlertService([rule], real, "web1")
    for second in range(310):
        real.add(delta_of([(second, 2 if second else 100, "a", "/", "200", 0.1)], second))
        real.advance(START + second)
        events = alerts.step(START + second)
        frames |= real.tiers.changed()
        if second == restarted_after:
            oldest = real.tiers.expired()
            kept = {key: frame for key, frame in frames.items() if key[1] >= oldest[key[0]]}
            snapshot, real = alerts.snapshot(), statistics()
            alerts = AlertService([rule], real, "web1")
            real.restore(kept, START + second)
            alerts.restore(snapshot)
    assert [event.peak_value for event in events] == [Peak(2, START + 10)]


def test_an_alert_carries_the_evidence_of_the_statistics() -> None:
    """The offender of a spike is named on the line."""
    real = statistics()
    alerts = AlertService(RULES[:1], real, "web1")
    events: list[Event] = []
    calm: Lines = [(second, 1, "a", "/", "200", 0.1) for second in range(60)]
    spike: Lines = [(second, 30, "b", "/api", "200", 0.1) for second in range(30, 60)]
    for second in range(40):
        real.add(delta_of(calm + spike, second))
        real.advance(START + second)
        events += alerts.step(START + second)
    told = line(events[0])
    assert "ALERT warning high" in told
    assert "Most of the rise: client client-of-b 100%, section /api 100%, vhost b 100%." in told


def test_groups_of_open_incidents_are_protected_in_the_real_statistics() -> None:
    """Their cells are kept apart however many others there are."""
    real = statistics()
    alerts = AlertService(RULES[1:2], real, "web1")
    real.add(delta_of([(0, 50, "a", "/", "200", 0.1)], 0))
    real.advance(START)
    alerts.step(START)
    assert real.series(Selector(), ("vhost",)).kept == {("a",)}
