"""The files a server writes, put together by the formats that stand in them.

Lines of one format are read by one source; a file that holds several formats
makes a group with all of them. Nothing is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from logmond.errors import FormatError
from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.table import format_of
from logmond.ingest.servers.found import Found, Log, Place

MAX_FORMAT_BYTES = 4096
"""Compiling takes time in the square of a format's length."""

_REQUEST_OR_ANSWER = {"request", "method", "uri", "path", "status"}
MAX_NAME = 24
"""Keys of statistics are short; what is cut is told apart by a number."""


@dataclass(frozen=True, slots=True)
class Group:
    """Files whose lines have the same formats: `name` is a word made of the formats' names."""

    name: str
    specs: tuple[str, ...]
    files: tuple[str, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Grouped:
    """The groups, and (place, message) of what is in none of them or is counted twice."""

    groups: tuple[Group, ...]
    notes: tuple[tuple[Place, str], ...]


def grouped(found: Found) -> Grouped:
    """What can be followed of what a server writes."""
    notes: list[tuple[Place, str]] = []
    files: dict[str, list[Log]] = {}
    for log in found.logs():
        why = _unread(log)
        if why:
            notes.append((log.place, why))
        else:
            files.setdefault(log.target, []).append(log)
    sets: dict[frozenset[str], list[Log]] = {}
    for logs in files.values():
        sets.setdefault(frozenset(_meaning(log.spec) for log in logs), []).extend(logs)
    names: set[str] = set()
    groups = [_group(logs, names) for logs in sets.values()]
    return Grouped(tuple(groups), (*notes, *_written_twice(found)))


def _unread(log: Log) -> str:
    """Why a log is in no group; "" when it can be."""
    if log.kind == "syslog":
        return f"access lines go to syslog {log.target}; a source that listens takes them"
    if log.kind == "pipe":
        return f'access lines go to the program "{log.target}"; not read here'
    if log.unread:
        return f"{log.target} is not read: {log.unread}"
    if len(log.spec.encode("utf-8", "surrogateescape")) > MAX_FORMAT_BYTES:
        return (
            f"{log.target} is not read: format {log.format} is longer than {MAX_FORMAT_BYTES} bytes"
        )
    try:
        (form,) = format_of(log.spec)
    except FormatError as error:
        return f"{log.target} is not read: {error}"
    if not _counts(form):
        return (
            f"{log.target} is not read: format {log.format} holds neither request and path nor "
            "status"
        )
    return ""


def _counts(form: Format) -> bool:
    """Whether lines say what was asked or answered; logs of referrers or agents alone do not."""
    fields = set(form.fields)
    return bool(fields & {"request", "status"}) or len(fields & _REQUEST_OR_ANSWER) > 1


def _meaning(spec: str) -> str:
    """The format without its name: one text under two names is one format."""
    return re.sub(r"^log_format '[^']*' |^(LogFormat \".*\") \S*$", r"\1", spec, flags=re.DOTALL)


def _group(logs: list[Log], taken: set[str]) -> Group:
    specs: dict[str, Log] = {}
    for log in logs:
        specs.setdefault(_meaning(log.spec), log)
    title = "-".join(log.format for log in specs.values()).lower()
    word = re.sub("[^a-z0-9]+", "-", title)[:MAX_NAME].strip("-") or "unnamed"
    name, number = word, 2
    while name in taken:
        name, number = f"{word}-{number}", number + 1
    taken.add(name)
    return Group(
        name,
        tuple(log.spec for log in specs.values()),
        tuple(dict.fromkeys(log.target for log in logs)),
        tuple(dict.fromkeys(log.place for log in logs)),
    )


def _written_twice(found: Found) -> Iterator[tuple[Place, str]]:
    """Scopes that write every request to more than one file: each of them counts it."""
    told: set[tuple[str, ...]] = set()
    for scope in found.scopes:
        logs = [log for log in scope.logs if not log.condition and not _unread(log)]
        targets = tuple(log.target for log in logs)
        if len(targets) > 1 and targets not in told:
            told.add(targets)
            yield (
                logs[-1].place,
                f"{scope} writes each request to {' and '.join(targets)}: counted once in each",
            )
