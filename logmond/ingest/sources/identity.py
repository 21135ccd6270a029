"""Which file is which: inodes are reused at once, names move, devices are renumbered.

A file is known by its device, its inode, and a fingerprint of its first bytes.
While we hold a descriptor the kernel does not reuse the inode, so the
fingerprint decides only about truncation. Across a close or a restart it
decides about everything.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import blake2b

FINGERPRINT_BYTES = 256
"""First bytes of a file that are fingerprinted, as far as they are counted."""

_NO_FILE = -1
_LOOKED = -2

Identity = tuple[int, int]
"""(device, inode)."""


@dataclass(frozen=True, slots=True)
class FilePosition:
    """How far a file has been counted.

    Attributes:
        path: where it is followed: the name it had when it was written to.
        fingerprint: of its first `fingerprint_length` bytes, see `fingerprint`.
        offset: of the first byte not counted; always the beginning of a line.

    A position on no device is a marker, kept among the others so that one list
    holds all there is to know: see `no_file_yet` and `looked`.
    """

    path: str
    device: int
    inode: int
    fingerprint: bytes
    fingerprint_length: int
    offset: int

    @property
    def is_marker(self) -> bool:
        """Whether it is a marker rather than a file's."""
        return self.device < 0

    @property
    def looked_ns(self) -> int | None:
        """When `looked` was made for, None for any other position."""
        return self.offset if self.device == _LOOKED else None


def no_file_yet(pattern: str) -> FilePosition:
    """Says that `pattern` is followed and has no file: what appears for it is new."""
    # Positions are kept by device and inode, so each pattern needs its own.
    number = int.from_bytes(blake2b(os.fsencode(pattern), digest_size=6).digest())
    return FilePosition(pattern, _NO_FILE, number, b"", 0, 0)


def looked(wall_ns: int) -> FilePosition:
    """Says when all files were looked at: one that was not known then was written later."""
    return FilePosition("", _LOOKED, 0, b"", 0, wall_ns)


def fingerprint(head: bytes) -> bytes:
    """The fingerprint of the first bytes of a file; nobody can read the log from it."""
    return blake2b(head, digest_size=16).digest()


def identity_of(status: os.stat_result) -> Identity:
    """The identity in a stat result."""
    return status.st_dev, status.st_ino


def matches(position: FilePosition, status: os.stat_result, descriptor: int) -> bool:
    """Whether an open file continues what `position` counted.

    The inode is not asked here: a copy (copytruncate) continues it as well.

    Raises:
        OSError: the file cannot be read.
    """
    if status.st_size < position.offset:
        return False
    head = os.pread(descriptor, position.fingerprint_length, 0)
    return len(head) == position.fingerprint_length and fingerprint(head) == position.fingerprint
