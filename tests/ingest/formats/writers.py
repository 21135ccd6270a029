r"""Servers' log lines written from a table of values, each as its documentation says.

None of these is captured: `test_format_captured` holds what real servers wrote.

=============== ================================================================
nginx-*         nginx.org, ngx_http_log_module, ``escape=default``: ``"``, ``\`` and
                bytes outside 32-126 as ``\xHH``, ``-`` for what is absent;
                nginx-ingress: kubernetes.github.io/ingress-nginx, "Log format"
common,         httpd.apache.org, mod_log_config, "Custom Log Formats" and its notes
host-combined   on escaping (``\"``, ``\\``, ``\xhh``)
haproxy-clf,    docs.haproxy.org, 8.2.3, 8.2.4 and 8.6: what cannot be printed, and ``"``,
haproxy-https   as ``#XX``
traefik         doc.traefik.io, "Access logs", CLF; strings quoted as Go quotes them
traefik-json    the same page, "Available fields"; Duration in nanoseconds; headers kept
envoy           envoyproxy.io, "Access logging", default format string; nothing escaped
istio           istio.io, "Envoy access logs", default access log format
envoy-json      envoyproxy.io, "Format dictionaries", with the keys of istio.io's page
aws-alb         docs.aws.amazon.com, "Access logs for your Application Load Balancer";
                no escape is documented: quotes are written as nginx would
cloudfront      docs.aws.amazon.com, CloudFront "Standard logging reference": TABs,
                URL-encoded values, ``-`` for what is empty
iis             learn.microsoft.com, "W3C Extended Log File Format": UTC, spaces as ``+``
json            nginx.org: ``escape=json`` with nginx's variables as keys
=============== ================================================================
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from requested import Request, expected

Written = tuple[str, dict[str, Any]]
Writer = Callable[[Request], Written]


def hexed(text: str) -> str:
    """As nginx escapes."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02X}"
        for byte in (text or "-").encode()
    )


def slashed(text: str) -> str:
    """As Apache escapes."""
    return "".join(
        "\\" + chr(byte) if byte in b'"\\' else chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}"
        for byte in (text or "-").encode()
    )


def combined(request: Request, escape: Callable[[str], str]) -> str:
    """The line all the others grew from."""
    stamp = request.stamp("%d/%b/%Y:%H:%M:%S +0000")
    return (
        f'{request.client} - - [{stamp}] "{escape(request.line)}" {request.status} {request.size} '
        f'"{escape(request.referrer)}" "{escape(request.agent)}"'
    )


def common(request: Request) -> Written:
    """Apache's common."""
    line = combined(request, slashed).rsplit(' "', 2)[0]
    absent = {"referrer": None, "user_agent": None, "vhost": None, "duration_s": None}
    return line, expected(request, **absent)


def host_combined(request: Request) -> Written:
    """A host in front."""
    line = f"{request.host} {combined(request, slashed)}"
    return line, expected(request, duration_s=None)


def nginx_timed(request: Request) -> Written:
    """With ``$request_time``."""
    line = f"{combined(request, hexed)} {request.took_ms / 1000:.3f}"
    return line, expected(request, vhost=None)


def nginx_main(request: Request) -> Written:
    """With ``$http_x_forwarded_for``."""
    line = f'{combined(request, hexed)} "10.1.2.3, 10.0.0.1"'
    return line, expected(request, vhost=None, duration_s=None)


def nginx_ingress(request: Request) -> Written:
    """What Kubernetes' controller appends; an upstream tried twice is listed twice."""
    line = (
        f"{combined(request, hexed)} 520 {request.took_ms / 1000:.3f} [default-shop-80] [] "
        f"10.1.2.3:80, 10.1.2.4:80 0, 157 0.001, 0.012 502, {request.status} 5d2c7f"
    )
    return line, expected(request, vhost=None)


def haproxy_clf(request: Request) -> Written:
    """``option httplog clf``: no headers, and ``#22`` for a quote."""
    stamp = request.stamp("%d/%b/%Y:%H:%M:%S +0000")
    line = request.line.replace('"', "#22")
    text = (
        f'{request.client} - - [{stamp}] "{line}" {request.status} {request.size} "" "" 39664 067 '
        f'"clf" "b" "s1" 0 0 0 1 {request.took_ms} ---- 1 1 0 0 0 0 0 "" "" '
    )
    return text, expected(request, referrer=None, user_agent=None, vhost=None)


def haproxy_https(request: Request) -> Written:
    """``option httpslog``: behind the line of httplog what TLS came to, the name it asked for."""
    stamp = request.stamp("%d/%b/%Y:%H:%M:%S.067")
    line = request.line.replace('"', "#22")
    text = (
        f"{request.client}:39664 [{stamp}] web~ b/s1 0/0/0/1/{request.took_ms} {request.status} "
        f'{request.size} - - ---- 1/1/0/0/0 0/0 "{line}" 0/0000000000000000/0/0/0 '
        f"{request.host}/TLSv1.3/TLS_AES_256_GCM_SHA384"
    )
    return text, expected(request, referrer=None, user_agent=None)


def traefik(request: Request) -> Written:
    """CLF with request count, router, URL and time."""
    line = f'{combined(request, slashed)} 17 "web@docker" "http://10.0.0.1:80" {request.took_ms}ms'
    return line, expected(request, vhost=None)


def traefik_json(request: Request) -> Written:
    """Its keys in Go's order, headers kept."""
    row = {
        "ClientAddr": f"{request.client}:4711",
        "ClientHost": request.client,
        "ClientPort": "4711",
        "ClientUsername": "-",
        "DownstreamContentSize": request.size,
        "DownstreamStatus": request.status,
        "Duration": request.took_ms * 1_000_000,
        "OriginStatus": request.status,
        "RequestAddr": request.host,
        "RequestHost": request.host,
        "RequestMethod": request.method,
        "RequestPath": request.uri,
        "RequestProtocol": request.protocol,
        "StartUTC": request.stamp("%Y-%m-%dT%H:%M:%S.5Z"),
        "level": "info",
        "msg": "",
        "request_User-Agent": request.agent,
        "request_Referer": request.referrer,
        "time": request.stamp("%Y-%m-%dT%H:%M:%SZ"),
    }
    return json.dumps(row, ensure_ascii=False), expected(request)


def envoy(request: Request) -> Written:
    """The default format string; ``-`` for what is absent."""
    line = (
        f'[{request.stamp("%Y-%m-%dT%H:%M:%S.310Z")}] "{request.line}" {request.status} - 0 '
        f'{request.size} {request.took_ms} 11 "{request.client}" "{request.agent or "-"}" '
        f'"8c2b-41" "{request.host}" "10.0.0.1:80"'
    )
    return line, expected(request, referrer=None)


def istio(request: Request) -> Written:
    """The mesh's format: the client with its port at the end."""
    client = f"[{request.client}]" if ":" in request.client else request.client
    line = (
        f'[{request.stamp("%Y-%m-%dT%H:%M:%S.310Z")}] "{request.line}" {request.status} - '
        f'via_upstream - "-" 0 {request.size} {request.took_ms} 11 "203.0.113.99" '
        f'"{request.agent or "-"}" "8c2b-41" "{request.host}" "10.0.0.1:80" '
        f"inbound|80|| 127.0.0.6:4000 10.0.0.1:80 {client}:4711 outbound_.80_._.web default"
    )
    return line, expected(request, client=f"{client}:4711", referrer=None)


def envoy_json(request: Request) -> Written:
    """Numbers are numbers, what is absent is null."""
    row = {
        "start_time": request.stamp("%Y-%m-%dT%H:%M:%S.310Z"),
        "route_name": "default",
        "method": request.method,
        "path": request.uri,
        "protocol": request.protocol,
        "response_code": request.status,
        "response_flags": "-",
        "bytes_received": 0,
        "bytes_sent": request.size,
        "duration": request.took_ms,
        "upstream_service_time": None,
        "x_forwarded_for": "203.0.113.99",
        "user_agent": request.agent or None,
        "request_id": "8c2b-41",
        "authority": request.host,
        "downstream_remote_address": request.client,
    }
    return json.dumps(row, ensure_ascii=False), expected(request, referrer=None)


def aws_alb(request: Request) -> Written:
    """Counted by the target's time; an absolute URL in the request."""
    url = f"https://{request.host}:443{request.uri}"
    line = (
        f"h2 {request.stamp('%Y-%m-%dT%H:%M:%S.186641Z')} app/my-lb/50dc {request.client}:2817 "
        f"10.0.0.1:80 0.000 {request.took_ms / 1000:.3f} 0.000 {request.status} 200 34 "
        f'{request.size} "{request.method} {url} {request.protocol}" "{hexed(request.agent)}" '
        "ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:x:1:targetgroup/t/73 "
        f'"Root=1-58337262-36d2" "{request.host}" "arn:aws:acm:x:1:certificate/1-2" 1 '
        f'{request.stamp("%Y-%m-%dT%H:%M:%S.000000Z")} "waf,forward" "-" "-" "10.0.0.1:80" '
        f'"{request.status}" "-" "-" TID_1234'
    )
    return line, expected(request, referrer=None)


def encoded(text: str) -> str:
    """As CloudFront writes a header."""
    return quote(text, safe="/:;=,+()[]{}'?&*!.~-_") or "-"


def cloudfront(request: Request) -> Written:
    """The 33 fields of the documentation, in its order; values stay encoded."""
    values = (
        *(request.stamp("%Y-%m-%d"), request.stamp("%H:%M:%S"), "SFO53-P1", request.size),
        *(request.client, request.method, "d111.cloudfront.net", request.path, request.status),
        *(encoded(request.referrer), encoded(request.agent), request.query or "-", "-", "Hit"),
        *("yAzr0", request.host, "https", 23, f"{request.took_ms / 1000:.3f}", "-", "TLSv1.3"),
        *("TLS_AES_128_GCM_SHA256", "Hit", request.protocol, "-", "-", 11040, "0.001", "Hit"),
        *("text/html", request.size, "-", "-"),
    )
    agent, referrer = encoded(request.agent), encoded(request.referrer)
    return "\t".join(map(str, values)), expected(
        request,
        user_agent=None if agent == "-" else agent,
        referrer=None if referrer == "-" else referrer,
    )


def iis(request: Request) -> Written:
    """The default fields: no bytes, no host; spaces in headers as plus signs."""
    agent = request.agent.replace(" ", "+")
    values = (
        *(request.stamp("%Y-%m-%d"), request.stamp("%H:%M:%S"), "10.0.0.1", request.method),
        *(request.path, request.query or "-", 443, "-", request.client, agent or "-"),
        *(request.referrer or "-", request.status, 0, 0, request.took_ms),
    )
    line = " ".join(map(str, values))
    return line, expected(request, user_agent=agent or None, vhost=None, bytes=None)


def json_lines(request: Request) -> Written:
    """nginx's variables under their own names."""
    row = {
        "time_iso8601": request.stamp("%Y-%m-%dT%H:%M:%S+00:00"),
        "remote_addr": request.client,
        "request": request.line,
        "status": str(request.status),
        "body_bytes_sent": str(request.size),
        "request_time": f"{request.took_ms / 1000:.3f}",
        "http_referer": request.referrer,
        "http_user_agent": request.agent,
        "http_host": request.host,
    }
    return json.dumps(row, ensure_ascii=False), expected(request)


WRITERS: dict[str, Writer] = {
    "aws-alb": aws_alb,
    "cloudfront": cloudfront,
    "common": common,
    "envoy": envoy,
    "envoy-json": envoy_json,
    "haproxy-clf": haproxy_clf,
    "haproxy-https": haproxy_https,
    "host-combined": host_combined,
    "iis": iis,
    "istio": istio,
    "json": json_lines,
    "nginx-ingress": nginx_ingress,
    "nginx-main": nginx_main,
    "nginx-timed": nginx_timed,
    "traefik": traefik,
    "traefik-json": traefik_json,
}
