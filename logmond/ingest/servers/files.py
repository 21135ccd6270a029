"""The only reading of configuration files: texts by path, and what a glob finds.

Parsers take a `Files`, so that tests can give them a dictionary.
"""

from __future__ import annotations

import errno
import glob
import os
from typing import Protocol

MAX_BYTES = 4 * 1024 * 1024
"""No server's configuration is larger; a log named by mistake is."""


class Files(Protocol):
    """Where configuration files come from."""

    def text(self, path: str) -> str:
        """The text of a file. Raises OSError."""

    def matching(self, pattern: str) -> list[str]:
        """The paths a glob means, sorted as glob(3) does."""

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory at `path`."""


class DiskFiles:
    """The files of this machine."""

    def text(self, path: str) -> str:
        """The text of a file; bytes that are no UTF-8 survive as surrogates.

        Raises:
            OSError: it cannot be read, or is too large for a configuration.
        """
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise OSError(errno.EFBIG, "too large for a configuration", path)
        return raw.decode("utf-8", "surrogateescape")

    def matching(self, pattern: str) -> list[str]:
        """The paths a glob means, sorted."""
        return sorted(glob.glob(pattern))

    def is_directory(self, path: str) -> bool:
        """Whether there is a directory at `path`."""
        return os.path.isdir(path)


def reason(error: OSError) -> str:
    """Why a file cannot be read, in the words of the system."""
    return (error.strerror or str(error)).lower()
