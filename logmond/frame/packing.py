"""Frames as immutable bytes: what closed spans are kept as, and what the state file holds.

A frame carries its own strings, each once: there is no table shared between
frames, so keys of hostile traffic leave with the frames that hold them. Cells
are columns of small numbers, 10 to 20 bytes a cell. The first byte is the
version of the layout. No clock, no sockets.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any, TypeVar

from msgspec import MsgspecError, Raw, Struct, msgpack

from logmond.errors import StateError
from logmond.frame.cut import cut_bounded, cut_exact
from logmond.frame.frame import Bounded, CellKey, Exact
from logmond.frame.sketches import REGISTERS, HyperLogLog, Top

__all__ = [
    "cut_bounded",
    "cut_exact",
    "pack_bounded",
    "pack_exact",
    "unpack_bounded",
    "unpack_clients",
    "unpack_exact",
    "unpack_samples",
    "unpack_tops",
]

EXACT_VERSION = b"\x01"
BOUNDED_VERSION = b"\x81"

_FITS = 1 << 63

T = TypeVar("T")


class _Exact(Struct, array_like=True):
    """Columns of indexes into `strings`; cells come grouped by the length of their keys."""

    strings: list[str]
    cells: list[tuple[list[list[int]], list[int], list[int]]]
    durations: tuple[list[list[int]], list[dict[int, int]]]
    ledger: tuple[list[list[int]], list[int]]


class _Clients(Struct, array_like=True):
    """The beginning of `_Bounded`; what follows is skipped, not read."""

    clients: bytes


class _Samples(Struct, array_like=True):
    """All of `_Bounded`; what comes before the samples is passed over."""

    clients: Raw
    strings: Raw
    tops: Raw
    samples: list[tuple[str, str, str]]


class _Bounded(Struct, array_like=True):
    """A top is (dimension, errors only, total, error, indexes into `strings`, counts)."""

    clients: bytes
    strings: list[str]
    tops: list[tuple[str, bool, int, int, list[int], list[int]]]
    samples: list[tuple[str, str, str]]


# Not strict: numbers beyond 64 bits travel as text (see `_encoded`).
_exact = msgpack.Decoder(_Exact, strict=False)
_bounded = msgpack.Decoder(_Bounded, strict=False)
_clients = msgpack.Decoder(_Clients)
_samples = msgpack.Decoder(_Samples)


def pack_exact(exact: Exact) -> bytes:
    """The exact part as bytes; `unpack_exact` gives an equal one back."""
    index = _new_index()
    cells = [
        (_columns(index, keys), *map(list, zip(*tallies, strict=True)))
        for keys, tallies in _by_length(exact.cells)
    ]
    durations = (_columns(index, exact.durations), list(exact.durations.values()))
    ledger = (_columns(index, exact.ledger), list(exact.ledger.values()))
    body = (list(index), cells, durations, ledger)
    return EXACT_VERSION + _encoded(body)


def unpack_exact(packed: bytes) -> Exact:
    """The exact part that was packed, the caller's own to change.

    Raises:
        StateError: the bytes are of another version, or damaged.
    """

    def decode(body: memoryview) -> Exact:
        decoded = _exact.decode(body)
        text = decoded.strings.__getitem__
        exact = Exact()
        for columns, hits, sizes in decoded.cells:
            exact.cells.update(
                zip(_keys(text, columns), map(list, zip(hits, sizes, strict=True)), strict=True)
            )
        columns, histograms = decoded.durations
        exact.durations.update(zip(_keys(text, columns), histograms, strict=True))
        columns, messages = decoded.ledger
        exact.ledger.update(zip(_keys(text, columns), messages, strict=True))
        return exact

    return _unpacked(packed, EXACT_VERSION, decode)


def pack_bounded(bounded: Bounded) -> bytes:
    """The bounded part as bytes; `unpack_bounded` gives an equal one back."""
    index = _new_index()
    tops = [
        (
            dimension,
            errors,
            top.total,
            top.error,
            list(map(index.__getitem__, top.counts)),
            list(top.counts.values()),
        )
        for (dimension, errors), top in bounded.tops.items()
    ]
    # Ranks are few and repeat: 2 KiB become 20 bytes for no client, 950 for thousands.
    clients = zlib.compress(bounded.clients.registers, 1)
    body = (clients, list(index), tops, bounded.samples)
    return BOUNDED_VERSION + _encoded(body)


def unpack_bounded(packed: bytes) -> Bounded:
    """The bounded part that was packed, the caller's own to change.

    Raises:
        StateError: the bytes are of another version, or damaged.
    """

    def decode(body: memoryview) -> Bounded:
        decoded = _bounded.decode(body)
        text = decoded.strings.__getitem__
        tops = {
            (dimension, errors): Top(dict(zip(map(text, keys), counts, strict=True)), total, error)
            for dimension, errors, total, error, keys, counts in decoded.tops
        }
        return Bounded(tops, _registers(decoded.clients), decoded.samples)

    return _unpacked(packed, BOUNDED_VERSION, decode)


def unpack_tops(packed: bytes, errors: bool) -> dict[str, Top]:
    """The tops of a packed bounded part over all lines, or over failed ones, by dimension.

    Half of the tops are not built, nor are the distinct clients unpacked.

    Raises:
        StateError: the bytes are of another version, or damaged.
    """

    def decode(body: memoryview) -> dict[str, Top]:
        decoded = _bounded.decode(body)
        text = decoded.strings.__getitem__
        return {
            dimension: Top(dict(zip(map(text, keys), counts, strict=True)), total, error)
            for dimension, failed, total, error, keys, counts in decoded.tops
            if failed == errors
        }

    return _unpacked(packed, BOUNDED_VERSION, decode)


def unpack_samples(packed: bytes) -> list[tuple[str, str, str]]:
    """The sample lines of a packed bounded part alone, many times faster than all of it.

    Raises:
        StateError: the bytes are of another version, or damaged.
    """
    return _unpacked(packed, BOUNDED_VERSION, lambda body: _samples.decode(body).samples)


def unpack_clients(packed: bytes) -> HyperLogLog:
    """The distinct clients of a packed bounded part alone, several times faster than all of it.

    Raises:
        StateError: the bytes are of another version, or damaged.
    """
    return _unpacked(
        packed, BOUNDED_VERSION, lambda body: _registers(_clients.decode(body).clients)
    )


def _registers(compressed: bytes) -> HyperLogLog:
    registers = bytearray(zlib.decompress(compressed, bufsize=REGISTERS))
    if len(registers) != REGISTERS:
        raise ValueError(f"{len(registers)} registers")
    return HyperLogLog(registers)


def _new_index() -> defaultdict[str, int]:
    """Strings to their places; asking for a new one gives it the next place."""
    return defaultdict(count().__next__)


def _columns(index: defaultdict[str, int], keys: Iterable[Sequence[str]]) -> list[list[int]]:
    place = index.__getitem__
    return [list(map(place, column)) for column in zip(*keys, strict=True)]


def _keys(text: Callable[[int], str], columns: list[list[int]]) -> Any:
    """The keys of `_columns` again, as an iterator of tuples."""
    return zip(*[map(text, column) for column in columns], strict=True)


def _by_length(cells: dict[CellKey, list[int]]) -> Iterable[tuple[list[CellKey], list[list[int]]]]:
    """Keys of equal length together: labels are added and removed by a reload."""
    for length in sorted(set(map(len, cells))):
        yield (
            [key for key in cells if len(key) == length],
            [tally for key, tally in cells.items() if len(key) == length],
        )


def _encoded(body: object) -> bytes:
    try:
        return msgpack.encode(body)
    except OverflowError:
        # A line may claim 19 digits of bytes; two of those leave 64 bits.
        # Cutting the sum would leave a remainder in every window that holds it.
        return msgpack.encode(_with_text(body))


def _with_text(body: Any) -> Any:
    if isinstance(body, int):
        return body if -_FITS <= body < _FITS else str(body)
    if isinstance(body, list | tuple):
        return [_with_text(part) for part in body]
    if isinstance(body, dict):
        return {key: _with_text(value) for key, value in body.items()}
    return body


def _unpacked(packed: bytes, version: bytes, decode: Callable[[memoryview], T]) -> T:
    if packed[:1] != version:
        raise StateError(f"a packed frame of version {packed[:1].hex() or 'none'}, not of this one")
    try:
        return decode(memoryview(packed)[1:])
    except (MsgspecError, ValueError, IndexError, zlib.error) as error:
        raise StateError(f"a damaged packed frame: {error}") from error
