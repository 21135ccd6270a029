"""Frames: what one span of traffic amounted to, and how two of them add up.

A frame has two parts with different laws, kept apart because they live on
different grids:

* `Exact` belongs to one second (or a ten-second sum of seconds). Its cells,
  histograms and ledger are sums: merging is commutative and associative.
* `Bounded` belongs to one block of `BLOCK_S` seconds. Its tops are capped and
  carry their error; merging is commutative, not associative.

`Delta` is what an intake counted since it was last asked, filed under the
seconds and blocks it belongs to. Late, open and closed spans are all merged
the same way. No clock, no sockets, no bytes of lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from logmond.frame.sketches import HyperLogLog, Top

BLOCK_S = 10
"""Seconds in a block; blocks start at multiples of it."""

CELL_DIMENSIONS = ("source", "vhost", "method", "status", "section")
"""The dimensions every cell has, in the order of its key; labels follow."""

TOP_DIMENSIONS = ("path", "client", "referrer", "user_agent")
"""The dimensions too numerous for cells, kept as capped tops."""

OTHER = "(other)"
"""The key that folded keys are counted under."""

CellKey = tuple[str, ...]
"""(source, vhost, method, status, section, *labels), all as text.

`status` is the three-digit text of the response, "-" when the line had none;
an absent vhost, method or label is "-".
"""

DurationKey = tuple[str, str, str]
"""(source, vhost, section)."""

LedgerKey = tuple[str, str]
"""(source, counter), for example ("nginx", "unparsed")."""


@dataclass(slots=True)
class Exact:
    """The exact part of a span: sums only.

    `cells` maps a key to ``[hits, bytes]``; `durations` maps a key to
    ``{bucket: hits}`` with the buckets of `logmond.frame.sketches.bucket_of`;
    `ledger` maps (source, counter) to messages.
    """

    cells: dict[CellKey, list[int]] = field(default_factory=dict)
    durations: dict[DurationKey, dict[int, int]] = field(default_factory=dict)
    ledger: dict[LedgerKey, int] = field(default_factory=dict)

    @property
    def hits(self) -> int:
        """Lines counted in this span."""
        return sum(tally[0] for tally in self.cells.values())

    def merge(self, other: Exact) -> None:
        """Add `other` to this part, key by key."""
        cells = self.cells
        for key, (hits, size) in other.cells.items():
            tally = cells.get(key)
            if tally is None:
                cells[key] = [hits, size]
            else:
                tally[0] += hits
                tally[1] += size
        for where, histogram in other.durations.items():
            mine = self.durations.get(where)
            if mine is None:
                self.durations[where] = dict(histogram)
                continue
            for bucket, hits in histogram.items():
                mine[bucket] = mine.get(bucket, 0) + hits
        for name, messages in other.ledger.items():
            self.ledger[name] = self.ledger.get(name, 0) + messages


@dataclass(slots=True)
class Bounded:
    """The bounded part of a block.

    `tops` is keyed by (dimension, errors only): the table over all lines, and
    the one over lines with status 400 and above. `samples` are a few lines,
    already redacted (no query strings), as (status, section, text).
    """

    tops: dict[tuple[str, bool], Top] = field(default_factory=dict)
    clients: HyperLogLog = field(default_factory=HyperLogLog)
    samples: list[tuple[str, str, str]] = field(default_factory=list)

    def merge(self, other: Bounded) -> None:
        """Add `other`; tops add their errors, distinct clients take the maximum."""
        for name, top in other.tops.items():
            mine = self.tops.get(name)
            if mine is None:
                self.tops[name] = top.copy()
            else:
                mine.merge(top)
        self.clients.merge(other.clients)
        self.samples = merge_samples(self.samples, other.samples)


MAX_SAMPLES = 8
"""Sample lines kept for a block: half for errors, half for the rest."""


def merge_samples(
    first: Iterable[tuple[str, str, str]], second: Iterable[tuple[str, str, str]]
) -> list[tuple[str, str, str]]:
    """The first few distinct samples of both, errors and others half each."""
    kept: dict[bool, dict[tuple[str, str, str], None]] = {True: {}, False: {}}
    for samples in (first, second):
        for sample in samples:
            shelf = kept[sample[0] >= "400"]
            if len(shelf) < MAX_SAMPLES // 2:
                shelf[sample] = None
    return [*kept[True], *kept[False]]


@dataclass(slots=True)
class Delta:
    """What was counted since the last delta, by second and by block start."""

    exact: dict[int, Exact] = field(default_factory=dict)
    bounded: dict[int, Bounded] = field(default_factory=dict)

    def merge(self, other: Delta) -> None:
        """Add `other`, span by span."""
        for second, exact in other.exact.items():
            self.exact.setdefault(second, Exact()).merge(exact)
        for start, bounded in other.bounded.items():
            self.bounded.setdefault(start, Bounded()).merge(bounded)

    def __bool__(self) -> bool:
        return bool(self.exact or self.bounded)
