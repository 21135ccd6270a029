"""The exact part of a batch: cells and duration histograms, by second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import repeat

from logmond.frame.frame import Exact
from logmond.ingest.kernel import names
from logmond.ingest.kernel.columns import Columns
from logmond.ingest.kernel.memo import Memo

_Key = tuple[int, bytes, tuple[str, str], bytes, tuple[str, ...]]


class ExactCounter:
    """Counts batches of one source into `Exact` parts."""

    def __init__(self, source: str, labels: Sequence[names.Label]) -> None:
        self._source = source
        self._labels = [(label.field, Memo(label.value_of)) for label in labels]
        self._vhosts = Memo(names.vhost_of)
        self._statuses = Memo(names.status_of_text, cap=1000)
        self._buckets: dict[float, Memo[int]] = {}

    def count(self, columns: Columns, duration_unit_s: float) -> dict[int, Exact]:
        """The cells and histograms of a batch, by second."""
        keys = zip(
            columns.seconds,
            columns.field("vhost"),
            columns.requests,
            columns.field("status"),
            self._marks(columns),
            strict=True,
        )
        sizes = _sizes(columns.raw["bytes"]) if "bytes" in columns.raw else repeat(0, len(columns))
        tallies: dict[_Key, list[int]] = {}
        find = tallies.get
        for key, size in zip(keys, sizes, strict=True):
            tally = find(key)
            if tally is None:
                tallies[key] = [1, size]
            else:
                tally[0] += 1
                tally[1] += size
        spans: dict[int, Exact] = {}
        for (second, vhost, (method, section), status, marks), tally in tallies.items():
            exact = spans.get(second)
            if exact is None:
                exact = spans[second] = Exact()
            cell = (
                self._source,
                self._vhosts[vhost],
                method,
                self._statuses[status],
                section,
                *marks,
            )
            mine = exact.cells.get(cell)
            if mine is None:
                exact.cells[cell] = tally
            else:  # two raw values of one name
                mine[0] += tally[0]
                mine[1] += tally[1]
        if "duration" in columns.raw:
            self._count_durations(columns, duration_unit_s, spans)
        return spans

    def _marks(self, columns: Columns) -> Iterable[tuple[str, ...]]:
        """The labels of every line."""
        if not self._labels:
            return repeat((), len(columns))
        marked = [map(memo.__getitem__, columns.field(field)) for field, memo in self._labels]
        return zip(*marked, strict=True)

    def _count_durations(self, columns: Columns, unit_s: float, spans: dict[int, Exact]) -> None:
        memo = self._buckets.get(unit_s)
        if memo is None:
            memo = Memo(lambda raw: names.bucket_of_text(raw, unit_s))
            self._buckets[unit_s] = memo
        buckets = map(memo.__getitem__, columns.raw["duration"])
        counted = Counter(
            zip(columns.seconds, columns.field("vhost"), columns.requests, buckets, strict=True)
        )
        for (second, vhost, (_, section), bucket), hits in counted.items():
            if bucket < 0:
                continue
            where = (self._source, self._vhosts[vhost], section)
            histogram = spans[second].durations.setdefault(where, {})
            histogram[bucket] = histogram.get(bucket, 0) + hits


def _sizes(column: Sequence[bytes]) -> Iterable[int]:
    """Bytes sent; "-" is none."""
    try:
        return list(map(int, column))
    except ValueError:
        return [int(size) if size.isdigit() else 0 for size in column]
