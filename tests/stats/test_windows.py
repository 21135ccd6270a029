"""Windows are sums of frames: every answer equals the naive computation over the lines."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from logmond.frame.caps import Caps
from logmond.frame.frame import OTHER, Bounded, Delta, Exact
from logmond.frame.selector import Selector
from logmond.frame.sketches import Top, bucket_of
from logmond.stats.service import StatisticsService

START = 1_795_453_200

lines = st.lists(
    st.tuples(
        st.integers(0, 60),  # second of the line
        st.integers(0, 70),  # second it arrives in
        st.sampled_from(["/api", "/login", "/"]),
        st.sampled_from(["200", "404", "500"]),
    ),
    max_size=120,
)


def delta_of(second: int, section: str, status: str, hits: int = 1) -> Delta:
    """What `hits` lines of one kind amount to."""
    key = ("nginx", "-", "GET", status, section)
    exact = Exact({key: [hits, 100 * hits]}, {("nginx", "-", section): {bucket_of(0.2): hits}})
    top = Top({section: hits}, hits)
    return Delta({second: exact}, {second - second % 10: Bounded({("path", False): top})})


@given(lines, st.sampled_from([1, 7, 30]))
def test_running_sums_equal_the_lines_whose_second_is_in_the_window(
    traffic: list[tuple[int, int, str, str]], window: int
) -> None:
    """Late lines included: at every evaluated second the sum is what has arrived for it."""
    service = StatisticsService()
    service.start(START - 1)
    api = service.series(Selector.of({"section": "/api"})).sums(window)
    every = service.series(Selector(), ("section",)).sums(window)
    for now in range(75):
        for second, arrives, section, status in traffic:
            if max(arrives, second) == now:
                service.add(delta_of(START + second, section, status))
        service.advance(START + now)
        inside = [
            (section, status)
            for second, arrives, section, status in traffic
            if max(arrives, second) <= now and now - window < second <= now
        ]
        wanted = Counter(section for section, _ in inside)
        assert {group[0]: tally.hits for group, tally in every.groups.items()} == wanted
        assert api.total(()).hits == wanted["/api"]
        failed = sum(status == "500" for section, status in inside if section == "/api")
        assert api.total(()).hits_5xx == failed
        assert api.slower((), 0.1) == wanted["/api"]


@given(lines)
def test_a_restored_service_gives_the_same_sums_and_goes_on_alike(
    traffic: list[tuple[int, int, str, str]],
) -> None:
    """Everything the state holds, taken back in another process, changes no window."""
    first = StatisticsService()
    first.start(START - 1)
    sums = first.series(Selector(), ("section",)).sums(30)
    frames: dict[tuple[str, int], bytes] = {}
    for now in range(40):
        for second, arrives, section, status in traffic:
            if max(arrives, second) == now:
                first.add(delta_of(START + second, section, status))
        first.advance(START + now)
        frames.update((key, packed) for key, packed in first.tiers.changed().items() if packed)
    second_life = StatisticsService()
    again = second_life.series(Selector(), ("section",)).sums(30)
    second_life.restore(frames, START + 39)
    for now in range(40, 75):
        assert again.groups == sums.groups
        assert second_life.summary(60) == first.summary(60)
        for service in (first, second_life):
            service.advance(START + now)


def test_a_window_of_an_hour_advances_in_blocks_and_forgets_what_left_it() -> None:
    """Windows over five minutes hold whole blocks only."""
    service = StatisticsService()
    service.start(START - 1)
    window = service.series(Selector()).sums(600)
    service.add(delta_of(START + 3, "/", "200", hits=5))
    for now in range(9):
        service.advance(START + now)
        assert window.total(()).hits == 0
    service.advance(START + 9)
    assert window.total(()).hits == 5
    for now in range(10, 609):
        service.advance(START + now)
        assert window.total(()).hits == 5
    service.advance(START + 609)
    assert window.groups == {}


def test_late_lines_reach_blocks_that_are_closed_and_windows_over_them() -> None:
    """A line of six minutes ago still counts in an hour, not in two minutes."""
    service = StatisticsService()
    service.start(START - 1)
    long, short = (service.series(Selector()).sums(w) for w in (3600, 120))
    for now in range(400):
        service.advance(START + now)
    assert service.add(delta_of(START + 20, "/late", "200", hits=3)) == {"nginx": 3}
    assert (long.total(()).hits, short.total(()).hits) == (3, 0)
    assert service.summary(3600).hits == 3
    assert service.summary(120).hits == 0
    assert service.top("path", 3600).rows[0].key == "/late"


def test_a_window_registered_later_sees_the_blocks_already_kept() -> None:
    """A reload that brings a longer window does not start from nothing."""
    service = StatisticsService()
    service.start(START - 1)
    service.add(delta_of(START + 5, "/", "200", hits=4))
    for now in range(900):
        service.advance(START + now)
    assert service.series(Selector()).sums(1800).total(()).hits == 4


def test_folding_keeps_totals_and_ratios_and_spares_what_a_rule_names() -> None:
    """Caps take sections away, never hits, statuses, or the section of a rule."""
    service = StatisticsService(Caps(second_cells=4))
    service.start(START - 1)
    named = service.series(Selector.of({"section": "/api"})).sums(60)
    for number in range(20):
        service.add(delta_of(START, f"/noise{number:02}", "200", hits=10))
    service.add(delta_of(START, "/api", "500", hits=1))
    service.advance(START)
    summary = service.summary(60, by="section")
    assert summary.hits == 201
    assert summary.status["5xx"] == 1
    assert named.total(()).hits == 1
    assert OTHER in {group.key for group in summary.groups}
    assert sum(group.hits for group in summary.groups) == 201


def test_a_new_epoch_behind_the_old_one_forgets_what_was_filed_ahead() -> None:
    """After the clock is set back, nothing of the future is in any window."""
    service = StatisticsService()
    service.start(START - 1)
    window = service.series(Selector()).sums(60)
    for now in range(30):
        service.add(delta_of(START + now, "/", "200"))
        service.advance(START + now)
    service.jump(START - 3600)
    assert window.groups == {}
    assert service.summary(60).hits == 0
