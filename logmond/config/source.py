"""One item of ``sources``: where lines come from, and what they look like."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, tzinfo
from functools import lru_cache
from importlib.util import find_spec
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, PrivateAttr, model_validator

from logmond.config.addresses import Address
from logmond.config.paths import AbsolutePath
from logmond.config.scalars import At, Choice, Flag, Listed, Text, Word, located
from logmond.config.section import Section
from logmond.config.units import shown
from logmond.errors import FormatError
from logmond.extras import needs
from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.proxies import network_of
from logmond.ingest.formats.table import format_of
from logmond.ingest.servers.files import Snapshot
from logmond.suggest import hint

MAX_FORMAT_BYTES = 4096
"""Compiling takes time in the square of a format's length; 4 KiB of variables take 0.2 s."""

SERVERS = ("nginx", "apache")
"""Keys that name the configuration of a web server."""

compiled = lru_cache(maxsize=256)(format_of)
"""Formats by their text: each is asked for at load, by every rule's check, and by its source."""


class LogFormat(Text):
    """``auto``, a preset, or a pasted format; compiled here so that a bad one is found at load."""

    described = "format"

    def __init__(self) -> None:
        super().__init__("format", lines=True)

    def read(self, value: Any) -> str:
        """The text, once it has compiled."""
        text = super().read(value)
        if len(text.encode()) > MAX_FORMAT_BYTES:
            raise ValueError(f"is longer than {MAX_FORMAT_BYTES} bytes")
        try:
            compiled(text)
        except FormatError as error:
            raise ValueError(str(error)) from error
        return text


class Zone(Text):
    """A time zone by its IANA name."""

    described = "time zone"

    def __init__(self) -> None:
        super().__init__("time zone")

    def read(self, value: Any) -> str:
        """The name, once it is known to this machine."""
        text = super().read(value)
        if text == "UTC":
            return text
        try:
            ZoneInfo(text)
        except (LookupError, ValueError, OSError):
            known = available_timezones()
            if not known:
                raise ValueError(
                    "no time zones are known on this machine; install tzdata"
                ) from None
            guess = hint(text, known)
            more = guess if "mean" in guess else "; a name is like Europe/Vienna"
            raise ValueError(f"unknown time zone {shown(text)}{more}") from None
        return text


class ProxyNetwork(Text):
    """The network of proxies, or one address, or ``unix:``."""

    described = "network"

    def __init__(self) -> None:
        super().__init__("network")

    def read(self, value: Any) -> str:
        """The text, once it is a network."""
        text = super().read(value)
        network_of(text)
        return text


class AcceptConfig(Section):
    """Which of the messages of a listener belong to this source."""

    tag: Annotated[tuple[str, ...] | None, Listed(Text())] = Field(
        None,
        description="Syslog tags to take; everything else is filtered, and counted as that.",
    )


class MinVersion(Choice):
    """A version of TLS, which YAML reads as a number."""

    def __init__(self) -> None:
        super().__init__("version of TLS", ("1.2", "1.3"))

    def read(self, value: Any) -> str:
        """The version as text."""
        return super().read(str(value) if isinstance(value, float) else value)


class TlsConfig(Section):
    """The certificate of ``tls://`` listeners, read again at every reload."""

    certificate: Annotated[str, AbsolutePath()] = Field(
        description="A PEM file: the certificate, then its chain."
    )
    key: Annotated[str, AbsolutePath()] = Field(
        description="Its private key, PEM without a passphrase."
    )
    client_ca: Annotated[str | None, AbsolutePath()] = Field(
        None,
        description="A PEM file of authorities: every client must show a certificate that one of "
        "them signed. By default none is asked for.",
    )
    min_version: Annotated[str, MinVersion()] = Field(
        "1.2", description="The oldest version of TLS that is accepted."
    )


class SourceConfig(Section):
    """One source: exactly one of `listen`, `files`, `stdin`, `nginx` and `apache`.

    The last two become sources that follow files, see `logmond.config.expanding`.
    """

    name: Annotated[str, Word()] = Field(description="Its name everywhere else.")
    listen: Annotated[tuple[Address, ...], Listed(At())] = Field(
        (),
        description="Syslog or bare lines: `udp://HOST:PORT`, `tcp://HOST:PORT`, "
        "`tls://HOST:PORT` (RFC 5425, usually 6514), "
        "`unixgram:///PATH` (datagrams, as nginx sends them), `unix:///PATH` (a stream). "
        "HOST is `localhost` (IPv4 and IPv6), an IPv4 address, an `[IPv6]` address, or `*`.",
    )
    tls: TlsConfig | None = Field(
        None, description="The certificate of the `tls://` addresses in `listen`."
    )
    files: Annotated[tuple[str, ...], Listed(Text("path"))] = Field(
        (),
        description="Files to follow, globs too; one that does not exist yet is waited for.",
    )
    stdin: Annotated[bool, Flag()] = Field(False, description="Read a pipe.")
    nginx: Annotated[str | None, AbsolutePath()] = Field(
        None,
        description="nginx's own configuration, `/etc/nginx/nginx.conf`: the files of its "
        "`access_log` lines are followed, each in its `log_format`, as sources `NAME.FORMAT`.",
    )
    apache: Annotated[str | None, AbsolutePath()] = Field(
        None,
        description="The same for Apache, `/etc/apache2/apache2.conf`: its `CustomLog` and "
        "`LogFormat` lines.",
    )
    start: Annotated[str, Choice("start", ("end", "beginning"))] = Field(
        "end", description="Where to begin in a file that was never read before."
    )
    accept: AcceptConfig = Field(
        default_factory=lambda: AcceptConfig.model_validate({}),
        description="Which messages to take; all by default.",
    )
    format: Annotated[str, LogFormat()] = Field(
        "auto",
        description="`auto`, a preset, or a pasted nginx `log_format` or Apache `LogFormat`.",
    )
    trusted_proxies: Annotated[tuple[str, ...], Listed(ProxyNetwork())] = Field(
        (),
        description="Networks of your proxies, `[10.0.0.0/8, 192.0.2.1]`: of their lines the "
        "client is the last address in `X-Forwarded-For` that is not in one of them. The format "
        "must log it.",
    )
    timezone: Annotated[str | None, Zone()] = Field(
        None,
        description="The zone of stamps that carry none, `Europe/Vienna`; by default this "
        "machine's.",
    )

    _specs: tuple[str, ...] = PrivateAttr(())
    _notes: tuple[str, ...] = PrivateAttr(())
    _read: Snapshot = PrivateAttr(Snapshot())

    def formats(self) -> list[Format]:
        """What its lines can look like, compiled."""
        return [form for spec in self._specs or (self.format,) for form in compiled(spec)]

    @property
    def notes(self) -> tuple[str, ...]:
        """What its operator should know of a source that a server's configuration led to."""
        return self._notes

    @property
    def read(self) -> Snapshot:
        """The files that say so, as they were when they were read."""
        return self._read

    @property
    def server(self) -> tuple[str, str] | None:
        """The key and the path of the server's configuration it is read from."""
        return next(((k, p) for k in SERVERS if (p := getattr(self, k)) is not None), None)

    def following(
        self,
        name: str,
        files: tuple[str, ...],
        specs: tuple[str, ...],
        notes: tuple[str, ...],
        read: Snapshot,
    ) -> Self:
        """This source with the files and formats that its server's configuration names."""
        update = {"name": name, "files": files, "format": "\n".join(specs)}
        copy = self.model_copy(update=update)
        copy._specs, copy._notes, copy._read = specs, notes, read
        return copy

    @property
    def credentials(self) -> dict[str, str | None]:
        """What a ``tls://`` listener of it takes; nothing without `tls`."""
        return self.tls.model_dump() if self.tls is not None else {}

    def zone(self) -> tzinfo | None:
        """The zone of its zone-less stamps; None for this machine's."""
        if self.timezone is None:
            return None
        return UTC if self.timezone == "UTC" else ZoneInfo(self.timezone)

    @model_validator(mode="after")
    def _reads_one_thing(self) -> Self:
        given = [key for key in ("listen", "files", "stdin", *SERVERS) if getattr(self, key)]
        problems: list[tuple[tuple[str | int, ...], str]] = []
        if not given:
            known = "listen, files, stdin: true, nginx and apache"
            problems.append(((), f"reads nothing; give it one of {known}"))
        for extra in given[1:]:
            problems.append(((extra,), f"{given[0]} is given already; make it a source of its own"))
        problems += self._tls_problems()
        if "start" in self.model_fields_set and given and not {"files", *SERVERS} & set(given):
            problems.append((("start",), "is for files; remove it"))
        if "format" in self.model_fields_set and given[:1] and given[0] in SERVERS:
            problems.append((("format",), f"is told by {given[0]}'s configuration; remove it"))
        if problems:
            raise located(problems)
        return self

    def _tls_problems(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        wanted = [index for index, each in enumerate(self.listen) if each.scheme == "tls"]
        if self.tls is not None and not wanted:
            yield ("tls",), "is for tls:// addresses in listen; remove it"
        for index in wanted[:1]:
            if self.tls is None:
                yield ("listen", index), "needs tls: {certificate: FILE, key: FILE} beside it"
            elif find_spec("OpenSSL") is None:
                yield ("listen", index), needs("tls://", "tls")
