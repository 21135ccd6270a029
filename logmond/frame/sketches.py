"""Small summaries of many values: capped tops, distinct counts, duration buckets.

Every summary says how wrong it can be. No clock, no randomness: the same
lines in the same order give the same summary.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

TOP_CAP = 64
"""Keys a closed top keeps."""

TOP_OPEN_CAP = 8 * TOP_CAP
"""Keys an open top admits before it is reduced."""

TOP_REDUCED = 4 * TOP_CAP
"""Keys that survive a reduction of an open top."""

_STRETCH = 16
"""Free places from which counting a stretch at once pays."""

BUCKET_BASE = math.log(1.02)
"""One bucket spans 2 %, so its middle is within 1 % of any value in it."""

REGISTERS = 2048
"""HyperLogLog registers, a byte each: standard error 1.04/sqrt(2048) = 2.3 %."""

_INDEX_BITS = 11

_GUARDS = int.from_bytes(b"\x80" * REGISTERS, "big")


@dataclass(slots=True)
class Top:
    """The most frequent keys, by Misra-Gries.

    For every key, kept or not: ``count <= true <= count + error``, where an
    unkept key has count 0. ``sum(counts) + other == total``. The error of a
    merge is the sum of the errors plus what the cut took (Agarwal et al.,
    "Mergeable summaries", 2012).
    """

    counts: dict[str, int] = field(default_factory=dict)
    total: int = 0
    error: int = 0

    @property
    def other(self) -> int:
        """Hits that no kept key accounts for."""
        return self.total - sum(self.counts.values())

    def copy(self) -> Top:
        """An independent copy."""
        return Top(dict(self.counts), self.total, self.error)

    def count(self, keys: Sequence[str]) -> None:
        """Count keys in their order; a new key too many reduces the table.

        However a stream of keys is cut into calls, the table comes out the
        same: whole stretches that cannot overflow are counted at once, only
        the keys next to the limit one by one.
        """
        self.total += len(keys)
        begin = 0
        while begin < len(keys):
            room = TOP_OPEN_CAP - len(self.counts)
            if room >= _STRETCH:
                end = begin + room
                self._add(Counter(keys if not begin and end >= len(keys) else keys[begin:end]))
                begin = end
            else:
                begin = self._count_to_reduction(keys, begin)

    def _add(self, counted: Mapping[str, int]) -> None:
        counts = self.counts
        for key, hits in counted.items():
            counts[key] = counts.get(key, 0) + hits

    def _count_to_reduction(self, keys: Sequence[str], begin: int) -> int:
        """Count one by one until the table is reduced or all is counted; return how far."""
        counts = self.counts
        for place in range(begin, len(keys)):
            key = keys[place]
            counts[key] = counts.get(key, 0) + 1
            if len(counts) > TOP_OPEN_CAP:
                self.reduce(TOP_REDUCED)
                return place + 1
        return len(keys)

    def update(self, counted: Mapping[str, int]) -> None:
        """Add counts of keys, key by key in their order; reduce whenever too many are kept."""
        self.total += sum(counted.values())
        for key, hits in counted.items():
            self.counts[key] = self.counts.get(key, 0) + hits
            if len(self.counts) > TOP_OPEN_CAP:
                self.reduce(TOP_REDUCED)

    def merge(self, other: Top) -> None:
        """Add another top: counts, totals and errors add, too many keys are cut."""
        counts = self.counts
        for key, hits in other.counts.items():
            counts[key] = counts.get(key, 0) + hits
        self.total += other.total
        self.error += other.error
        if len(counts) > TOP_OPEN_CAP:
            self.reduce(TOP_REDUCED)

    def reduce(self, cap: int) -> None:
        """Keep at most `cap` keys by subtracting the (cap+1)-th largest count from all."""
        if len(self.counts) <= cap:
            return
        cut = sorted(self.counts.values(), reverse=True)[cap]
        self.counts = {key: hits - cut for key, hits in self.counts.items() if hits > cut}
        self.error += cut

    def ranked(self) -> list[tuple[str, int]]:
        """Keys with their counts, most first, equal ones by key."""
        return sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))


@dataclass(slots=True)
class HyperLogLog:
    """Distinct values in 2 KiB; merging takes the maximum of each register."""

    registers: bytearray = field(default_factory=lambda: bytearray(REGISTERS))

    def add(self, place: tuple[int, int]) -> None:
        """Record a value by its `place` (see `place_of`)."""
        index, rank = place
        self.registers[index] = max(self.registers[index], rank)

    def merge(self, other: HyperLogLog) -> None:
        """Take the maximum, register by register.

        All registers at once: as one large integer with a guard bit in every
        byte (ranks stay below 128), a subtraction leaves the guard standing
        exactly where ours is not smaller. 20 times faster than byte by byte.
        """
        ours = int.from_bytes(self.registers, "big")
        theirs = int.from_bytes(other.registers, "big")
        standing = ((ours | _GUARDS) - theirs) & _GUARDS
        larger = standing | (standing - (standing >> 7))
        merged = (ours & larger) | (theirs & ~larger)
        self.registers = bytearray(merged.to_bytes(REGISTERS, "big"))

    def estimate(self) -> int:
        """Distinct values seen, within about 2.3 % (one standard error)."""
        alpha = 0.7213 / (1 + 1.079 / REGISTERS)
        raw = alpha * REGISTERS * REGISTERS / sum(2.0**-rank for rank in self.registers)
        empty = self.registers.count(0)
        if raw <= 2.5 * REGISTERS and empty:
            return round(REGISTERS * math.log(REGISTERS / empty))
        return round(raw)


def place_of(value: bytes) -> tuple[int, int]:
    """The register a value falls into, and the rank it brings there."""
    digest = int.from_bytes(blake2b(value, digest_size=8).digest(), "big")
    rest = digest >> _INDEX_BITS
    rank = (64 - _INDEX_BITS) - rest.bit_length() + 1
    return digest & (REGISTERS - 1), rank


def bucket_of(seconds: float) -> int:
    """The bucket of a duration: 0 for under a microsecond, else logarithmic in microseconds."""
    micros = seconds * 1e6
    if micros < 1:
        return 0
    return 1 + int(math.log(micros) / BUCKET_BASE)


def bucket_middle(bucket: int) -> float:
    """The duration in seconds that stands for all of a bucket, within 1 %."""
    if bucket <= 0:
        return 0.0
    return math.exp((bucket - 0.5) * BUCKET_BASE) / 1e6


def percentile(histogram: Mapping[int, int], quantile: float) -> float | None:
    """The duration in seconds that `quantile` (0 to 1) of the hits do not exceed."""
    total = sum(histogram.values())
    if not total:
        return None
    wanted = max(1, math.ceil(quantile * total))
    seen = 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen >= wanted:
            return bucket_middle(bucket)
    return None
