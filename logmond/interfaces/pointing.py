"""Whether a web server logs to where our sources read, part by part, and what to add where not.

Judged from what was read of its configuration; nothing is opened here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from logmond.ingest.servers.found import Found, Log, Scope
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
            (*_source_of(found), *_line_for_all(found, readings)),
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
        own = "has logs of its own, which replace the outer ones" if scope.own else "logs elsewhere"
        yield Finding(
            "fix",
            f"{title}: {scope} ({scope.place}) {own}; none goes to a source",
            tuple(_line_for(found, scope, readings)),
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


def _line_for_all(found: Found, readings: Sequence[Reading]) -> Iterator[str]:
    """What to add to nginx's http block, where a source listens for it."""
    server = _syslog_server(readings)
    if found.server != "nginx" or server is None:
        return
    yield "# or in nginx's http block, then: nginx -s reload"
    for log in found.logs():
        if log.built_in:  # a first line ends what nginx does without any
            yield f"access_log {log.target};"
    yield f"access_log syslog:server={server},tag=nginx combined;"


def _line_for(found: Found, scope: Scope, readings: Sequence[Reading]) -> Iterator[str]:
    """What to add to a part of the server so that it logs to a source, too."""
    listen = [urlsplit(address) for reading in readings for address in reading.listen]
    udp = next((address for address in listen if address.scheme == "udp"), None)
    server = _syslog_server(readings)
    form = scope.logs[0].format if scope.logs else "combined"
    if found.server == "nginx" and server is not None:
        yield f"# beside its access_log near {scope.place}, then: nginx -s reload"
        if not scope.own:  # a first line of its own ends what it inherits
            yield from (f"access_log {log.target};" for log in scope.logs if log.kind == "file")
        yield f"access_log syslog:server={server},tag=nginx {form};"
    elif found.server == "apache" and udp is not None:
        yield f"# beside its CustomLog near {scope.place}, then: apachectl graceful"
        yield (
            f'CustomLog "|/usr/bin/logger -n {_host(udp.hostname)} -P {udp.port} -d -t apache '
            f'-p local6.info -S 65000" {form if form != "custom" else "combined"}'
        )
    else:
        yield from _source_of(found)


def _syslog_server(readings: Sequence[Reading]) -> str | None:
    """Where nginx can send to, as it writes it: the unix socket first, which drops nothing."""
    listen = [urlsplit(address) for reading in readings for address in reading.listen]
    for address in listen:
        if address.scheme == "unixgram":
            return f"unix:{address.path}"
    for address in listen:
        if address.scheme == "udp":
            host = _host(address.hostname)
            return f"[{host}]:{address.port}" if ":" in host else f"{host}:{address.port}"
    return None


def _host(bound: str | None) -> str:
    """Where on this host to send to what listens at `bound`."""
    return bound if bound and bound not in _LOOPBACK | _EVERY else "127.0.0.1"
