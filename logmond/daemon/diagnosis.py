"""`logmond doctor`: gathers the facts that `logmond.interfaces.doctor` judges. Changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from glob import glob

import msgspec

from logmond.config.loading import load
from logmond.config.readable import User, refusal
from logmond.config.schema import Config
from logmond.errors import ConfigError, StateError
from logmond.ingest.servers.apache import read_apache
from logmond.ingest.servers.files import DiskFiles, Files
from logmond.ingest.servers.found import Found
from logmond.ingest.servers.nginx import read_nginx
from logmond.interfaces.client import Client
from logmond.interfaces.doctor import (
    Finding,
    Reading,
    about_arriving,
    about_files,
    about_no_daemon,
    about_state,
)
from logmond.interfaces.pointing import about_no_server, about_server
from logmond.stores.history import open_history

DEFAULT_CONFIG = "/etc/logmond/logmond.yaml"

TIMEOUT_S = 5.0

SERVERS: dict[str, tuple[Callable[[str, Files], Found], str, tuple[str, ...]]] = {
    "nginx": (
        read_nginx,
        "nginx -t",
        (
            "/etc/nginx/nginx.conf",
            "/usr/local/nginx/conf/nginx.conf",
            "/usr/local/etc/nginx/nginx.conf",
        ),
    ),
    "apache": (
        read_apache,
        "apachectl configtest",
        ("/etc/apache2/apache2.conf", "/etc/httpd/conf/httpd.conf", "/etc/httpd/httpd.conf"),
    ),
}
"""Each server's reader, its own check, and where its configuration usually lies."""


def examine(
    config_path: str | None,
    environ: Mapping[str, str],
    *,
    sets: Sequence[str] = (),
    user: str | None = None,
    admin: tuple[str, int] | None = None,
    servers: Mapping[str, str | None] | None = None,
) -> list[Finding]:
    """Look at everything between a server's request and a counted line.

    Args:
        config_path: of logmond; by default `DEFAULT_CONFIG`, else the built-in settings.
        environ: the environment, of which settings are taken.
        sets: values that override the file's, as KEY=VALUE.
        user: whoever the daemon runs as; by default whoever asks.
        admin: host and port; by default those of the configuration.
        servers: "nginx" and "apache" to configuration files; by default those
            at the usual places.

    Raises:
        ConfigError: there is no such user.
    """
    who = User.named(user)
    path = config_path or (DEFAULT_CONFIG if os.path.exists(DEFAULT_CONFIG) else None)
    name = path or "built-in settings"
    readings: list[Reading] = []
    named: dict[str, list[str]] = {}
    try:
        config = load(path, environ, sets).config
    except ConfigError as error:
        fix = (f"logmond check {path}",) if path else ()
        findings = [Finding("fix", str(problem), fix) for problem in error.problems]
    else:
        readings = _readings(config)
        for source in config.sources:
            if source.server is not None:
                named.setdefault(source.server[0], []).append(source.server[1])
        names = ", ".join(reading.name for reading in readings)
        findings = [Finding("ok", f"configuration ({name}) is right; sources: {names}")]
        findings += about_files(readings, list(_refused(config, who)), who.name)
        findings += _state(config.history.path, who)
        listen = config.admin.listen
        admin = admin or (listen.host if listen.host != "*" else "localhost", listen.port)
    findings += _arriving(readings, admin or ("localhost", 9000), path)
    given = {key: file for key, file in (servers or {}).items() if file}
    return [*findings, *_servers(readings, given, named)]


def _readings(config: Config) -> list[Reading]:
    return [
        Reading(source.name, tuple(map(str, source.listen)), source.files, tuple(source.formats()))
        for source in config.sources
    ]


def _refused(config: Config, user: User) -> Iterator[tuple[str, str, str]]:
    told: set[str] = set()
    for source in config.sources:
        paths = [path for pattern in source.files for path in sorted(glob(pattern)) or [pattern]]
        if source.server is not None:
            paths.append(source.server[1])
        for path in paths:
            refused = refusal(path, user) if path not in told else None
            told.add(path)
            if refused is not None:
                yield source.name, *refused


def _state(path: str | None, user: User) -> Iterator[Finding]:
    """Whether a state file that is there can be used; a file of an earlier schema can."""
    if path is None or not os.path.exists(path):
        return
    refused = refusal(path, user)
    if refused is not None:
        yield about_state(path, f"state file {refused[0]}")
        return
    try:
        open_history(path).close()
    except StateError as error:
        if "earlier logmond" not in str(error):
            yield about_state(path, str(error))


def _arriving(
    readings: Sequence[Reading], admin: tuple[str, int], config: str | None
) -> Iterator[Finding]:
    address = f"{admin[0]}:{admin[1]}"
    try:
        with Client(*admin, TIMEOUT_S) as client:
            if not client.greeting or not client.greeting[0].startswith("logmond "):
                yield about_no_daemon(address, "something else listens there", config)
                return
            sources = msgspec.json.decode(client.ask("json sources")[0])
            status = msgspec.json.decode(client.ask("json status")[0])
    except (OSError, IndexError, msgspec.DecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "its answer cannot be read"
        yield about_no_daemon(address, (why or str(error)).lower(), config)
        return
    yield from about_arriving(readings, sources, status)


def _servers(
    readings: Sequence[Reading], given: Mapping[str, str], named: Mapping[str, Sequence[str]]
) -> Iterator[Finding]:
    """The servers whose files were `given`; else those at usual places and `named` by sources."""
    looked_at: list[str] = []
    seen = False
    for name, (read, own_check, usual) in SERVERS.items():
        elsewhere = dict.fromkeys((*named.get(name, ()), *usual))
        paths = [given[name]] if name in given else [] if given else list(elsewhere)
        looked_at += paths
        for path in paths:
            if name not in given and not os.path.exists(path):
                continue
            seen = True
            try:
                found = read(os.path.abspath(path), DiskFiles())
            except ConfigError as error:
                for problem in error.problems:
                    yield Finding("fix", str(problem), (own_check,))
            else:
                yield from about_server(found, readings)
    if not seen:
        yield about_no_server(looked_at)
