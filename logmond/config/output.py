"""One item of ``outputs``: who is told, and how it looks. One class a type.

A new output is one class here, or in `notify` for somebody beyond this machine,
and one name in `OutputConfig`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from logmond.config.alertmanager import AlertmanagerConfig
from logmond.config.chat import AppriseConfig, IrcConfig
from logmond.config.notify import CommandConfig, WebhookConfig
from logmond.config.paths import AbsolutePath
from logmond.config.scalars import Choice, Seconds, Text, Word
from logmond.config.section import Section
from logmond.config.units import shown


class Mode(Text):
    """Permissions of a file as octal text: unquoted, other YAML readers would change it."""

    described = "octal file mode"

    def __init__(self) -> None:
        super().__init__("octal file mode")

    def read(self, value: Any) -> str:
        """Three octal digits behind a 0."""
        text = super().read(value)
        if not re.fullmatch("0?[0-7]{3}", text):
            raise ValueError(f'must be octal text such as "0640", not {shown(text)}')
        return text.zfill(4)


class ConsoleConfig(Section):
    """Standard output: a view on a terminal, lines for the journal elsewhere."""

    type: Literal["console"] = Field(description="`console`")
    name: Annotated[str, Word()] = Field(description="Its name everywhere else.")
    every_s: Annotated[int, Seconds(1, 3600)] = Field(
        10, alias="every", description="On a terminal, how often the summary is written."
    )


class FileConfig(Section):
    """A file that gets one line an event; reopened on SIGUSR1."""

    type: Literal["file"] = Field(description="`file`")
    name: Annotated[str, Word()] = Field(description="Its name everywhere else.")
    path: Annotated[str, AbsolutePath()] = Field(description="Where to write.")
    format: Annotated[str, Choice("format", ("text", "json"))] = Field(
        "text", description="A line of text, or a JSON object a line."
    )
    mode: Annotated[str, Mode()] = Field(
        "0640", description="Permissions of a file that is created."
    )

    @property
    def mode_bits(self) -> int:
        """The permissions as `os.open` takes them."""
        return int(self.mode, 8)


OutputConfig = Annotated[
    ConsoleConfig
    | FileConfig
    | WebhookConfig
    | CommandConfig
    | AppriseConfig
    | IrcConfig
    | AlertmanagerConfig,
    Field(discriminator="type"),
]
"""Any output; `type` says which."""
