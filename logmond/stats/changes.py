"""What changed: which keys make up the rise of a window against the span before it.

For every dimension the frames carry, each key's part of the window less its
part of an equal span before, as a share of the whole rise. What a rule is
about is counted: lines, failed lines, slow lines or bytes.

A key that makes up all of a rise may be one of two hosts, or one of two
thousand clients. The first says little, so keys are ordered by how much they
explain: ``share * ln(share / prior)``, the prior being the key's share of what
was usual. It is the part of the Kullback-Leibler divergence between the rise
and the usual traffic that the key stands for, as in Adtributor (Bhagwan et al.,
2014). So a path stands before its section, a client before the browser that
thousands use, and what grew along with everything not at all.

Tops know no `where`. Of a rule that reads a part of the lines they say what
must be true however the other part is made up, with that as their error. The
work is given out in pieces; see `compared`. No clock.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

from logmond.frame.frame import BLOCK_S, CellKey
from logmond.frame.selector import Selector
from logmond.frame.sketches import Top, bucket_of
from logmond.stats.cells import FRAME, cells_of, chosen, column_of, part_of, taken, varied_of
from logmond.stats.explained import Table, Weighed, explained
from logmond.stats.projection import DURATION_DIMENSIONS
from logmond.stats.queries import is_error
from logmond.stats.results import Evidence
from logmond.stats.tiers import BLOCKS_KEPT_S, Tiers, block_of

MAX_SPAN_S = BLOCKS_KEPT_S // 2
"""The longest span compared: the one before it must be kept too."""

HITS, ERRORS, SLOW, BYTES = "hits", "errors", "slow", "bytes"
"""What can be compared: lines, lines with status 400 and above, lines over a duration, bytes."""

Comparison = Generator[int, None, list[Evidence]]
"""Evidence in pieces: every `next` does some work and says how many entries it read."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is compared.

    Args:
        end: the last second of the window.
        window_s: its length; only its last `MAX_SPAN_S` seconds are compared.
        of: "hits", "errors", "slow" or "bytes".
        where: only cells it takes; of "errors" it names the class of statuses.
        slower_s: of "slow", the duration in seconds that is too long.
        pending_s: seconds the breach has lasted before it fired: the span
            before ends that much earlier, lest a fault be compared with itself.
    """

    end: int
    window_s: int
    of: str = HITS
    where: Selector = field(default_factory=Selector)
    slower_s: float = 0.0
    pending_s: int = 0

    @property
    def span_s(self) -> int:
        """Seconds compared."""
        return min(self.window_s, MAX_SPAN_S)

    @property
    def start(self) -> int:
        """The first second compared."""
        return self.end - self.span_s + 1

    @property
    def usual_end(self) -> int:
        """The last second of the span before."""
        room = BLOCKS_KEPT_S - 2 * self.span_s
        return self.start - 1 - min(self.pending_s, room)


def compared(tiers: Tiers, dimensions: tuple[str, ...], question: Question) -> Comparison:
    """The keys behind a rise, those that explain most first, the best of each dimension.

    `dimensions` are those of the cells, in the order of their keys.
    """
    if question.of == SLOW:
        return (yield from _of_durations(tiers, question))
    start, end, where = question.start, question.end, question.where
    now = yield from cells_of(tiers, start, end)
    before = yield from cells_of(
        tiers, question.usual_end - question.span_s + 1, question.usual_end
    )
    now_class, before_class = now, before
    if question.of == ERRORS:
        now_class = yield from chosen(now, is_error)
        before_class = yield from chosen(before, is_error)
    taken_now = yield from taken(now_class, dimensions, where)
    taken_before = yield from taken(before_class, dimensions, where)
    place = 1 if question.of == BYTES else 0
    # Of failures the usual is all traffic: who makes them, not who makes hits.
    usual: dict[CellKey, list[int]] = {}
    if question.of == ERRORS:
        usual = yield from taken(before, dimensions, _but_status(where))
    varied = varied_of(now, len(dimensions))
    yield len(now) // 5
    found: list[Weighed] = []
    for column, dimension in enumerate(dimensions):
        # Where all traffic has one key, that key explains nothing.
        if column in varied and len(where.values(dimension)) != 1:
            tables = []
            for cells in (taken_now, taken_before, usual):
                tables.append((yield from column_of(cells, column, place)))
            found += explained(dimension, *tables)
            yield len(tables[0].counts) // 4
    if question.of != BYTES:
        parts = part_of(taken_now, now_class), part_of(taken_before, before_class)
        found += yield from _of_tops(tiers, question, *parts)
    return _ranked(found)


def _of_tops(
    tiers: Tiers, question: Question, part: float, part_before: float
) -> Generator[int, None, list[Weighed]]:
    """What the tops say, over the blocks the spans touch.

    Of the lines of the class, the rule reads `part` in the window, and
    `part_before` in the span before.
    """
    errors = question.of == ERRORS
    first, last = block_of(question.start), block_of(question.end)
    old = block_of(question.usual_end + 1) - BLOCK_S
    oldest = old - (last - first)
    late = yield from _tops(tiers, first, last, errors=errors)
    early = yield from _tops(tiers, oldest, old, errors=errors)
    usual = (yield from _tops(tiers, oldest, old, errors=False)) if errors else {}
    other = usual or ((yield from _tops(tiers, first, last, errors=False)) if errors else early)
    # The newest block is not full yet, so the span before is scaled to it.
    scale = (question.end + 1 - first) / (last + BLOCK_S - first)
    found: list[Weighed] = []
    for dimension, now in late.items():
        before, all_before = early.get(dimension, Top()), usual.get(dimension, Top())
        # Where all traffic has one key, that key explains nothing.
        if not part or len(now.counts.keys() | other.get(dimension, Top()).counts.keys()) < 2:
            continue
        tables = [
            Table.of_top(now, outside=(1 - part) * now.total),
            Table.of_top(before, scale, outside=(1 - part_before) * scale * before.total),
            Table.of_top(all_before, scale),
        ]
        yield len(now.counts) + len(before.counts)
        found += explained(dimension, *tables)
    return found


def _of_durations(tiers: Tiers, question: Question) -> Comparison:
    """Of lines that took too long: which hosts and sections they went to."""
    limit = bucket_of(question.slower_s)
    spans: list[dict[CellKey, list[int]]] = []
    timed: dict[CellKey, list[int]] = {}
    for last in (question.usual_end, question.end):
        slow: dict[CellKey, list[int]] = {}
        for exact in tiers.exacts(last - question.span_s + 1, last):
            for key, histogram in exact.durations.items():
                slow.setdefault(key, [0])[0] += sum(n for b, n in histogram.items() if b > limit)
                if last == question.usual_end:
                    timed.setdefault(key, [0])[0] += sum(histogram.values())
            yield FRAME + sum(map(len, exact.durations.values())) + len(exact.cells)
        spans.append((yield from taken(slow, DURATION_DIMENSIONS, question.where)))
    before, now = spans
    timed = yield from taken(timed, DURATION_DIMENSIONS, question.where)
    found: list[Weighed] = []
    for column, dimension in enumerate(DURATION_DIMENSIONS):
        if len({key[column] for key in (*now, *timed)}) > 1:
            tables = []
            for cells in (now, before, timed):
                tables.append((yield from column_of(cells, column, 0)))
            found += explained(dimension, *tables)
    return _ranked(found)


# What lies within what: of two that explain as much, the narrower one is to be told first.
_WITHIN = (("section", "vhost"), ("path", "section"), ("client", "user_agent"))

# Of what weighs the same, what names somebody.
_RANK = {name: place for place, name in enumerate(("client", "path", "user_agent", "referrer"))}

AS_MUCH = 0.9
"""Of the share of the wider key: from here on the narrower one explains as much."""

MAINLY = 0.6
"""Shares of two dimensions that, together, can only be of mostly the same lines."""


def _ranked(found: list[Weighed]) -> list[Evidence]:
    """Statements, what explains most first."""
    found.sort(
        key=lambda one: (
            -one.weight,
            _RANK.get(one.evidence.dimension, len(_RANK)),
            one.evidence.dimension,
            one.evidence.key,
        )
    )
    ranked = [one.evidence for one in found]
    for pair in _WITHIN:
        narrow, wide = (
            next((one for one in ranked if one.dimension == name), None) for name in pair
        )
        if narrow is None or wide is None or ranked.index(narrow) < ranked.index(wide):
            continue
        if _explains_as_much(narrow, wide):
            ranked.remove(narrow)
            ranked.insert(ranked.index(wide), narrow)
    return ranked


def _explains_as_much(narrow: Evidence, wide: Evidence) -> bool:
    """Whether a narrower key leaves nothing to be said of the wider one."""
    if narrow.dimension == "path" and not narrow.key.startswith(wide.key):
        return False
    enough = min(narrow.share, wide.share) >= MAINLY
    return enough and narrow.share + narrow.error >= AS_MUCH * wide.share


def _tops(
    tiers: Tiers, first: int, last: int, *, errors: bool
) -> Generator[int, None, dict[str, Top]]:
    """The joint tops of some blocks, by dimension."""
    joint: dict[str, Top] = {}
    for tops in tiers.tops(first, last, errors=errors):
        for name, top in tops.items():
            joint.setdefault(name, Top()).merge(top)
        yield FRAME + sum(len(top.counts) for top in tops.values())
    return joint


def _but_status(where: Selector) -> Selector:
    return Selector(tuple(pair for pair in where.where if pair[0] != "status"))
