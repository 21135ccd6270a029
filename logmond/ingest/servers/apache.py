"""What an Apache configuration logs, and where: includes followed, virtual hosts apart.

A virtual host with a ``CustomLog`` or ``TransferLog`` of its own writes none of
the main server's; one without writes those (mod_log_config.c). ``GlobalLog``
writes for all. Whether a module is loaded is known for those that a
``LoadModule`` names; what stands in ``<IfModule>`` or ``<IfDefine>`` of others is
taken as active, and said.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from logmond.errors import ConfigError, Problem
from logmond.ingest.servers.apachelines import Line, parse, variables_of
from logmond.ingest.servers.apachepipes import piped_to
from logmond.ingest.servers.files import Files, reason
from logmond.ingest.servers.found import Found, Log, Place, Scope

MAX_INCLUDED = 10_000
MAX_INCLUDE_DEPTH = 32

_CONDITIONS = ("<ifmodule", "<ifdefine", "<ifversion", "<iffile", "<ifdirective", "<ifsection")
_LOGS = ("customlog", "transferlog", "globallog")
_COMMON = '%h %l %u %t "%r" %>s %b'  # DEFAULT_LOG_FORMAT, also known as CLF
# Part of the program itself where Debian and Red Hat build it.
_BUILT_IN = ("core_module", "so_module", "http_module", "log_config_module", "unixd_module")


def read_apache(path: str, files: Files) -> Found:
    """What the configuration at `path` logs.

    Args:
        path: the main file, absolute; Debian's ``envvars`` is looked for beside it.
        files: where its text and that of its includes come from.

    Raises:
        ConfigError: the main file cannot be read, or Apache would refuse what
            is written; at ``file:line``.
    """
    return _Reading(path, files).found()


@dataclass(slots=True)
class _Host:
    """The main server or a virtual host: what was read of it so far."""

    place: Place
    address: str = ""
    name: str = ""
    written: list[Line] = field(default_factory=list)
    formats: dict[str, str] = field(default_factory=lambda: {"clf": _COMMON})
    unnamed: str = _COMMON


@dataclass(slots=True)
class _Section:
    """An open section; `assumed` when nobody knows whether it is active."""

    line: Line
    assumed: bool = False


class _Reading:
    def __init__(self, path: str, files: Files) -> None:
        self._path = path
        self._files = files
        directory = os.path.dirname(path)
        above, name = os.path.split(directory)
        self._root = above if name == "conf" else directory
        self._variables = self._environment(directory)
        self._modules = set(_BUILT_IN)
        self._defined: set[str] = set()
        self._main = _Host(Place(path, 1))
        self._hosts: list[_Host] = []
        self._host = self._main
        self._sections: list[_Section] = []
        self._notes: list[tuple[Place, str]] = []
        self._included = 0

    def found(self) -> Found:
        try:
            text = self._files.text(self._path)
        except OSError as error:
            problem = Problem(self._path, "", f"cannot be read: {reason(error)}")
            raise ConfigError([problem]) from error
        self._file(text, self._path, 0)
        everywhere = self._logs(self._main, ("globallog",))
        main = self._logs(self._main)
        scopes = []
        if main or everywhere or not self._hosts:
            logs = (*main, *everywhere)
            scopes.append(Scope("main server", self._main.name, self._main.place, logs, True))
        for host in self._hosts:
            own = self._logs(host)
            logs = (*(own or main), *everywhere)
            name = f"{host.address} {host.name}".strip()
            scopes.append(Scope("VirtualHost", name, host.place, logs, bool(own)))
        return Found("apache", self._path, tuple(scopes), tuple(self._notes))

    def _environment(self, directory: str) -> dict[str, str]:
        try:
            return variables_of(self._files.text(f"{directory}/envvars"), directory)
        except OSError:
            return {}  # only Debian has one

    def _file(self, text: str, path: str, depth: int) -> None:
        """Read one file; its sections end where it ends."""
        outer = len(self._sections)
        skipping: list[str] = []
        for written in parse(text, path):
            if skipping:
                if written.name == skipping[-1]:
                    skipping.append(written.name)
                elif written.name == skipping[-1].replace("<", "</"):
                    skipping.pop()
                continue
            line = written.filled(self._variables)
            if line.name.startswith("</"):
                self._close(line, outer)
            elif line.name.startswith("<"):
                if not self._open(line):
                    skipping.append(line.name)
            else:
                self._directive(line, depth)
        if len(self._sections) > outer:
            line = self._sections[-1].line
            raise _error(line.place, f"{line.name}> was not closed")

    def _open(self, line: Line) -> bool:
        """Enter a section; False when what stands in it is to be skipped."""
        section = _Section(line)
        if line.name in _CONDITIONS:
            active = self._active(line)
            if active is False:
                return False
            section.assumed = active is None
        elif line.name == "<macro":
            self._note(line.place, f"what the macro {line.rest} logs is not read")
            return False
        elif line.name == "<virtualhost":
            self._host = _Host(line.place, line.rest)
            self._hosts.append(self._host)
        self._sections.append(section)
        return True

    def _active(self, line: Line) -> bool | None:
        """Whether the section counts; None when that cannot be known."""
        negated, wanted = line.rest.startswith("!"), line.rest.lstrip("!").strip('"')
        known = None
        if line.name == "<ifmodule":
            name = wanted.removesuffix(".c").removeprefix("mod_")
            name = name if name.endswith("_module") else f"{name}_module"
            known = True if name in self._modules else None
        elif line.name == "<ifdefine":
            known = True if wanted in self._defined else None
        return known if known is None else known is not negated

    def _close(self, line: Line, outer: int) -> None:
        opened = self._sections[-1].line if len(self._sections) > outer else None
        if opened is None or opened.name.replace("<", "</") != line.name:
            wanted = f"; {opened.name.replace('<', '</')}> was expected" if opened else ""
            raise _error(line.place, f"{line.name}> closes nothing{wanted}")
        self._sections.pop()
        if line.name == "</virtualhost":
            self._host = self._main

    def _directive(self, line: Line, depth: int) -> None:
        arguments = line.arguments()
        first = arguments[0] if arguments else ""
        if line.name in ("include", "includeoptional"):
            self._include(line, first, depth)
        elif line.name in _LOGS:
            self._log_line(line, arguments)
        elif line.name == "logformat" and first:
            if len(arguments) > 1:
                self._host.formats[arguments[1].lower()] = first
            else:
                self._host.unnamed = first
        elif line.name == "serverroot":
            self._root = first
        elif line.name == "servername" and not any(
            section.line.name not in (*_CONDITIONS, "<virtualhost") for section in self._sections
        ):
            self._host.name = first
        elif line.name == "loadmodule":
            self._modules.add(first)
        elif line.name == "define" and first:
            self._defined.add(first)
            if len(arguments) > 1:
                self._variables[first] = arguments[1]
        elif line.name == "undefine":
            self._defined.discard(first)
            self._variables.pop(first, None)
        elif line.name == "use":
            self._note(line.place, f"what the macro {first} logs is not read")

    def _log_line(self, line: Line, arguments: Sequence[str]) -> None:
        if not arguments:
            raise _error(line.place, f"{line.name} needs a file, or a pipe")
        self._host.written.append(line)
        for section in self._sections:
            if section.assumed:
                where = f"{section.line.name}{' ' if section.line.rest else ''}{section.line.rest}>"
                self._note(
                    section.line.place, f"{where} is taken as active: whether it is, is not known"
                )

    def _include(self, line: Line, written: str, depth: int) -> None:
        if not written:
            raise _error(line.place, "Include needs a path")
        if depth >= MAX_INCLUDE_DEPTH:
            raise _error(line.place, "files include each other")
        pattern = os.path.join(self._root, written)
        globbed = bool(set("*?[") & set(pattern))
        paths = self._files.matching(pattern) if globbed else [pattern]
        optional = line.name == "includeoptional"
        while paths:
            path = paths.pop(0)
            self._included += 1
            if self._included > MAX_INCLUDED:
                raise _error(line.place, f"more than {MAX_INCLUDED} files are included")
            if self._files.is_directory(path):
                # A directory stands for every file below it.
                paths[:0] = self._files.matching(os.path.join(path, "*"))
                continue
            try:
                text = self._files.text(path)
            except FileNotFoundError as error:
                if not optional:
                    self._unknown(line, path, error)
                continue
            except OSError as error:
                self._unknown(line, path, error)
                continue
            self._file(text, path, depth + 1)

    def _unknown(self, line: Line, path: str, error: OSError) -> None:
        self._note(
            line.place, f"{path} cannot be read ({reason(error)}): what it logs is not known"
        )

    def _logs(self, host: _Host, names: Sequence[str] = _LOGS[:2]) -> tuple[Log, ...]:
        return tuple(self._log(line, host) for line in host.written if line.name in names)

    def _log(self, line: Line, host: _Host) -> Log:
        target, *rest = line.arguments()
        wanted = rest[0] if rest and line.name != "transferlog" else ""
        name, text = self._format(line, host, wanted)
        condition = " ".join(rest[1:])
        quoted = text.replace("\\", "\\\\").replace('"', '\\"')
        spec = f'LogFormat "{quoted}" {name}'
        place = line.place
        if target.startswith("|"):
            command = target.lstrip("|$ ")
            address = piped_to(command)
            return Log("pipe", command, place, name, spec, address, condition)
        unread = ""
        if "${" in target:
            unread = "its variable is not defined in any file that was read"
        elif target.startswith("/dev/"):
            unread = "it is a device"
        path = os.path.normpath(os.path.join(self._root, target))
        return Log("file", path, place, name, spec, "", condition, unread)

    def _format(self, line: Line, host: _Host, wanted: str) -> tuple[str, str]:
        """Name and text of a format: a nickname of this host or the main server, or itself."""
        if not wanted:
            return "common", host.unnamed if host.unnamed != _COMMON else self._main.unnamed
        for known in (host.formats, self._main.formats):
            if wanted.lower() in known:
                return wanted, known[wanted.lower()]
        if "%" not in wanted:
            raise _error(line.place, f'no LogFormat is named "{wanted}"')
        return "custom", wanted

    def _note(self, place: Place, message: str) -> None:
        if (place, message) not in self._notes:
            self._notes.append((place, message))


def _error(place: Place, message: str) -> ConfigError:
    return ConfigError([Problem(str(place), "", message)])
