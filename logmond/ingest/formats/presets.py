"""Formats by name, as plain data: what servers write when nobody changed it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from logmond.ingest.formats.apache import compile_apache
from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.haproxy import compile_haproxy
from logmond.ingest.formats.jsonlines import JsonFormat
from logmond.ingest.formats.keys import CADDY, CADDY_UNITS, SECONDS_PER_UNIT, WELL_KNOWN
from logmond.ingest.formats.nginx import compile_nginx

# %l is written out as the "-" it always is: were any word taken for it, a line
# with a host in front would be read as combined, the host as its client.
_COMMON = '%h - %u %t "%r" %>s %b'
_COMBINED = _COMMON + ' "%{Referer}i" "%{User-Agent}i"'
_NGINX = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent"'
)


def _caddy(_: str, name: str) -> Format:
    return JsonFormat(name, CADDY, CADDY_UNITS, closed=True)


def _json(_: str, name: str) -> Format:
    return JsonFormat(name, WELL_KNOWN, SECONDS_PER_UNIT)


Compiler = Callable[[str, str], Format]

PRESETS: dict[str, tuple[Compiler, str]] = {
    "caddy": (_caddy, ""),
    "json": (_json, ""),
    # src/log.c, default_http_log_format and clf_http_log_format
    "haproxy-http": (
        compile_haproxy,
        "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc "
        "%ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r",
    ),
    "haproxy-clf": (
        compile_haproxy,
        '%{+Q}o %{-Q}ci - - [%trg] %r %ST %B "" "" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta '
        "%tsc %ac %fc %bc %sc %rc %sq %bq %CC %CS %hrl %hsl",
    ),
    "traefik": (
        compile_apache,
        _COMBINED + ' %k "%{router}n" "%{upstream}n" %{ms}Tms',
    ),
    # log-format-upstream of the NGINX ingress controller of Kubernetes
    "nginx-ingress": (
        compile_nginx,
        _NGINX + " $request_length $request_time [$proxy_upstream_name] "
        "[$proxy_alternative_upstream_name] $upstream_addr $upstream_response_length "
        "$upstream_response_time $upstream_status $req_id",
    ),
    "nginx-timed": (compile_nginx, _NGINX + " $request_time"),
    # "main" of the nginx.conf that nginx.org's packages install
    "nginx-main": (compile_nginx, _NGINX + ' "$http_x_forwarded_for"'),
    "vhost-combined": (compile_apache, "%v:%p " + _COMBINED),
    "host-combined": (compile_apache, "%v " + _COMBINED),
    "combined": (compile_apache, _COMBINED),
    "common": (compile_apache, _COMMON),
}
"""Name to compiler and text, the more specific before the more general.

``combined`` and ``common`` read nginx's and Apache's lines alike."""

ALIASES = {
    "apache-combined": "combined",
    "apache-common": "common",
    "apache-vhost-combined": "vhost-combined",
    "vhost_combined": "vhost-combined",
    "nginx": "combined",
    "nginx-combined": "combined",
}
"""Other names for the same."""


@cache
def preset(name: str) -> Format:
    """The preset of that name.

    Raises:
        KeyError: there is none.
    """
    compiler, text = PRESETS[ALIASES.get(name, name)]
    return compiler(text, ALIASES.get(name, name))
