"""What every section of the configuration is: frozen, closed, comparable.

Two sections are equal when their values are, so that a reload sees what changed.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator


class Section(BaseModel):
    """A mapping of known keys; an unknown key is an error.

    `shorthand` is the key that a bare value in place of the mapping stands for.
    """

    shorthand: ClassVar[str | None] = None

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _nothing_means_defaults(cls, data: Any) -> Any:
        """A section whose keys are all commented out is an empty mapping."""
        if cls.shorthand is not None and isinstance(data, str):
            return {cls.shorthand: data}
        return {} if data is None else data
