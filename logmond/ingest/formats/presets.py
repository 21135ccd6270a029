"""Formats by name, as plain data: what servers write when nobody changed it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from logmond.ingest.formats.apache import compile_apache
from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.haproxy import compile_haproxy
from logmond.ingest.formats.jsonlines import JsonFormat
from logmond.ingest.formats.keys import (
    CADDY,
    CADDY_UNITS,
    ENVOY,
    ENVOY_UNITS,
    SECONDS_PER_UNIT,
    TRAEFIK,
    TRAEFIK_UNITS,
    WELL_KNOWN,
)
from logmond.ingest.formats.nginx import compile_nginx
from logmond.ingest.formats.plain import compile_plain, compile_unescaped
from logmond.ingest.formats.w3c import compile_w3c

# %l is written out as the "-" it always is: were any word taken for it, a line
# with a host in front would be read as combined, the host as its client.
_COMMON = '%h - %u %t "%r" %>s %b'
_COMBINED = _COMMON + ' "%{Referer}i" "%{User-Agent}i"'
_NGINX = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent"'
)

_HAPROXY = (
    "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc "
    "%ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{+Q}r"
)

_LIGHTTPD = (
    '{client:%s} {vhost:%s} {user:word} [{time:clf}] "{request}" {status:status} {bytes:number} '
    '"{referrer}" "{user_agent}"'
)


def _caddy(_: str, name: str) -> Format:
    return JsonFormat(name, CADDY, CADDY_UNITS, closed=True)


def _envoy_json(_: str, name: str) -> JsonFormat:
    # Its keys are common words; only Envoy has flags of its own behind the status.
    return JsonFormat(name, ENVOY, ENVOY_UNITS, closed=True, demanded="response_flags")


def _traefik_json(_: str, name: str) -> Format:
    return JsonFormat(name, TRAEFIK, TRAEFIK_UNITS, closed=True)


def _json(_: str, name: str) -> Format:
    # Whichever of the two is tried first, a line of Envoy's counts alike.
    return JsonFormat(name, WELL_KNOWN, SECONDS_PER_UNIT, kin=[_envoy_json("", "envoy-json")])


Compiler = Callable[[str, str], Format]

PRESETS: dict[str, tuple[Compiler, str]] = {
    "caddy": (_caddy, ""),
    "envoy-json": (_envoy_json, ""),
    "traefik-json": (_traefik_json, ""),
    "json": (_json, ""),
    # src/log.c: default_http_log_format, default_https_log_format and clf_http_log_format
    "haproxy-http": (compile_haproxy, _HAPROXY),
    "haproxy-https": (
        compile_haproxy,
        f"{_HAPROXY} %[fc_err]/%[ssl_fc_err,hex]/%[ssl_c_err]/%[ssl_c_ca_err]/"
        "%[ssl_fc_is_resumed] %[ssl_fc_sni]/%sslv/%sslc",
    ),
    # Ends with what AWS adds at times: more columns, read by nobody yet.
    "aws-alb": (
        compile_plain,
        "{type:word} {time:iso8601} {balancer:word} {client:word}:{client_port:number} "
        "{upstream:word} {request_processing_time:seconds} {duration:seconds} "
        "{response_processing_time:seconds} {status:status} {upstream_status:word} "
        '{bytes_received:number} {bytes:number} "{request}" "{user_agent}" {tls_cipher:word} '
        '{tls_protocol:word} {target_group:word} "{request_id}" "{vhost}" "{certificate}" '
        '{rule_priority:word} {request_creation_time:word} "{actions}" "{redirect_url}" '
        '"{error_reason}"{more}',
    ),
    # Envoy escapes nothing: a quoted value ends where what the format says next begins.
    "istio": (
        compile_unescaped,
        '[{time:iso8601}] "{request}" {status:status} {response_flags:word} {details:word} '
        '{termination:word} "{failure}" {bytes_received:number} {bytes:number} '
        '{duration:number*0.001} {upstream_time:word} "{forwarded_for}" "{user_agent}" '
        '"{request_id}" "{vhost}" "{upstream}" {cluster:word} {upstream_local:word} '
        "{local_address:word} {client:word} {server_name:word} {route:word}",
    ),
    "envoy": (
        compile_unescaped,
        '[{time:iso8601}] "{request}" {status:status} {response_flags:word} '
        "{bytes_received:number} {bytes:number} {duration:number*0.001} {upstream_time:word} "
        '"{forwarded_for}" "{user_agent}" "{request_id}" "{vhost}" "{upstream}"',
    ),
    # src/log/FormatSquidNative.cc; an error page for junk has "error:..." as its URL
    "squid": (
        compile_plain,
        "{time:epoch} {:spaces}{duration:number*0.001} {client:word} "
        "{cache_status:word}/{status:status} {bytes:number} {method:word} {uri:word} {user:word} "
        "{hierarchy:word} {content_type}",
    ),
    "cloudfront": (
        compile_w3c,
        "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem "
        "sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type "
        "x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for "
        "ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
        "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type "
        "sc-content-type sc-content-len sc-range-start sc-range-end",
    ),
    "iis": (
        compile_w3c,
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "
        "cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken",
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
    # mod_accesslog.c; the host may be an address, and have a port
    "lighttpd": (compile_plain, _LIGHTTPD % ("word", "word")),
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
    "alb": "aws-alb",
    "aws-cloudfront": "cloudfront",
    "squid-native": "squid",
    "w3c": "iis",
    "traefik-clf": "traefik",
    "haproxy": "haproxy-http",
}
"""Other names for the same."""


_WARY: dict[str, tuple[Compiler, str]] = {
    "lighttpd": (compile_plain, _LIGHTTPD % ("address", "name")),
}
"""Presets that read less when nobody named them. In the place of lighttpd's host
stands Apache's ident, or a second address where somebody logs a proxy's."""


@cache
def wary(name: str) -> Format:
    """The preset as `auto` may use it: nothing is read that others could have written."""
    compiler, text = _WARY.get(name) or PRESETS[name]
    return compiler(text, name)


@cache
def preset(name: str) -> Format:
    """The preset of that name.

    Raises:
        KeyError: there is none.
    """
    compiler, text = PRESETS[ALIASES.get(name, name)]
    return compiler(text, ALIASES.get(name, name))
