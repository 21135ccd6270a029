"""Outputs of type ``apprise`` and ``irc``: people in chats, with mail, with pagers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from logmond.config.notify import NotifierConfig
from logmond.config.paths import AbsolutePath
from logmond.config.scalars import Kind, Seconds, Secret, Text, located
from logmond.config.units import shown
from logmond.extras import needs
from logmond.outputs import chaturl
from logmond.outputs.chat import MAX_URLS
from logmond.outputs.ircwire import IrcServer
from logmond.suggest import nearest

_MORE = "https://appriseit.com/services/ lists all"


class AppriseUrls(Secret):
    """One URL of Apprise, or several: a list, or one a line in the file. No message quotes them."""

    def __init__(self) -> None:
        super().__init__()
        self.described = "secret URL, or a list"

    def read(self, value: Any) -> tuple[str, ...]:  # type: ignore[override]  # several
        """The URLs, each of which Apprise can use."""
        urls = value.split() if isinstance(value, str) else value
        if not isinstance(urls, list | tuple) or not urls:
            raise ValueError("must be a URL of Apprise such as mailto://..., or a list of them")
        if len(urls) > MAX_URLS:
            raise ValueError(f"has {len(urls)} URLs; at most {MAX_URLS} (make another output)")
        problems = []
        for index, url in enumerate(urls):
            try:
                self._usable(url)
            except ValueError as error:
                of = f"URL {index + 1}: " if isinstance(value, str) and len(urls) > 1 else ""
                place = (index,) if isinstance(value, list | tuple) else ()
                problems.append((place, f"{of}{error}"))
        if problems:
            raise located(problems)
        return tuple(urls)

    def _usable(self, url: Any) -> None:
        text = super().read(url)
        scheme = chaturl.scheme_of(text)
        if not scheme:
            raise ValueError("must be a URL of Apprise: SCHEME://..., such as mailto://")
        known = chaturl.schemes()
        # What a service hands out as the address of a webhook is known by its host.
        if scheme not in known and scheme not in ("http", "https"):
            guess = nearest(scheme, known)
            meant = f'did you mean "{guess}://"?' if guess else _MORE
            raise ValueError(f"Apprise knows no {scheme}://; {meant}")
        chaturl.service(text)


class AppriseConfig(NotifierConfig):
    """Slack, e-mail, Telegram, Teams, PagerDuty and whatever else Apprise can reach."""

    type: Literal["apprise"] = Field(description="`apprise`")
    url: Annotated[tuple[str, ...] | None, AppriseUrls()] = Field(
        None, repr=False, description="Apprise's URL of whom to tell (`docs/notifiers.md`)."
    )
    url_file: Annotated[str | None, AbsolutePath()] = Field(
        None, description="A file that holds the URL, or several, one a line."
    )

    def settings(self) -> dict[str, Any]:
        """The URLs."""
        return {"urls": self.url}

    @model_validator(mode="after")
    def _is_addressed(self) -> Self:
        if not self.url:
            raise located([((), 'needs the key "url" or "url_file"')])
        return self


class IrcWord(Text):
    """A name as IRC knows it: without spaces, commas, and what would begin something else."""

    def __init__(self, described: str, first: str = "") -> None:
        super().__init__(described)
        self._first = first

    def read(self, value: Any) -> str:
        """The name."""
        text = super().read(value)
        if any(character in text for character in " ,:") or not text.isprintable():
            raise ValueError(f"must be one {self.described} without spaces, commas and colons")
        if len(text.encode()) > 64:
            raise ValueError("is longer than 64 bytes")
        return text


@dataclass(frozen=True, slots=True)
class IrcPlace:
    """An IRC server: a name or address without brackets, and a port."""

    tls: bool
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'ircs' if self.tls else 'irc'}://{host}:{self.port}"


class IrcUrl(Kind):
    """``ircs://HOST:PORT``, or ``irc://`` without TLS."""

    described = "URL"
    _form = re.compile(r"(ircs?)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?::([0-9]{1,5}))?/?")

    def read(self, value: Any) -> IrcPlace:
        """The place; ports are 6697 and 6667 unless given."""
        found = self._form.fullmatch(str(value))
        if found is None:
            raise ValueError(f"must be ircs://HOST:PORT or irc://HOST:PORT, not {shown(value)}")
        tls, host = found[1] == "ircs", found[2].strip("[]")
        if found[2].startswith("["):
            ip_address(host)
        port = int(found[3] or (6697 if tls else 6667))
        if not 0 < port < 65536:
            raise ValueError(f"port {port} does not exist")
        return IrcPlace(tls, host, port)

    def show(self, value: Any) -> str:
        """The URL."""
        return str(value)


class IrcConfig(NotifierConfig):
    """A channel of an IRC server, or somebody there. One connection is kept open."""

    type: Literal["irc"] = Field(description="`irc`")
    server: Annotated[IrcPlace, IrcUrl()] = Field(
        description="Where: `ircs://HOST:6697`, or `irc://HOST:6667`, which anybody on the way "
        "can read."
    )
    channel: Annotated[str, IrcWord("channel")] = Field(
        description='What is joined and told, in quotes: `"#ops"`. Without a `#` it is a nick.'
    )
    key: Annotated[str | None, Secret()] = Field(
        None, repr=False, description="What the channel asks for (mode `+k`)."
    )
    key_file: Annotated[str | None, AbsolutePath()] = Field(
        None, description="A file that holds the key."
    )
    nick: Annotated[str, IrcWord("nick")] = Field(
        "logmond", description="Its name there; `_` is added while it is taken."
    )
    account: Annotated[str | None, IrcWord("account")] = Field(
        None, description="Log in to this account, with the password, by SASL."
    )
    password: Annotated[str | None, Secret()] = Field(
        None, repr=False, description="The account's, or without an account the server's."
    )
    password_file: Annotated[str | None, AbsolutePath()] = Field(
        None, description="A file that holds the password."
    )
    timeout_s: Annotated[int, Seconds(30, 300)] = Field(
        60,
        alias="timeout",
        description="How long one attempt may take; a server takes a line every two seconds, "
        "and a message about many groups has twelve.",
    )
    ca_file: Annotated[str | None, AbsolutePath()] = Field(
        None,
        description="Certificates that vouch for the server's, in PEM; by default the system's.",
    )

    def findings(self) -> Iterator[str]:
        """A certificate that is not there."""
        if self.ca_file is not None and not os.path.exists(self.ca_file):
            yield f"{self.ca_file} does not exist"

    def settings(self) -> dict[str, Any]:
        """Where, and as whom."""
        server = IrcServer(
            host=self.server.host,
            port=self.server.port,
            tls=self.server.tls,
            target=self.channel,
            nick=self.nick,
            account=self.account,
            password=self.password,
            key=self.key,
            ca_file=self.ca_file,
        )
        return {"server": server}

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        wrong: list[tuple[tuple[str, ...], str]] = []
        if self.server.tls and not find_spec("OpenSSL"):
            wrong.append((("server",), needs("ircs", "tls")))
        if self.account is not None and self.password is None:
            wrong.append((("account",), "needs password or password_file"))
        if self.ca_file is not None and not self.server.tls:
            wrong.append((("ca_file",), "has no use without ircs://"))
        if wrong:
            raise located(wrong)
        return self
