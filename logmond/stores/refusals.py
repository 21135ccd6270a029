"""Why a file cannot be used as a state file."""

from __future__ import annotations


class Damaged(Exception):
    """The content of the file is not what was written; says where."""


class Newer(Exception):
    """The file was written by a later version; the argument is its schema."""


class Foreign(Exception):
    """The file is a database of another program."""
