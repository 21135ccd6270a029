"""Paths as they are typed. Nothing is opened here."""

from __future__ import annotations

from typing import Any

from logmond.config.scalars import Text
from logmond.config.units import shown


class AbsolutePath(Text):
    """A path from the root: the daemon's working directory is nobody's business."""

    described = "absolute path"

    def __init__(self) -> None:
        super().__init__("absolute path")

    def read(self, value: Any) -> str:
        """The path."""
        text = super().read(value)
        if not text.startswith("/"):
            raise ValueError(f"must be an absolute path, not {shown(text)}")
        return text
