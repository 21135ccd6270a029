"""Outputs of type ``alertmanager``."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from logmond.config.notify import Address, NotifierConfig, posting_problems
from logmond.config.paths import AbsolutePath
from logmond.config.scalars import Flag, Seconds, Secret, Text, located
from logmond.outputs.audience import Audience


class AlertmanagerConfig(NotifierConfig):
    """Prometheus' Alertmanager, which is told again and again of what fires."""

    type: Literal["alertmanager"] = Field(description="`alertmanager`")
    url: Annotated[str | None, Address()] = Field(
        None, repr=False, description="Its address: `http://alertmanager.example:9093`."
    )
    url_file: Annotated[str | None, AbsolutePath()] = Field(
        None, description="A file that holds the URL."
    )
    username: Annotated[str | None, Text("user name")] = Field(
        None, description="For basic authentication, with the password."
    )
    password: Annotated[str | None, Secret()] = Field(
        None, repr=False, description="For basic authentication, with the user name."
    )
    password_file: Annotated[str | None, AbsolutePath()] = Field(
        None, description="A file that holds the password."
    )
    token: Annotated[str | None, Secret()] = Field(
        None, repr=False, description="For `Authorization: Bearer`."
    )
    token_file: Annotated[str | None, AbsolutePath()] = Field(
        None, description="A file that holds the token."
    )
    allow_private: Annotated[bool, Flag()] = Field(
        True, description="Post to loopback and private addresses, too, where most of them are."
    )
    repeat_s: Annotated[int, Seconds(60, 3600)] = Field(
        60,
        alias="repeat",
        description="How often it is told again of what fires, acknowledged or not; what it "
        "has not heard of for four times as long has ended for it.",
    )
    wait_s: Annotated[int, Seconds(0, 300)] = Field(
        0,
        alias="wait",
        description="How long groups of one rule are gathered into one request; it groups "
        "by itself.",
    )

    @property
    def audience(self) -> Audience:
        """As of any other, but an acknowledgement does not make it forget."""
        return replace(super().audience, remind_acknowledged=True)

    def settings(self) -> dict[str, Any]:
        """Where, with what authorization, and how often."""
        return {
            "url": self.url,
            "headers": dict(self._authorization()),
            "allow_private": self.allow_private,
            "repeat_s": self.repeat_s,
        }

    def _authorization(self) -> Iterator[tuple[str, str]]:
        if self.token is not None:
            yield "Authorization", f"Bearer {self.token}"
        elif self.username is not None:
            pair = b64encode(f"{self.username}:{self.password}".encode()).decode()
            yield "Authorization", f"Basic {pair}"

    @model_validator(mode="after")
    def _can_be_posted(self) -> Self:
        wrong = list(posting_problems(self.url, self.allow_private))
        if self.username is not None and self.password is None:
            wrong.append((("username",), "needs password or password_file"))
        if self.password is not None and self.username is None:
            wrong.append(((), 'needs the key "username" for its password'))
        if self.token is not None and self.username is not None:
            wrong.append((("token",), "username is given too; remove one of them"))
        if wrong:
            raise located(wrong)
        return self
