"""The section ``heartbeat``: who notices when logmond itself is gone."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from logmond.config.notify import Address, posting_problems
from logmond.config.paths import AbsolutePath
from logmond.config.scalars import Choice, Flag, Seconds, located
from logmond.config.section import Section
from logmond.config.units import duration_text


class HeartbeatConfig(Section):
    """A request every so often to a service that calls when none comes."""

    url: Annotated[str | None, Address()] = Field(
        None, repr=False, description="Where to; without it nothing is sent."
    )
    url_file: Annotated[str | None, AbsolutePath()] = Field(
        None, description="A file that holds the URL."
    )
    method: Annotated[str, Choice("method", ("post", "get"))] = Field(
        "post", description="With `post` the body says `ok` or `degraded: ...`."
    )
    every_s: Annotated[int, Seconds(5, 86400)] = Field(
        60,
        alias="every",
        description="How often, while seconds are evaluated and commits are written.",
    )
    timeout_s: Annotated[int, Seconds(1, 300)] = Field(
        10, alias="timeout", description="How long one may take; no longer than `every`."
    )
    allow_private: Annotated[bool, Flag()] = Field(
        False, description="Send to loopback and private addresses, too."
    )

    @model_validator(mode="after")
    def _can_be_sent(self) -> Self:
        wrong = []
        if self.url is not None:
            wrong += list(posting_problems(self.url, self.allow_private))
        if self.timeout_s > self.every_s:
            every = duration_text(self.every_s)
            wrong.append((("timeout",), f"must not be longer than every ({every})"))
        if wrong:
            raise located(wrong)
        return self
