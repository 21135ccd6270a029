"""What an nginx configuration logs, and where: includes followed, inheritance applied.

An ``access_log`` at an inner level replaces those of all outer ones; a level
without any inherits; with none anywhere it is ``combined`` in a file that was
chosen when nginx was built (ngx_http_log_merge_loc_conf). A relative include
is taken from the directory of the main file, a relative log from nginx's
prefix, which is a choice of the build as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from logmond.errors import ConfigError, Problem
from logmond.ingest.servers.files import Files, reason
from logmond.ingest.servers.found import Found, Log, Place, Scope
from logmond.ingest.servers.nginxtokens import Directive, parse

MAX_INCLUDED = 10_000
MAX_INCLUDE_DEPTH = 32

_INNER = ("server", "location", "if", "limit_except")
_BUILT_WITH = {  # directory of nginx.conf: prefix, default log
    "/etc/nginx": ("/usr/share/nginx", "/var/log/nginx/access.log"),  # Debian; nginx.org's log
    "/usr/local/etc/nginx": ("/usr/local", "/var/log/nginx/access.log"),  # FreeBSD
}


def read_nginx(path: str, files: Files, prefix: str | None = None) -> Found:
    """What the configuration at `path` logs.

    Args:
        path: the main file, absolute.
        files: where its text and that of its includes come from.
        prefix: what ``nginx -p`` says; by default told from where the file lies.

    Raises:
        ConfigError: the main file cannot be read, or nginx would refuse what is
            written; at ``file:line``.
    """
    return _Reading(path, files, prefix).found()


@dataclass(slots=True)
class _Level:
    """One level of the http part while it is walked."""

    scope: Scope
    directives: list[Directive]
    logs: tuple[Log, ...] | None = None
    inner: list[_Level] = field(default_factory=list)


class _Reading:
    def __init__(self, path: str, files: Files, prefix: str | None) -> None:
        self._path = path
        self._files = files
        self._directory = os.path.dirname(path)
        self._prefix, self._default = _built_with(self._directory, prefix)
        self._formats = {"combined": "combined"}
        self._notes: list[tuple[Place, str]] = []
        self._included = 0

    def found(self) -> Found:
        try:
            text = self._files.text(self._path)
        except OSError as error:
            problem = Problem(self._path, "", f"cannot be read: {reason(error)}")
            raise ConfigError([problem]) from error
        scopes: list[Scope] = []
        for directive in self._expanded(parse(text, self._path), 0):
            if directive.name == "http" and directive.block is not None:
                scopes += self._http(directive)
            elif directive.name == "stream" and _logs_below(directive.block or ()):
                self._note(directive.place, "access_log of a stream: no HTTP requests, not read")
        return Found("nginx", self._path, tuple(scopes), tuple(self._notes))

    def _http(self, http: Directive) -> Iterator[Scope]:
        """The servers and what stands in them; http itself where there is no server."""
        top = self._level(http, ())
        self._define(top.directives)
        written = f"access_log {self._default};"
        default = Log("file", self._default, http.place, built_in=True, written=written)
        scopes = list(self._effective(top, (default,)))
        yield from scopes[1:] if len(scopes) > 1 else scopes

    def _level(self, directive: Directive, outer: tuple[str, ...]) -> _Level:
        directives = list(self._expanded(directive.block or [], len(outer)))
        scope = Scope(directive.name, _name(directive, directives), directive.place, outer=outer)
        level = _Level(scope, directives)
        around = () if directive.name == "http" else (*outer, f"{scope.kind} {scope.name}".rstrip())
        for each in directives:
            if each.name in _INNER and each.block is not None:
                level.inner.append(self._level(each, around))
        return level

    def _define(self, directives: Sequence[Directive]) -> None:
        for directive in directives:
            if directive.name != "log_format":
                continue
            if len(directive.arguments) < 2:
                raise _error(directive.place, "log_format needs a name and a format")
            name, *rest = directive.arguments
            if name in self._formats:
                raise _error(directive.place, f'duplicate log_format "{name}"')
            escape = rest.pop(0) if rest[0].startswith("escape=") else "escape=default"
            self._formats[name] = _pasted(name, escape, "".join(rest))

    def _effective(self, level: _Level, inherited: tuple[Log, ...]) -> Iterator[Scope]:
        """The scopes of a level, outermost first, each with the logs in effect."""
        written = [each for each in level.directives if each.name == "access_log"]
        off = any(each.arguments[:1] == ("off",) for each in written)
        own = tuple(self._log(each) for each in written if each.arguments[:1] != ("off",))
        # "off" wins over other lines of its level (ngx_http_log_handler).
        logs = () if off else own or inherited
        scope = level.scope
        yield Scope(scope.kind, scope.name, scope.place, logs, bool(written), off, scope.outer)
        for inner in level.inner:
            yield from self._effective(inner, logs)

    def _log(self, directive: Directive) -> Log:
        if not directive.arguments:
            raise _error(directive.place, "access_log needs a path, syslog:server=... or off")
        target, *options = directive.arguments
        name = options.pop(0) if options else "combined"
        if name not in self._formats:
            raise _error(directive.place, f'unknown log format "{name}"')
        settings = dict(option.partition("=")[::2] for option in options)
        condition, spec = settings.get("if", ""), self._formats[name]
        place, written = directive.place, directive.written
        if target.startswith("syslog:"):
            server = _syslog(target)
            if server is None:
                raise _error(place, f'no syslog server is specified in "{target}"')
            return Log(
                "syslog", server[0], place, name, spec, server[1], condition, written=written
            )
        unread = ""
        if "$" in target:
            unread = "its name holds variables; name its files in a source of their own"
        elif "gzip" in settings:
            unread = "nginx compresses it (gzip), so that it cannot be followed"
        elif target.startswith("/dev/"):
            unread = "it is a device"
        elif "buffer" in settings:
            flush = settings.get("flush")
            self._note(
                place,
                f"{target} is buffered by nginx: lines come "
                + (f"up to {flush} late" if flush else "late; add flush=1s"),
            )
        path = os.path.normpath(os.path.join(self._prefix, target))
        return Log("file", path, place, name, spec, "", condition, unread, written=written)

    def _expanded(self, directives: Sequence[Directive], depth: int) -> Iterator[Directive]:
        """The directives with those of included files in their place."""
        for directive in directives:
            if directive.name == "include" and directive.block is None:
                yield from self._include(directive, depth)
            else:
                yield directive

    def _include(self, include: Directive, depth: int) -> Iterator[Directive]:
        if len(include.arguments) != 1:
            raise _error(include.place, "include needs one path")
        if depth >= MAX_INCLUDE_DEPTH:
            raise _error(include.place, "files include each other")
        pattern = os.path.join(self._directory, include.arguments[0])
        paths = self._files.matching(pattern) if set("*?[") & set(pattern) else [pattern]
        for path in paths:
            self._included += 1
            if self._included > MAX_INCLUDED:
                raise _error(include.place, f"more than {MAX_INCLUDED} files are included")
            try:
                text = self._files.text(path)
            except OSError as error:
                self._note(
                    include.place,
                    f"{path} cannot be read ({reason(error)}): what it logs is not known",
                )
                continue
            yield from self._expanded(parse(text, path), depth + 1)

    def _note(self, place: Place, message: str) -> None:
        if (place, message) not in self._notes:
            self._notes.append((place, message))


def _built_with(directory: str, prefix: str | None) -> tuple[str, str]:
    """The prefix, and where nginx logs when nobody says where."""
    if prefix is None and directory in _BUILT_WITH:
        return _BUILT_WITH[directory]
    if prefix is None:
        # Built from source, nginx lies in /usr/local/nginx, its files in conf below.
        above, name = os.path.split(directory)
        prefix = above if name == "conf" else directory
    return prefix, os.path.join(prefix, "logs/access.log")


def _name(directive: Directive, directives: Sequence[Directive]) -> str:
    """What people call a server or location."""
    if directive.name != "server":
        return " ".join(directive.arguments)
    for wanted in ("server_name", "listen"):
        for each in directives:
            if each.name == wanted and each.arguments and each.arguments != ("_",):
                return each.arguments[0]
    return ""


def _pasted(name: str, escape: str, text: str) -> str:
    """The directive as one would paste it, on one line."""
    if name == "combined":
        return "combined"
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    title = name.replace("'", "").replace('"', "")
    return f"log_format '{title}' {escape} '{quoted}';"


def _syslog(target: str) -> tuple[str, str] | None:
    """The server as written, and its address; None when none is named."""
    for option in target.removeprefix("syslog:").split(","):
        key, _, server = option.partition("=")
        if key != "server" or not server:
            continue
        if server.startswith("unix:"):
            return server, f"unixgram://{server.removeprefix('unix:')}"
        host, mark, port = server.rpartition(":")
        if not mark or server.endswith("]"):
            host, port = server, "514"
        return server, f"udp://{host}:{port}"
    return None


def _logs_below(directives: Sequence[Directive]) -> bool:
    stack = list(directives)
    while stack:
        directive = stack.pop()
        if directive.name == "access_log" and directive.arguments[:1] != ("off",):
            return True
        stack += directive.block or []
    return False


def _error(place: Place, message: str) -> ConfigError:
    return ConfigError([Problem(str(place), "", message)])
