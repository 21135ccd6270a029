"""One minute of traffic as bytes: what the history keeps of it.

A minute is the sum of its blocks, cut harder, with durations in wider buckets:
1 to 2 KiB for usual traffic. It says which sources were not observed all the
time, so that a reader can leave out what is only part of the truth. No clock.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from msgspec import MsgspecError, Struct, msgpack

from logmond.errors import StateError
from logmond.frame.caps import Caps
from logmond.frame.cut import cut_exact, folded_cell
from logmond.frame.frame import CellKey, Exact
from logmond.frame.packing import pack_exact, unpack_exact

MINUTE_S = 60
"""Seconds of a minute; minutes start at multiples of it."""

MINUTE_VERSION = b"\x41"

_WIDER = 5
"""Buckets of a duration that a minute holds as one: 10 % wide, its middle within 5 %."""

_LARGEST_BYTES = 16 * 1024 * 1024
"""A minute never unpacks to more: at its caps it has some hundred KiB."""


@dataclass(slots=True)
class Minute:
    """What is known of one minute.

    `unobserved` names the sources that were not observed for all of it; None
    when nothing is known of that, because lines of it came late only.
    """

    exact: Exact = field(default_factory=Exact)
    unobserved: tuple[str, ...] | None = ()

    def whole(self, sources: Collection[str] | None) -> bool:
        """Whether it holds all that `sources` (None: all) delivered."""
        if self.unobserved is None:
            return False
        if sources is None:
            return not self.unobserved
        return not any(name in sources for name in self.unobserved)


class _Packed(Struct, array_like=True):
    unobserved: list[str] | None
    exact: bytes


_decoder = msgpack.Decoder(_Packed)


def minute_of(second: int) -> int:
    """The start of the minute a second belongs to."""
    return second - second % MINUTE_S


def cut_minute(
    exact: Exact, caps: Caps, protected: Callable[[CellKey], bool] = lambda _: False
) -> None:
    """Cut a minute to its caps, as `cut_exact` does, and widen its buckets. Twice is once."""
    cut_exact(exact, caps.minute_cells, caps.minute_durations, protected)
    exact.durations = {where: _widened(exact.durations[where]) for where in exact.durations}


def pack_minute(minute: Minute) -> bytes:
    """A minute as bytes; `unpack_minute` gives an equal one back."""
    unobserved = None if minute.unobserved is None else list(minute.unobserved)
    # Sorted keys lie beside those they resemble, which deflates to two thirds.
    exact = Exact(
        dict(sorted(minute.exact.cells.items())),
        dict(sorted(minute.exact.durations.items())),
        dict(sorted(minute.exact.ledger.items())),
    )
    return MINUTE_VERSION + zlib.compress(msgpack.encode((unobserved, pack_exact(exact))))


def unpack_minute(packed: bytes) -> Minute:
    """The minute that was packed, the caller's own to change.

    Raises:
        StateError: the bytes are of another version, or damaged.
    """
    if packed[:1] != MINUTE_VERSION:
        raise StateError(f"a packed minute of version {packed[:1].hex() or 'none'}, not of this")
    try:
        inflating = zlib.decompressobj()
        body = inflating.decompress(memoryview(packed)[1:], _LARGEST_BYTES)
        if not inflating.eof or inflating.unused_data:
            raise ValueError("cut short, or too long")
        decoded = _decoder.decode(body)
    except (MsgspecError, ValueError, zlib.error) as error:
        raise StateError(f"a damaged packed minute: {error}") from error
    unobserved = decoded.unobserved
    return Minute(
        unpack_exact(decoded.exact), None if unobserved is None else tuple(sorted(unobserved))
    )


def merge_minutes(first: bytes, second: bytes, caps: Caps | None = None) -> bytes:
    """Two packed records of the same minute as one, in any order: what was counted adds up.

    What one of them knows to be unobserved stays so.

    Raises:
        StateError: one of them is of another version, or damaged.
    """
    one, other = unpack_minute(first), unpack_minute(second)
    caps = caps or Caps()
    # As many as either held: protected cells may have been more than the cap.
    most = max(caps.minute_cells, _named(one.exact), _named(other.exact))
    one.exact.merge(other.exact)
    cut_minute(one.exact, replace(caps, minute_cells=most))
    if one.unobserved is None:
        one.unobserved = other.unobserved
    elif other.unobserved is not None:
        one.unobserved = tuple(sorted({*one.unobserved, *other.unobserved}))
    return pack_minute(one)


def _named(exact: Exact) -> int:
    """How many cells are kept under their own key."""
    return sum(key != folded_cell(key) for key in exact.cells)


def _widened(histogram: dict[int, int]) -> dict[int, int]:
    """The histogram in buckets `_WIDER` as wide, each named by its middle one."""
    wider: dict[int, int] = {}
    for bucket in sorted(histogram):
        middle = bucket and bucket - bucket % _WIDER + _WIDER // 2  # 0 stays: no time at all
        wider[middle] = wider.get(middle, 0) + histogram[bucket]
    return wider
