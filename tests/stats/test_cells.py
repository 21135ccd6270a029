"""The cells of a span are looked at in pieces, however many there are."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from logmond.alerts.attest import PIECE
from logmond.frame.caps import Caps
from logmond.frame.frame import CELL_DIMENSIONS, CellKey, Delta, Exact
from logmond.frame.selector import Selector
from logmond.stats.cells import SLICE, Chosen, taken, varied_of
from logmond.stats.changes import Question
from logmond.stats.explained import WEIGHED, Table, explained
from logmond.stats.service import StatisticsService

START = 1_795_453_200
DIMENSIONS = (*CELL_DIMENSIONS, "bot")

_word = st.sampled_from(["-", "a", "ab", "b", "200", "404", "4xx", "/x"])
_keys = st.lists(_word, min_size=5, max_size=6).map(tuple)
_wanted = st.sampled_from(["a", "a*", "?b", "4xx", "404", "-", "/x"])
_where = st.dictionaries(
    st.sampled_from([*DIMENSIONS, "nothing"]), st.lists(_wanted, min_size=1, max_size=2), max_size=3
)


def finished(chosen: Chosen) -> dict[CellKey, list[int]]:
    """What is chosen in the end."""
    while True:
        try:
            next(chosen)
        except StopIteration as done:
            cells: dict[CellKey, list[int]] = done.value
            return cells


@given(st.lists(_keys, max_size=20), _where)
def test_cells_are_taken_as_a_selector_says(
    keys: list[CellKey], where: dict[str, list[str]]
) -> None:
    """Also those of frames without the last label, and for a dimension there is not."""
    selector = Selector.of(where)
    cells = {key: [1, 1] for key in keys}
    assert list(finished(taken(cells, DIMENSIONS, selector))) == [
        key for key in cells if selector.matches(dict(zip(DIMENSIONS, key, strict=False)))
    ]


@given(st.lists(_keys, max_size=6))
def test_a_dimension_varies_where_two_cells_differ_or_one_has_none(keys: list[CellKey]) -> None:
    """Where there is no cell, nothing is known of any."""
    for column in range(len(DIMENSIONS)):
        values = {key[column] if column < len(key) else None for key in keys}
        same = len(values) == 1 and None not in values
        assert (column in varied_of(keys, len(DIMENSIONS))) == (not same)


def test_no_piece_of_hostile_traffic_reads_more_than_a_piece() -> None:
    """Every cell of ten minutes is another one, and the rule asks for some of them."""
    draw = random.Random(1)
    stats = StatisticsService(Caps())
    stats.start(START - 1)
    for offset in range(600):
        exact = Exact()
        for _ in range(60):
            key = ("nginx", f"h{draw.random()}", "GET", "404", f"/{draw.random()}")
            exact.cells[key] = [1, 1]
        stats.add(Delta({START + offset: exact}))
        stats.advance(START + offset)
    for of, where in (("hits", {"vhost": "h*"}), ("errors", {"status": "4xx"}), ("bytes", {})):
        selector = Selector.of(where)
        question = Question(START + 589, 285, of, selector)  # not one frame for all
        pieces = list(stats.changes(question))
        assert sum(pieces) > 6 * SLICE
        assert max(pieces) <= PIECE


def test_of_too_many_keys_that_may_be_evidence_the_largest_are_weighed() -> None:
    """A rise of next to nothing between keys that are all new: each could be all of it."""
    counts = {f"h{n:05}": 1.0 for n in range(5 * WEIGHED)} | {"h99999": 3.0, "h00000": 2.0}
    now = Table(counts, sum(counts.values()))
    before = Table({"old": now.total - 2}, now.total - 2)
    told = [one.evidence.key for one in explained("vhost", now, before, Table())]
    assert told == ["h00000", "h99999"]
    few = dict(list(counts.items())[: WEIGHED // 2])
    assert explained("vhost", Table(few, 102.0), Table({"old": 100.0}, 100.0), Table())
