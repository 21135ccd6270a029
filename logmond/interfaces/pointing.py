"""Whether a web server logs to where our sources read, part by part, and what to add where not.

Judged from what was read of its configuration; nothing is opened here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import SplitResult, urlsplit

from logmond.ingest.servers.found import Found, Log, Place, Scope
from logmond.ingest.servers.nginxtokens import quoted
from logmond.ingest.sources.patterns import covers
from logmond.interfaces.doctor import Finding, Reading

SHOWN = 20
"""Locations told one by one; a site can have thousands."""

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_EVERY = {"*", "0.0.0.0", "::"}
_LOCAL_SYSLOG = {"unixgram:///dev/log", "udp://127.0.0.1:514", "udp://localhost:514"}


def about_server(found: Found, readings: Sequence[Reading]) -> Iterator[Finding]:
    """Whether a server writes to where a source reads, and which of its parts do not."""
    title = {"nginx": "nginx", "apache": "Apache"}[found.server]
    for place, message in found.notes:
        yield Finding("note", f"{place}: {message}")
    logging = [scope for scope in found.scopes if not scope.off]
    reached = [scope for scope in logging if _reaches(scope, readings)]
    if not reached:
        logs = ", ".join(dict.fromkeys(log.target for log in found.logs())) or "nowhere"
        relayed = any(log.address in _LOCAL_SYSLOG for log in found.logs())
        more = "; this host's syslog may forward them" if relayed else ""
        yield Finding(
            "note" if relayed else "fix",
            f"{title} ({found.path}) does not log to any source; it logs to {logs}{more}",
            (*_source_of(found), *_lines_for_all(found, logging, readings)),
        )
        return
    count = f"{len(reached)} of {len(logging)}"
    yield Finding("ok", f"{title} ({found.path}): {count} servers and locations log to a source")
    missed = [
        scope
        for scope in logging
        if (scope.own or not scope.outer) and not _reaches(scope, readings)
    ]
    for scope in missed[:SHOWN]:
        rest = scope.kind == "main server" and len(found.scopes) > 1
        own = "has logs of its own, which replace the outer ones" if scope.own else "logs elsewhere"
        if rest:  # Debian's Apache has one for requests that reach no virtual host: mostly none
            own = "answers what no VirtualHost does and logs elsewhere"
        yield Finding(
            "note" if rest else "fix",
            f"{title}: {scope} ({scope.place}) {own}; none goes to a source",
            () if rest else tuple(_line_for(found, scope, readings)),
        )
    if len(missed) > SHOWN:
        yield Finding("fix", f"{title}: and {len(missed) - SHOWN} more of these")
    off = [str(scope) for scope in found.scopes if scope.off and scope.own]
    if off:
        shown = ", ".join(off[:SHOWN])
        yield Finding("note", f"{title}: access_log off, so not counted: {shown}")


def about_no_server(looked_at: Sequence[str]) -> Finding:
    """No server's configuration was found; another may be on another host."""
    return Finding(
        "note",
        f"no nginx or Apache is configured here (looked at {', '.join(looked_at)}; "
        "others by --nginx FILE, --apache FILE)",
    )


def _reaches(scope: Scope, readings: Sequence[Reading]) -> bool:
    return any(_read_by(log, reading) for log in scope.logs for reading in readings)


def _read_by(log: Log, reading: Reading) -> bool:
    if log.kind == "file":
        return any(covers(pattern, log.target) for pattern in reading.files)
    return any(_received(log.address, listen) for listen in reading.listen)


def _received(target: str, listen: str) -> bool:
    """Whether what is sent to one address arrives at the other."""
    try:
        sent, bound = urlsplit(target), urlsplit(listen)
        if not target or sent.scheme != bound.scheme:
            return False
        if sent.path or bound.path:
            return sent.path == bound.path
        if sent.port != bound.port:
            return False
    except ValueError:  # a port that is no number
        return False
    to, here = sent.hostname or "", bound.hostname or ""
    # One that listens everywhere has addresses that are not known here.
    return to == here or here in _EVERY or (to in _LOOPBACK and here in _LOOPBACK)


def _source_of(found: Found) -> Iterator[str]:
    """A source that reads the server's own configuration."""
    yield "# below sources: in logmond's configuration, then: logmond ctl reload"
    yield f"  - name: {found.server}"
    yield f"    {found.server}: {found.path}"


def _lines_for_all(
    found: Found, logging: Sequence[Scope], readings: Sequence[Reading]
) -> Iterator[str]:
    """What to add to nginx's http block, and where that would be replaced further in."""
    listening = _syslog_server(readings)
    if found.server != "nginx" or listening is None or not listening[0].takes("combined"):
        return
    line = f"access_log syslog:server={listening[1]},tag=nginx combined;"
    own = [scope for scope in logging if scope.own and scope.kind != "http"]
    if any(not scope.outer for scope in logging if scope not in own):
        yield "# or in nginx's http block, then: nginx -s reload"
        # A first line ends what nginx does without any.
        yield from (log.written for log in found.logs() if log.built_in)
        yield line
    for place in [*dict.fromkeys(map(_near, own))][:SHOWN]:
        yield f"# or beside its access_log near {place}, then: nginx -s reload"
        yield line


def _line_for(found: Found, scope: Scope, readings: Sequence[Reading]) -> Iterator[str]:
    """What to add to a part of the server so that it logs to a source, too."""
    listening = _syslog_server(readings)
    udp = next(_listening(readings, "udp"), None)
    if found.server == "nginx" and listening and (form := _format(scope, listening[0])):
        yield f"# beside its access_log near {_near(scope)}, then: nginx -s reload"
        if not scope.own:  # a first line of its own ends what it inherits
            yield from (log.written for log in scope.logs)
        yield f"access_log syslog:server={listening[1]},tag=nginx {quoted(form)};"
    elif found.server == "apache" and udp and (form := _format(scope, udp[0])):
        yield f"# beside its CustomLog near {_near(scope)}, then: apachectl graceful"
        yield (
            f'CustomLog "|/usr/bin/logger -n {_host(udp[1].hostname)} -P {udp[1].port} -d '
            f'-t apache -p local6.info -S 65000" {form}'
        )
    else:
        yield from _source_of(found)


def _near(scope: Scope) -> Place:
    """Where a line is to be added: beside the scope's own first log, or in the scope."""
    return scope.logs[0].place if scope.own and scope.logs else scope.place


def _format(scope: Scope, reading: Reading) -> str | None:
    """The name of a format that the source reads: one in use there, else combined, else None."""
    for log in scope.logs:
        if log.format != "custom" and reading.takes(log.spec):
            return log.format
    return "combined" if reading.takes("combined") else None


def _listening(readings: Sequence[Reading], scheme: str) -> Iterator[tuple[Reading, SplitResult]]:
    for reading in readings:
        for address in map(urlsplit, reading.listen):
            if address.scheme == scheme:
                yield reading, address


def _syslog_server(readings: Sequence[Reading]) -> tuple[Reading, str] | None:
    """Where nginx can send to, as it writes it: the unix socket first, which drops nothing."""
    for reading, address in _listening(readings, "unixgram"):
        return reading, f"unix:{address.path}"
    for reading, address in _listening(readings, "udp"):
        host = _host(address.hostname)
        shown = f"[{host}]" if ":" in host else host
        return reading, f"{shown}:{address.port}"
    return None


def _host(bound: str | None) -> str:
    """Where on this host to send to what listens at `bound`."""
    return bound if bound and bound not in _LOOPBACK | _EVERY else "127.0.0.1"
