"""Minutes for the history: after every commit, it holds each line once, in the line's minute."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.frame.caps import Caps
from logmond.frame.frame import Delta, Exact
from logmond.frame.minutes import Minute, merge_minutes, unpack_minute
from logmond.stats.minutes import LATE_CELLS, LATE_MINUTES
from logmond.stats.service import StatisticsService

START = 1_795_453_200


def delta_of(second: int, hits: int = 1, section: str = "/") -> Delta:
    """Lines of one second."""
    return Delta({second: Exact({("web", "-", "GET", "200", section): [hits, hits]})})


class History:
    """A daemon's statistics and the minutes that its state holds, committed when told."""

    def __init__(self, evaluated: int = START - 1) -> None:
        self.stats = StatisticsService(keep_minutes=True)
        self.stats.coverage.observe("web", evaluated + 1)
        self.stats.start(evaluated)
        self.kept: dict[int, bytes] = {}
        self.frames: dict[tuple[str, int], bytes] = {}

    def commit(self) -> None:
        """Write as the state does: first what replaces, then what is added."""
        self.kept |= self.stats.minutes_changed()
        for start, packed in self.stats.late_minutes().items():
            old = self.kept.get(start)
            self.kept[start] = packed if old is None else merge_minutes(old, packed)
        for key, frame in self.stats.tiers.changed().items():
            if frame is not None:
                self.frames[key] = frame

    def killed(self) -> None:
        """What was not committed is lost; the next process goes on from the frames."""
        assert self.stats.evaluated is not None
        evaluated, coverage = self.stats.evaluated, self.stats.coverage
        self.stats = StatisticsService(keep_minutes=True)
        snapshot = coverage.snapshot()
        self.stats.coverage.restore(snapshot["since"], snapshot["gaps"])  # type: ignore[arg-type]
        bounds = {"second": evaluated - 299, "block": (evaluated + 1) // 10 * 10 - 3600}
        kept = {key: f for key, f in self.frames.items() if key[1] >= bounds.get(key[0], 0)}
        self.stats.restore(kept, evaluated)

    def run(self, to: int) -> None:
        """Evaluate up to `to`."""
        assert self.stats.evaluated is not None
        for second in range(self.stats.evaluated + 1, to + 1):
            self.stats.advance(second)

    def minute(self, number: int) -> Minute:
        """A minute of the history, counted from `START`."""
        return unpack_minute(self.kept[START + 60 * number])

    def hits(self) -> Counter[int]:
        """Lines by minute, counted from `START`."""
        found = {(s - START) // 60: unpack_minute(p).exact.hits for s, p in self.kept.items()}
        return Counter({number: hits for number, hits in found.items() if hits})


arrivals = st.lists(
    st.tuples(st.integers(-9000, 400), st.integers(0, 9000)).map(
        lambda pair: (pair[0] + pair[1], max(0, pair[1]))
    ),
    max_size=30,
)
"""(second of the line, second it arrives in)."""


@given(arrivals, st.sets(st.integers(0, 9400), max_size=3), st.integers(1, 97))
@settings(max_examples=60)
def test_every_line_is_in_its_minute_once(
    traffic: list[tuple[int, int]], kills: set[int], every: int
) -> None:
    """Early, in time, late by hours, over kills and with commits now and then."""
    history = History()
    stops = sorted({arrives for _, arrives in traffic} | kills | set(range(0, 9480, 60 * every)))
    for now in [*stops, 9479]:
        history.run(START + now)
        for second, arrives in traffic:
            if arrives == now:
                history.stats.add(delta_of(START + second))
        if now in kills:
            history.commit()
            history.killed()
    history.run(START + 9479)
    history.commit()
    wanted = Counter(second // 60 for second, _ in traffic if second < 9480)
    assert history.hits() == wanted


def test_a_minute_says_who_was_not_observed() -> None:
    """One second missing is enough; a minute before the start is nobody's."""
    history = History(START + 29)
    history.stats.coverage.gap("web", START + 130, START + 130, "kernel drops")
    history.run(START + 239)
    history.commit()
    assert sorted(history.kept) == [START, START + 60, START + 120, START + 180]
    unobserved = [history.minute(number).unobserved for number in range(4)]
    assert unobserved == [("web",), (), ("web",), ()]


def test_an_idle_minute_is_kept_for_nothing_happened_in_it() -> None:
    """A usual value of 0 is knowledge too."""
    history = History()
    history.run(START + 59)
    history.commit()
    assert history.minute(0) == Minute()


def test_a_minute_half_evaluated_when_killed_is_rolled_whole() -> None:
    """The second half comes from the next process, the first from the frames."""
    history = History()
    history.stats.add(delta_of(START + 3, 7))
    history.stats.add(delta_of(START + 47, 5))
    history.run(START + 33)
    history.commit()
    history.killed()
    history.run(START + 59)
    history.commit()
    assert history.minute(0).exact.hits == 12
    assert history.minute(0).whole(None)


def test_a_new_epoch_leaves_a_partial_minute_and_none_between() -> None:
    """What was evaluated of a minute stays in the history, marked."""
    history = History()
    history.stats.add(delta_of(START + 3, 7))
    history.stats.add(delta_of(START + 27, 5))
    history.run(START + 33)
    history.stats.jump(START + 333)
    history.stats.coverage.gap("web", START + 34, START + 333, "clock")
    history.run(START + 419)
    history.commit()
    assert sorted(history.kept) == [START, START + 300, START + 360]
    assert [history.minute(number).unobserved for number in (0, 5, 6)] == [("web",), ("web",), ()]
    assert history.minute(0).exact.hits == 12


def test_a_clock_set_back_begins_minutes_anew() -> None:
    """The hour that comes again replaces what was filed under it."""
    history = History()
    history.run(START + 7199)
    history.commit()
    history.stats.jump(START + 89)
    history.stats.coverage.begin_again(START + 90)
    history.stats.add(delta_of(START + 125, 3))
    history.run(START + 179)
    history.commit()
    assert history.minute(1).unobserved == ("web",)
    assert history.minute(2) == Minute(Exact({("web", "-", "GET", "200", "/"): [3, 3]}))


def test_late_lines_of_many_minutes_are_bounded_and_counted() -> None:
    """Somebody sends ten years of stamps: so many minutes, the rest is counted."""
    history = History()
    history.run(START)
    for number in range(LATE_MINUTES + 5):
        history.stats.add(delta_of(START - 8000 - 60 * number, 2))
    assert history.stats.late_dropped == 10
    assert len(history.stats.late_minutes()) == LATE_MINUTES


def test_late_lines_of_many_sections_are_bounded_and_counted() -> None:
    """Made-up sections in made-up minutes are folded, their hits stay."""
    history = History()
    history.run(START)
    per_minute = 2 * Caps().minute_cells
    cells = {("web", "-", "GET", "200", f"/{n}"): [1, 1] for n in range(per_minute)}
    for number in range(200):
        history.stats.add(Delta({START - 8000 - 60 * number: Exact(dict(cells))}))
    late = [unpack_minute(packed).exact for packed in history.stats.late_minutes().values()]
    assert sum(len(exact.cells) for exact in late) <= LATE_CELLS + len(late)
    assert sum(exact.hits for exact in late) == 200 * per_minute


def test_nothing_is_rolled_that_nobody_keeps() -> None:
    """Without a history there is nothing to gather either."""
    stats = StatisticsService()
    stats.start(START - 1)
    stats.advance(START)
    stats.add(delta_of(START - 9000))
    for second in range(START + 1, START + 120):
        stats.advance(second)
    assert (stats.minutes_changed(), stats.late_minutes()) == ({}, {})
