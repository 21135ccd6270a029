"""The section ``stats``: how long to wait for lines, how much to remember, which labels."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from logmond.config.scalars import Choice, Listed, Seconds, Size, Text, located
from logmond.config.section import Section
from logmond.config.source import Zone
from logmond.frame.caps import MIB, MIN_LIMIT_BYTES
from logmond.frame.frame import CELL_DIMENSIONS, TOP_DIMENSIONS

LABEL_FIELDS = ("user_agent", "referrer", "client", "vhost")
"""What a label can be read from: fields that a line has as they are counted."""

_LABEL_NAME = re.compile("[a-z][a-z0-9_]{0,31}")
_TAKEN = {*CELL_DIMENSIONS, *TOP_DIMENSIONS}


class LabelConfig(Section):
    """One label: the first value, one of whose texts the field contains."""

    field: Annotated[str, Choice("field", LABEL_FIELDS)] = Field(description="What is looked at.")
    contains: dict[str, Annotated[tuple[str, ...], Listed(Text())]] = Field(
        description="Value of the label → texts; the first value with a text that occurs in "
        "the field is taken, else the label is `-`."
    )

    @field_validator("contains", mode="after")
    @classmethod
    def _values_can_be_told_apart(cls, contains: dict[str, Any]) -> dict[str, Any]:
        problems: list[tuple[tuple[str, ...], str]] = [
            ((value,), "stands for an absent value; choose another word")
            for value in contains
            if value in ("-", "(other)", "")
        ]
        if not contains:
            problems.append(((), "is empty; name at least one value"))
        if problems:
            raise located(problems)
        return contains


class StatsConfig(Section):
    """Windows, memory and labels."""

    delay_s: Annotated[int, Seconds(0, 60)] = Field(
        3,
        alias="delay",
        description="How long a second waits for its lines before it is evaluated.",
    )
    memory_limit_bytes: Annotated[int, Size(MIN_LIMIT_BYTES, 4096 * MIB)] = Field(
        48 * MIB,
        alias="memory_limit",
        description="What the statistics may add to the idle process. It buys entries, "
        "not measured bytes.",
    )
    max_skew_s: Annotated[int, Seconds(10, 86400)] = Field(
        600,
        alias="max_skew",
        description="A datagram stamped further back than this counts at its arrival.",
    )
    timezone: Annotated[str | None, Zone()] = Field(
        None,
        description="Whose time of day `above_baseline` means, `Europe/Vienna`; by default this "
        "machine's.",
    )
    labels: dict[str, LabelConfig] = Field(
        default_factory=dict,
        description="Dimensions of your own: name → field and what it contains.",
    )

    def zone(self) -> tzinfo | None:
        """The zone of `timezone`; None for this machine's."""
        if self.timezone is None:
            return None
        return UTC if self.timezone == "UTC" else ZoneInfo(self.timezone)

    @field_validator("labels", mode="after")
    @classmethod
    def _names_are_free_words(cls, labels: dict[str, LabelConfig]) -> dict[str, LabelConfig]:
        problems = []
        for name in labels:
            if name in _TAKEN:
                problems.append(((name,), "is a dimension already; choose another name"))
            elif not _LABEL_NAME.fullmatch(name):
                problems.append(((name,), 'must be a word of a-z, 0-9 and "_", 32 at most'))
        if problems:
            raise located(problems)
        return labels
