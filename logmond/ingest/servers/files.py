"""The only reading of configuration files: texts by path, and what a glob finds.

Parsers take a `Files`, so that tests can give them a dictionary.
"""

from __future__ import annotations

import errno
import glob
import os
from dataclasses import dataclass, field
from typing import Protocol

MAX_BYTES = 4 * 1024 * 1024
"""No server's configuration is larger; a log named by mistake is."""


Stamp = tuple[int, int, int]
"""Inode, size and time of the last change, by which a file that was written again is known."""


class Files(Protocol):
    """Where configuration files come from."""

    def text(self, path: str) -> str:
        """The text of a file. Raises OSError."""

    def matching(self, pattern: str) -> list[str]:
        """The paths a glob means, sorted as glob(3) does."""

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory at `path`."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state files were in when they were read, and what patterns found then.

    Two are always equal: what follows from the files is compared, not their times.
    """

    files: tuple[tuple[str, Stamp | None], ...] = field(default=(), compare=False)
    found: tuple[tuple[str, tuple[str, ...]], ...] = field(default=(), compare=False)

    def changed(self) -> str | None:
        """A file, or a pattern, that is not now as it was; None while all are."""
        for path, stamp in self.files:
            try:
                now = _stamp(os.stat(path))
            except OSError:
                now = None
            if now != stamp:
                return path
        found = (pattern for pattern, paths in self.found if tuple(_matching(pattern)) != paths)
        return next(found, None)


class DiskFiles:
    """The files of this machine."""

    def __init__(self) -> None:
        self._read: dict[str, Stamp | None] = {}
        self._found: dict[str, tuple[str, ...]] = {}

    @property
    def snapshot(self) -> Snapshot:
        """Everything that was read so far."""
        return Snapshot(tuple(self._read.items()), tuple(self._found.items()))

    def text(self, path: str) -> str:
        """The text of a file; bytes that are no UTF-8 survive as surrogates.

        Raises:
            OSError: it cannot be read, or is too large for a configuration.
        """
        self._read[path] = None
        with open(path, "rb") as file:
            self._read[path] = _stamp(os.fstat(file.fileno()))
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise OSError(errno.EFBIG, "too large for a configuration", path)
        return raw.decode("utf-8", "surrogateescape")

    def matching(self, pattern: str) -> list[str]:
        """The paths a glob means, sorted."""
        found = _matching(pattern)
        self._found[pattern] = tuple(found)
        return found

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory at `path`."""
        return os.path.isdir(path)


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns


def _matching(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern))


def reason(error: OSError) -> str:
    """Why a file cannot be read, in the words of the system."""
    return (error.strerror or str(error)).lower()
