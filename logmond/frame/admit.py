"""Admission to a span: keys in the order of their lines, up to a cap, the rest folded.

While a second is open nobody knows which keys will be large, so the first ones
are admitted; the order of lines decides, hence every kernel folds alike.
"""

from __future__ import annotations

from logmond.frame.cut import folded_cell, folded_duration
from logmond.frame.frame import Exact


def admit(span: Exact, added: Exact, cells_cap: int, durations_cap: int) -> Exact:
    """Add `added` to `span`, its new keys while the caps leave room, else folded.

    Returns what was added as it was admitted: `added` itself where all fitted.
    """
    fits = (
        len(span.cells) + len(added.cells) <= cells_cap
        and len(span.durations) + len(added.durations) <= durations_cap
    )
    admitted = added if fits else _folded(span, added, cells_cap, durations_cap)
    span.merge(admitted)
    return admitted


def _folded(span: Exact, added: Exact, cells_cap: int, durations_cap: int) -> Exact:
    """`added` with the keys folded that `span` has no room for."""
    admitted = Exact(ledger=added.ledger)
    room = cells_cap - len(span.cells)
    for key, (hits, size) in added.cells.items():
        if key not in span.cells and room <= 0:
            key = folded_cell(key)  # noqa: PLW2901  # the key it is admitted under
        elif key not in span.cells:
            room -= 1
        tally = admitted.cells.setdefault(key, [0, 0])
        tally[0] += hits
        tally[1] += size
    room = durations_cap - len(span.durations)
    for where, histogram in added.durations.items():
        if where not in span.durations and room <= 0:
            where = folded_duration(where)  # noqa: PLW2901  # as above
        elif where not in span.durations:
            room -= 1
        mine = admitted.durations.setdefault(where, {})
        for bucket, hits in histogram.items():
            mine[bucket] = mine.get(bucket, 0) + hits
    return admitted
