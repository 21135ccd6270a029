"""Formats by name, as plain data: what servers write when nobody changed it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.nginx import compile_nginx

_COMMON = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent'
_COMBINED = _COMMON + ' "$http_referer" "$http_user_agent"'

Compiler = Callable[[str, str], Format]

PRESETS: dict[str, tuple[Compiler, str]] = {
    "combined": (compile_nginx, _COMBINED),
    "common": (compile_nginx, _COMMON),
    "nginx-timed": (compile_nginx, _COMBINED + " $request_time"),
    "vhost-combined": (compile_nginx, "$host:$server_port " + _COMBINED),
}
"""Name to compiler and text."""


@cache
def preset(name: str) -> Format:
    """The preset of that name.

    Raises:
        KeyError: there is none.
    """
    compiler, text = PRESETS[name]
    return compiler(text, name)
