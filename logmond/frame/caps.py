"""How many entries a memory limit buys: one table, in entries, never in measured bytes.

Counting entries makes every kernel fold alike whatever its objects weigh. At
48 MiB a packed second of 256 cells and 32 histograms, kept for 5 minutes, and
a block of 512 cells, 64 histograms, 8 tops of 64 and its distinct clients,
kept for an hour, come to about half of the limit; the rest is for the open
spans and the running sums of the windows.
"""

from __future__ import annotations

from dataclasses import dataclass

from logmond.frame.sketches import TOP_CAP, TOP_REDUCED

MIB = 1024 * 1024

REFERENCE_LIMIT_BYTES = 48 * MIB
"""The default of ``stats.memory_limit``, for which the table below is written."""

MIN_LIMIT_BYTES = 4 * MIB
"""The least ``stats.memory_limit``: under it, hardly any section has a cell of its own."""

OPEN_FACTOR = 8
"""An open span admits this many times the entries that it keeps when it is closed."""


@dataclass(frozen=True, slots=True)
class Caps:
    """Entries kept of closed spans; the defaults are the table for 48 MiB.

    Attributes:
        second_cells: cells of a closed second.
        second_durations: histograms of a closed second.
        block_cells: cells of a closed ten-second block.
        block_durations: histograms of a closed ten-second block.
        top_keys: keys of each top of a closed block.
        remembered: request lines, and clients, whose reading the kernels remember.
        minute_cells: cells of a minute of history; on disk, so no matter of memory.
        minute_durations: histograms of a minute of history.
    """

    second_cells: int = 256
    second_durations: int = 32
    block_cells: int = 512
    block_durations: int = 64
    top_keys: int = TOP_CAP
    remembered: int = 24576
    minute_cells: int = 128
    minute_durations: int = 16

    @property
    def open_cells(self) -> int:
        """Cells an open second admits in line order before it folds new ones."""
        return OPEN_FACTOR * self.second_cells

    @property
    def open_durations(self) -> int:
        """Histograms an open second admits in line order before it folds new ones."""
        return OPEN_FACTOR * self.second_durations


def caps_for(memory_limit_bytes: int) -> Caps:
    """The table scaled to a memory limit, in proportion and rounded down.

    Tops stop growing at the size an open top is reduced to: beyond it they
    would promise more than they were given.

    Raises:
        ValueError: the limit is under `MIN_LIMIT_BYTES`.
    """
    if memory_limit_bytes < MIN_LIMIT_BYTES:
        raise ValueError(f"memory limit is {memory_limit_bytes} bytes; the least is 4 MiB")

    def scaled(entries: int) -> int:
        return entries * memory_limit_bytes // REFERENCE_LIMIT_BYTES

    full = Caps()
    return Caps(
        second_cells=scaled(full.second_cells),
        second_durations=scaled(full.second_durations),
        block_cells=scaled(full.block_cells),
        block_durations=scaled(full.block_durations),
        top_keys=min(scaled(full.top_keys), TOP_REDUCED),
        remembered=scaled(full.remembered),
    )
