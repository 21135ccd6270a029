"""The whole configuration as one frozen model, section by section as it stands in the file."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from logmond.config.addresses import Address
from logmond.config.alertmanager import AlertmanagerConfig
from logmond.config.chat import AppriseConfig, IrcConfig
from logmond.config.heartbeat import HeartbeatConfig
from logmond.config.lines import lines
from logmond.config.notify import CommandConfig, WebhookConfig
from logmond.config.output import ConsoleConfig, FileConfig, OutputConfig
from logmond.config.paths import AbsolutePath
from logmond.config.rule import RuleConfig
from logmond.config.scalars import At, Flag, Kind, Seconds, Secret, Size, Text, located
from logmond.config.section import Section
from logmond.config.source import AcceptConfig, SourceConfig, TlsConfig
from logmond.config.statistics import LabelConfig, StatsConfig
from logmond.config.units import shown
from logmond.frame.caps import MIB

__all__ = [
    "AcceptConfig",
    "AdminConfig",
    "AlertmanagerConfig",
    "AppriseConfig",
    "CommandConfig",
    "Config",
    "ConsoleConfig",
    "FileConfig",
    "HeartbeatConfig",
    "HistoryConfig",
    "IrcConfig",
    "LabelConfig",
    "OutputConfig",
    "RuleConfig",
    "SourceConfig",
    "StatsConfig",
    "TlsConfig",
    "WebhookConfig",
]

_NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class StateUrl(Kind):
    """Where durable state lives: ``sqlite:///PATH``, or ``none``."""

    described = "URL or `none`"
    absent = "none"

    def read(self, value: Any) -> str | None:
        """The URL, None for ``none``."""
        text = Text().read(value)
        if text == "none":
            return None
        if not re.fullmatch("sqlite:///[^/].*", text):
            raise ValueError(
                f"must be sqlite:///PATH (sqlite:///var/lib/logmond/state.db) or none, "
                f"not {shown(text)}"
            )
        return text


class HistoryConfig(Section):
    """The durable state: what survives a restart."""

    shorthand: ClassVar[str | None] = "url"

    url: Annotated[str | None, StateUrl()] = Field(
        "sqlite:///var/lib/logmond/state.db",
        description="The database; `none` keeps nothing over a restart. Without any "
        "configuration file it is `none`.",
    )
    keep_s: Annotated[int, Seconds(3600, 3660 * 86400)] = Field(
        30 * 86400,
        alias="keep",
        description="How long minutes, ended incidents and silences are kept.",
    )
    max_size_bytes: Annotated[int, Size(64 * MIB, 1024 * 1024 * MIB)] = Field(
        512 * MIB,
        alias="max_size",
        description="What the database may use. Beyond it the oldest minutes go, "
        "and then the ended incidents, before their time.",
    )

    @property
    def path(self) -> str | None:
        """The file of the database, None for none."""
        return None if self.url is None else self.url.removeprefix("sqlite://")


class AdminConfig(Section):
    """The line port that `nc localhost 9000` talks to."""

    listen: Annotated[Address, At(("tcp",))] = Field(
        Address("tcp", "localhost", 9000),
        description="Other than on loopback it needs a token, or `insecure: true`.",
    )
    token: Annotated[str | None, Secret()] = Field(
        None, repr=False, description="What `auth TOKEN` must say before anything is changed."
    )
    token_file: Annotated[str | None, AbsolutePath()] = Field(
        None, description="A file that holds the token."
    )
    insecure: Annotated[bool, Flag()] = Field(
        False, description="Listen beyond loopback without a token all the same."
    )

    @model_validator(mode="after")
    def _is_guarded(self) -> Self:
        if not (self.listen.loopback or self.token or self.insecure):
            raise located(
                [
                    (
                        ("listen",),
                        f"{self.listen} can be reached from other machines: set token_file "
                        "or token, or insecure: true to leave it open",
                    )
                ]
            )
        return self


class Node(Text):
    """The name of this daemon in every event."""

    described = "host name"

    def __init__(self) -> None:
        super().__init__("host name")

    def read(self, value: Any) -> str:
        """The name."""
        text = super().read(value)
        if not _NODE.fullmatch(text):
            raise ValueError(f'must be letters, digits, ".", "_" and "-", not {shown(text)}')
        return text


def this_host() -> str:
    """The first part of the host's name, fit to stand in an event."""
    name = re.sub("[^A-Za-z0-9_-]", "-", socket.gethostname().partition(".")[0])[:64].lstrip("-_")
    return name or "localhost"


def default_items() -> dict[str, list[dict[str, Any]]]:
    """The lists that hold something unless the file says otherwise, as one would type them."""
    return {
        "sources": [{"name": "syslog", "listen": ["udp://localhost:5514", "tcp://localhost:5514"]}],
        "rules": [
            {"name": "high-traffic", "metric": "hits_per_second", "window": "2m", "above": 10}
        ],
        "outputs": [{"name": "console", "type": "console"}],
    }


class Config(Section):
    """Everything; `logmond.config.loading.load` makes one."""

    node: Annotated[str, Node()] = Field(
        default_factory=this_host,
        description="The name of this daemon in every event; by default the host's.",
    )
    sources: tuple[SourceConfig, ...] = Field(
        description="Where lines come from; by default syslog on UDP and TCP, localhost:5514."
    )
    stats: StatsConfig = Field(
        default_factory=lambda: StatsConfig.model_validate({}), description="The statistics."
    )
    rules: tuple[RuleConfig, ...] = Field(
        description="What is watched; by default `high-traffic`, more than 10 requests/s over 2m."
    )
    outputs: tuple[OutputConfig, ...] = Field(description="Who is told; by default the console.")
    heartbeat: HeartbeatConfig = Field(
        default_factory=lambda: HeartbeatConfig.model_validate({}),
        description="Who notices when logmond itself is gone; by default nobody.",
    )
    history: HistoryConfig = Field(
        default_factory=lambda: HistoryConfig.model_validate({}), description="The durable state."
    )
    admin: AdminConfig = Field(
        default_factory=lambda: AdminConfig.model_validate({}), description="The admin port."
    )

    @model_validator(mode="before")
    @classmethod
    def _lists_have_defaults(cls, data: Any) -> Any:
        return {**default_items(), **data} if isinstance(data, dict) else data

    def as_lines(self) -> Iterator[tuple[str, str]]:
        """Every effective value as (key, text); items of lists by name, secrets as stars."""
        return lines(self)
