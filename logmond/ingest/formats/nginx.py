r"""nginx's ``log_format``, bare or as the whole directive, becomes a compiled format.

::

    $remote_addr - $remote_user [$time_local] "$request" $status
    log_format timed escape=default '$remote_addr ... "$request" '
                                    '$status $request_time';
    log_format lines escape=json '{"time":"$time_iso8601","request":"$request"}';

An unknown variable is not an error: modules add their own. Its text is carried.
"""

from __future__ import annotations

import re

from logmond.errors import FormatError
from logmond.ingest.formats.assembly import Part, Variable, assemble
from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.fields import Meaning, carried

VARIABLES = {
    "remote_addr": Meaning("client", "word"),
    "binary_remote_addr": Meaning("binary_remote_addr"),
    "http_x_forwarded_for": Meaning("forwarded_for", "list"),
    "proxy_add_x_forwarded_for": Meaning("forwarded_for", "list", rank=1),
    "http_x_real_ip": Meaning("forwarded_for", "word", rank=2),
    "proxy_protocol_addr": Meaning("forwarded_for", "word", rank=3),
    "http_cf_connecting_ip": Meaning("forwarded_for", "word", rank=3),
    "remote_user": Meaning("user"),
    "time_local": Meaning("time", "time", time_kind="clf"),
    "time_iso8601": Meaning("time", "time", time_kind="iso8601"),
    "msec": Meaning("time", "time", rank=1, time_kind="epoch"),
    "request": Meaning("request"),
    "request_method": Meaning("method", "word"),
    "request_uri": Meaning("uri", "path"),
    "uri": Meaning("path", "path"),
    "document_uri": Meaning("path", "path", rank=1),
    "server_protocol": Meaning("protocol", "word"),
    "status": Meaning("status", "status"),
    "body_bytes_sent": Meaning("bytes", "number"),
    "bytes_sent": Meaning("bytes", "number", rank=1),
    "http_referer": Meaning("referrer"),
    "http_user_agent": Meaning("user_agent"),
    "host": Meaning("vhost", "host"),
    "http_host": Meaning("vhost", "word", rank=1),
    "server_name": Meaning("vhost", "host", rank=2),
    "request_time": Meaning("duration", "decimal"),
    "scheme": Meaning("scheme", "word"),
    "server_port": Meaning("port", "number"),
    "upstream_response_time": Meaning("upstream_time", "list"),
    "upstream_addr": Meaning("upstream", "list"),
    "upstream_status": Meaning("upstream_status", "list"),
    "upstream_connect_time": Meaning("upstream_connect_time", "list"),
    "upstream_header_time": Meaning("upstream_header_time", "list"),
    "upstream_response_length": Meaning("upstream_response_length", "list"),
    "upstream_bytes_sent": Meaning("upstream_bytes_sent", "list"),
    "upstream_bytes_received": Meaning("upstream_bytes_received", "list"),
    "upstream_cache_status": Meaning("cache_status"),
    "request_id": Meaning("request_id", "word"),
    "http_x_request_id": Meaning("request_id", "word", rank=1),
    "request_length": Meaning("bytes_received", "number"),
    "ssl_protocol": Meaning("tls_protocol", "word"),
    "ssl_cipher": Meaning("tls_cipher", "word"),
    "ssl_server_name": Meaning("tls_server_name", "word"),
    "remote_port": Meaning("client_port", "number"),
    "realip_remote_addr": Meaning("peer", "word"),
    "http_x_forwarded_proto": Meaning("scheme", "word", rank=1),
    "http_x_forwarded_host": Meaning("vhost", "word", rank=3),
    "gzip_ratio": Meaning("gzip_ratio", "decimal"),
    "args": Meaning("query"),
    "query_string": Meaning("query", rank=1),
}
"""What nginx's variables stand for. ``$host`` is the name asked for and never
empty; ``$http_host`` may be and may hold a port."""

_DIRECTIVE = re.compile(r"\s*log_format\s+(\"[^\"]*\"|'[^']*'|[^\s;]+)\s+(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\s*escape=(\w+)\s*(.*)", re.DOTALL)
_STRING = re.compile(
    r"\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([^\s;'\"][^\s;]*))", re.DOTALL
)
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))")
_URI_WITH_ARGUMENTS = re.compile(
    r"\$(?:document_)?uri(\$is_args|\?)\$(?:args|query_string)(?![A-Za-z0-9_])"
)


def compile_nginx(text: str, name: str = "nginx") -> Format:
    """Compile a format as nginx understands it.

    Raises:
        FormatError: which part cannot be read, and what would work.
    """
    body, escape, name = unwrapped(text, name)
    return assemble(name, parts_of(body), quotes="raw" if escape == "none" else "escaped")


def unwrapped(text: str, name: str) -> tuple[str, str, str]:
    """The format, its escaping and its name, without the directive around it."""
    directive = _DIRECTIVE.fullmatch(text)
    if directive is None:
        return text.strip("\r\n"), "default", name
    name, rest = directive[1].strip("\"'"), directive[2]
    escape = "default"
    chosen = _ESCAPE.fullmatch(rest)
    if chosen is not None:
        escape, rest = chosen[1], chosen[2]
        if escape not in ("default", "json", "none"):
            raise FormatError(f"format {name}: escape={escape}; nginx knows default, json and none")
    pieces = []
    position = 0
    while (string := _STRING.match(rest, position)) is not None:
        single, double, bare = string.groups()
        quoted = single if single is not None else double
        pieces.append(bare if quoted is None else re.sub(r"\\(['\"\\])", r"\1", quoted))
        position = string.end()
    left = rest[position:].strip()
    if left not in ("", ";"):
        raise FormatError(
            f"format {name}: cannot read {left[:40]!r}; "
            "log_format is a name, strings in quotes, and ;"
        )
    return "".join(pieces), escape, name


def parts_of(body: str) -> list[Part]:
    """Literals and variables of a format, in order."""
    body = _URI_WITH_ARGUMENTS.sub("$request_uri", body)
    parts: list[Part] = []
    position = 0
    for variable in _VARIABLE.finditer(body):
        parts.append(body[position : variable.start()].encode())
        known = variable[1] or variable[2]
        parts.append(Variable(variable[0], VARIABLES.get(known) or carried(known)))
        position = variable.end()
    parts.append(body[position:].encode())
    return parts
