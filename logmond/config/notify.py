"""Items of ``outputs`` that reach people beyond this machine: what all have in common, and each.

A new kind is one class here that says what its notifier is made with
(`settings`), and one name in `NOTIFIERS` (`logmond.outputs.table`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from shutil import which
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from logmond.alerts.rule import SEVERITIES
from logmond.config.paths import AbsolutePath
from logmond.config.scalars import (
    Choice,
    Count,
    Flag,
    Kind,
    Listed,
    Seconds,
    Secret,
    Text,
    Word,
    located,
)
from logmond.config.section import Section
from logmond.config.units import shown
from logmond.extras import needs
from logmond.frame.selector import match
from logmond.outputs.audience import Audience, Terms
from logmond.outputs.weburl import WebUrl, parse
from logmond.suggest import hint

_MOST_ITEMS = 32

_FRAMING = ("connection", "content-length", "transfer-encoding")
"""Headers that say where a request ends: of two that disagree a server refuses the request."""


class Repeat(Seconds):
    """A length of time, or ``never``."""

    described = "duration or `never`"
    absent = "never"

    def __init__(self) -> None:
        super().__init__(60, 30 * 86400)

    def read(self, value: Any) -> int | None:  # type: ignore[override]  # None is "never"
        """Seconds, None for ``never``."""
        return None if value == "never" else super().read(value)


class Address(Secret):
    """The URL of somebody who is told: whoever has it can write there, so it is a secret."""

    described = "secret URL"

    def read(self, value: Any) -> str:
        """The URL; no message quotes it."""
        text = super().read(value)
        parse(text)
        return text


class Pairs(Kind):
    """A mapping of names to texts that may be secrets."""

    described = "mapping of names to secret texts"
    keys = ()

    def __init__(self, name: str, what: str, taken: Sequence[str] = ()) -> None:
        """Make one; names in `taken`, in lower case, are not for the operator to set."""
        self._name = re.compile(name)
        self._what = what
        self._taken = taken

    def read(self, value: Any) -> dict[str, str]:
        """The mapping."""
        if not isinstance(value, dict) or not value:
            raise ValueError(f"must be a mapping of {self._what} to text")
        if len(value) > _MOST_ITEMS:
            raise ValueError(f"has {len(value)} items; at most {_MOST_ITEMS}")
        wrong: list[tuple[tuple[str | int, ...], str]] = []
        for name, text in value.items():
            if not isinstance(name, str) or not self._name.fullmatch(name):
                wrong.append(((str(name),), f"is no {self._what}"))
            elif name.lower() in self._taken:
                wrong.append(((name,), "is told by logmond itself; remove it"))
            elif not isinstance(text, str) or not text.isprintable():
                wrong.append(((name,), "must be printable text; write it in quotes"))
        if wrong:
            raise located(wrong)
        return dict(value)

    def show(self, value: Any) -> dict[str, str]:
        """Stars."""
        return dict.fromkeys(value, "***")


class NotifierConfig(Section):
    """Somebody beyond this machine who is told, and of what."""

    name: Annotated[str, Word()] = Field(description="Its name everywhere else.")
    min_severity: Annotated[str, Choice("severity", SEVERITIES)] = Field(
        "warning", description="What an incident must be worth to be told."
    )
    recovered: Annotated[bool, Flag()] = Field(
        True, description="Tell the ends of what was told, too."
    )
    repeat_s: Annotated[int | None, Repeat()] = Field(
        4 * 3600,
        alias="repeat",
        description="How often to remind of what still fires and nobody has acknowledged.",
    )
    wait_s: Annotated[int, Seconds(0, 300)] = Field(
        5,
        alias="wait",
        description="How long groups of one rule are gathered into one message; "
        "a rule without groups is told at once.",
    )
    timeout_s: Annotated[int, Seconds(1, 300)] = Field(
        15, alias="timeout", description="How long one attempt may take."
    )
    max_queue: Annotated[int, Count()] = Field(
        1000,
        description="Messages that may wait, 1 to 10000; beyond it the oldest are dropped, "
        "reminders first, and counted.",
    )
    rules: Annotated[tuple[str, ...], Listed(Text("rule"))] = Field(
        (), description="Only these rules, `*` and `?` as wildcards; by default all."
    )

    @property
    def kind(self) -> str:
        """Its type."""
        return str(getattr(self, "type"))  # noqa: B009  # every kind declares its own literal

    @property
    def audience(self) -> Audience:
        """What it is told."""
        return Audience(
            min_severity=self.min_severity,
            recovered=self.recovered,
            repeat_s=self.repeat_s,
            wait_s=self.wait_s,
            rules=self.rules,
        )

    @property
    def terms(self) -> Terms:
        """How it is told."""
        return Terms(timeout_s=self.timeout_s, max_queue=self.max_queue)

    def settings(self) -> dict[str, Any]:
        """What its notifier is made with: keyword arguments of the class in `NOTIFIERS`."""
        raise NotImplementedError

    def findings(self) -> Iterator[str]:
        """What is legal and will not work here, for `check`."""
        return iter(())

    @model_validator(mode="after")
    def _has_room(self) -> Self:
        if not 1 <= self.max_queue <= 10_000:
            raise located([(("max_queue",), "must be between 1 and 10000")])
        return self


class WebhookConfig(NotifierConfig):
    """A web server that gets every message as JSON."""

    type: Literal["webhook"] = Field(description="`webhook`")
    url: Annotated[str | None, Address()] = Field(
        None, repr=False, description="Where to post: `https://HOST/PATH`."
    )
    url_file: Annotated[str | None, AbsolutePath()] = Field(
        None, description="A file that holds the URL."
    )
    secret: Annotated[str | None, Secret()] = Field(
        None, repr=False, description="What messages are signed with (`X-Logmond-Signature`)."
    )
    secret_file: Annotated[str | None, AbsolutePath()] = Field(
        None, description="A file that holds the secret."
    )
    headers: Annotated[dict[str, str], Pairs("[A-Za-z0-9-]{1,64}", "header", _FRAMING)] = Field(
        {}, repr=False, description="More headers, such as `Authorization`."
    )
    allow_private: Annotated[bool, Flag()] = Field(
        False,
        description="Post to loopback, private and link-local addresses, too, whatever name "
        "leads there.",
    )
    allow: Annotated[tuple[str, ...], Listed(Text("host"))] = Field(
        (), description="Hosts, as the URL names them, whose addresses may be private."
    )

    def settings(self) -> dict[str, Any]:
        """The URL, how to sign, and what may be reached."""
        return {
            "url": self.url,
            "secret": self.secret,
            "headers": self.headers,
            "allow_private": self.allow_private or self._web.host in self.allow,
        }

    @property
    def _web(self) -> WebUrl:
        return parse(self.url or "")

    @model_validator(mode="after")
    def _can_be_posted(self) -> Self:
        wrong = list(posting_problems(self.url, self.allow_private, self.allow))
        if wrong:
            raise located(wrong)
        return self


class CommandConfig(NotifierConfig):
    """A program that gets every message as JSON on its standard input."""

    type: Literal["command"] = Field(description="`command`")
    command: Annotated[tuple[str, ...], Listed(Text("program and arguments"))] = Field(
        description="The program (an absolute path) and its arguments; no shell reads them."
    )
    env: Annotated[dict[str, str], Pairs("[A-Za-z_][A-Za-z0-9_]{0,63}", "variable")] = Field(
        {}, repr=False, description="More variables for its environment."
    )

    def settings(self) -> dict[str, Any]:
        """The program and its environment."""
        return {"command": self.command, "env": self.env}

    def findings(self) -> Iterator[str]:
        """A program that is not there, or cannot be executed."""
        program = self.command[0]
        if not os.path.exists(program):
            yield f"{program} does not exist"
        elif which(program) is None:
            yield f"{program} cannot be executed"

    @model_validator(mode="after")
    def _is_absolute(self) -> Self:
        program = self.command[0]
        if not program.startswith("/"):
            found = which(program)
            more = f'; "{found}" would do' if found else ""
            told = f"the program must be an absolute path, not {shown(program)}{more}"
            raise located([(("command",), told)])
        return self


def posting_problems(
    url: str | None, allow_private: bool, allow: tuple[str, ...] | None = None, key: str = "url"
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Why nothing can be posted to a URL, as (place below the item, message).

    `allow` is what that key names, None where there is no such key.
    """
    if url is None:
        yield (), f'needs the key "{key}" or "{key}_file"'
        return
    found = parse(url)
    if not (allow_private or found.host in (allow or ())) and found.refusal is not None:
        by_name = "" if allow is None else "name it in allow, or "
        yield (key,), f"{found.host} is {found.refusal}: {by_name}set allow_private: true"
    if found.secure and not (find_spec("OpenSSL") and find_spec("service_identity")):
        yield (key,), needs("https", "tls")


def findings(
    outputs: Sequence[Section], rules: Sequence[str]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is legal and will not work, as (path, message)."""
    for index, output in enumerate(outputs):
        if not isinstance(output, NotifierConfig):
            continue
        for number, wanted in enumerate(output.rules):
            if not any(match("rule", wanted, rule) for rule in rules):
                message = f"{output.name}: no rule is called {wanted}{hint(wanted, rules)}"
                yield ("outputs", index, "rules", number), message
        for message in output.findings():
            yield ("outputs", index), f"{output.name}: {message}"
