"""Settings that are legal and make lines late. Nothing is opened or asked here."""

from __future__ import annotations

from collections.abc import Iterator

from logmond.config.checks import Finding
from logmond.config.schema import Config

LOOK_S = 1
"""Files are looked at once a second, some time after a line was written."""


def findings(config: Config) -> Iterator[Finding]:
    """Everything that stands out."""
    followed = next((source.name for source in config.sources if source.files), None)
    if followed is not None and config.stats.delay_s <= LOOK_S:
        yield (
            ("stats", "delay"),
            f"files are looked at once a second, so lines of source {followed} come late; "
            "wait 2s or more",
        )
