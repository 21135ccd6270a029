"""Positions in files as rows of the state file, and which of them are forgotten."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from logmond.stores.rows import FileRow
from logmond.stores.schema import Row

MAX_FILES = 10_000
"""Positions kept: far more than the files one daemon can hold open.

Every rotation leaves a row behind, for a file that may yet be read on.
"""


def position_row(row: FileRow) -> Row:
    """A position as its table holds it."""
    return (
        row.source,
        str(row.device),
        str(row.inode),
        os.fsencode(row.path),
        row.fingerprint,
        row.fingerprint_length,
        row.offset,
    )


def positions(rows: Iterable[Sequence[Any]]) -> Iterator[FileRow]:
    """Positions from their rows.

    Raises:
        ValueError: the number of a device or an inode is none.
    """
    for source, device, inode, path, fingerprint, length, offset in rows:
        yield FileRow(
            source, os.fsdecode(path), int(device), int(inode), fingerprint, length, offset
        )


def forgotten(
    known: dict[tuple[str, int, int], FileRow], files: Sequence[FileRow]
) -> list[tuple[str, int, int]]:
    """Positions beyond the cap: paths that became another file go first, then the oldest.

    Args:
        known: what was kept so far, in the order of its change.
        files: what is being written.
    """
    total = len(known | {row.key: row for row in files})
    if total <= MAX_FILES:
        return []
    newest = {(row.source, row.path): row.key for row in (*known.values(), *files)}
    written = {row.key for row in files}
    quiet = [row for row in known.values() if row.key not in written]
    quiet.sort(key=lambda row: newest[row.source, row.path] == row.key)
    # A tenth more than needed, so that this is not done at every rotation.
    return [row.key for row in quiet[: total - MAX_FILES + MAX_FILES // 10]]
