"""Which keys of JSON lines hold which field. A table, and nothing else.

A path is the way to a value through nested objects. Of several paths the first
that holds a value is taken.
"""

from __future__ import annotations

Path = tuple[str, ...]

CADDY: dict[str, tuple[Path, ...]] = {
    "client": (("request", "client_ip"), ("request", "remote_ip"), ("request", "remote_addr")),
    "time": (("ts",),),
    "method": (("request", "method"),),
    "uri": (("request", "uri"),),
    "protocol": (("request", "proto"),),
    "status": (("status",),),
    "bytes": (("size",),),
    "referrer": (("request", "headers", "Referer"),),
    "user_agent": (("request", "headers", "User-Agent"),),
    "vhost": (("request", "host"),),
    "duration": (("duration",),),
    "user": (("user_id",),),
    "forwarded_for": (("request", "headers", "X-Forwarded-For"),),
}
"""Caddy 2: ``client_ip`` since 2.7, ``remote_ip`` since 2.5, before it
``remote_addr`` with a port."""

CADDY_UNITS: dict[Path, float] = {("duration",): 1.0}


def _plain(*names: str) -> tuple[Path, ...]:
    return tuple((name,) for name in names)


ENVOY: dict[str, tuple[Path, ...]] = {
    # The port is part of these addresses; the first of the list is the client's own word.
    "client": _plain("downstream_remote_address", "x_forwarded_for"),
    "time": _plain("start_time"),
    "method": _plain("method"),
    "uri": _plain("path"),
    "protocol": _plain("protocol"),
    "status": _plain("response_code"),
    "bytes": _plain("bytes_sent"),
    "referrer": _plain("referer"),
    "user_agent": _plain("user_agent"),
    "vhost": _plain("authority"),
    "duration": _plain("duration"),
    "forwarded_for": _plain("x_forwarded_for"),
}
"""Envoy, with the keys of its documentation and of Istio's mesh configuration."""

ENVOY_UNITS: dict[Path, float] = {("duration",): 1e-3}

TRAEFIK: dict[str, tuple[Path, ...]] = {
    "client": _plain("ClientHost", "ClientAddr"),
    "time": _plain("time", "StartUTC", "StartLocal"),
    "method": _plain("RequestMethod"),
    "uri": _plain("RequestPath"),
    "protocol": _plain("RequestProtocol"),
    "status": _plain("DownstreamStatus"),
    "bytes": _plain("DownstreamContentSize"),
    "referrer": _plain("request_Referer"),
    "user_agent": _plain("request_User-Agent"),
    "vhost": _plain("RequestHost", "RequestAddr"),
    "duration": _plain("Duration"),
    "user": _plain("ClientUsername"),
    "forwarded_for": _plain("request_X-Forwarded-For"),
}
"""Traefik's access log with ``format: json``; headers are there when kept."""

TRAEFIK_UNITS: dict[Path, float] = {("Duration",): 1e-9}

WELL_KNOWN: dict[str, tuple[Path, ...]] = {
    "client": (
        *_plain("remote_addr", "client_ip", "remote_ip", "clientip", "clientIp", "client"),
        *_plain("ClientHost", "ClientIP", "ip", "remote_host", "client_addr"),
        *CADDY["client"],
        ("client", "ip"),
        ("source", "ip"),
        *_plain("client.ip", "source.ip", "downstream_remote_address"),
        *_plain("http_x_forwarded_for", "x_forwarded_for"),
    ),
    "time": _plain(
        "time",
        "time_iso8601",
        "ts",
        "timestamp",
        "@timestamp",
        "time_local",
        "datetime",
        "date",
        "msec",
        "StartUTC",
        "start_time",
    ),
    "request": _plain("request", "request_line"),
    "method": (
        *_plain("method", "request_method", "RequestMethod", "http_method", "verb"),
        ("request", "method"),
        ("http", "request", "method"),
        ("http.request.method",),
    ),
    "uri": (
        *_plain("request_uri", "uri", "url", "path", "request_path", "RequestPath", "target"),
        ("request", "uri"),
        ("request", "url"),
        ("url", "original"),
        ("url", "path"),
        *_plain("url.original", "url.path"),
    ),
    "protocol": (
        *_plain("server_protocol", "protocol", "proto", "RequestProtocol"),
        ("request", "proto"),
    ),
    "status": (
        *_plain("status", "status_code", "statusCode", "response_code", "response_status"),
        *_plain("DownstreamStatus", "http_status", "code"),
        ("response", "status"),
        ("http", "response", "status_code"),
        ("http.response.status_code",),
    ),
    "bytes": (
        *_plain("body_bytes_sent", "bytes_sent", "bytes", "size", "response_size"),
        *_plain("response_length", "content_length", "DownstreamContentSize"),
        ("http", "response", "body", "bytes"),
        ("http.response.body.bytes",),
    ),
    "referrer": (
        *_plain("http_referer", "http_referrer", "referer", "referrer", "request_Referer"),
        ("request", "headers", "Referer"),
        ("http", "request", "referrer"),
        ("http.request.referrer",),
    ),
    "user_agent": (
        *_plain("http_user_agent", "user_agent", "useragent", "userAgent", "agent"),
        *_plain("request_User-Agent", "user_agent.original"),
        ("request", "headers", "User-Agent"),
        ("user_agent", "original"),
    ),
    "vhost": (
        *_plain("vhost", "virtual_host", "http_host", "host", "server_name", "RequestHost"),
        ("request", "host"),
        ("url", "domain"),
        ("url.domain",),
    ),
    "duration": (
        *_plain("request_time", "duration", "duration_s", "duration_seconds", "response_time_s"),
        *_plain("duration_ms", "request_time_ms", "response_time_ms", "latency_ms", "elapsed_ms"),
        *_plain("duration_us", "duration_ns", "Duration", "event.duration"),
        ("event", "duration"),
    ),
    "user": _plain("remote_user", "user", "username", "user_id", "ClientUsername"),
    "forwarded_for": (
        *_plain("http_x_forwarded_for", "x_forwarded_for", "forwarded_for"),
        *_plain("request_X-Forwarded-For", "X-Forwarded-For"),
        ("request", "headers", "X-Forwarded-For"),
    ),
}
"""What people and programs call the fields: nginx's variable names, Traefik, Envoy,
the Elastic Common Schema (nested or dotted)."""

SECONDS_PER_UNIT: dict[Path, float] = {
    ("request_time",): 1.0,
    ("duration_s",): 1.0,
    ("duration_seconds",): 1.0,
    ("response_time_s",): 1.0,
    ("duration_ms",): 1e-3,
    ("request_time_ms",): 1e-3,
    ("response_time_ms",): 1e-3,
    ("latency_ms",): 1e-3,
    ("elapsed_ms",): 1e-3,
    ("duration_us",): 1e-6,
    ("duration_ns",): 1e-9,
    ("Duration",): 1e-9,  # Traefik
    ("event", "duration"): 1e-9,  # Elastic Common Schema
    ("event.duration",): 1e-9,
}
"""Units of durations that their name tells. A bare ``duration`` tells none."""
