"""What ``format:`` may say: ``auto``, the name of a preset, or a pasted format."""

from __future__ import annotations

import re

from logmond.errors import FormatError
from logmond.ingest.formats.apache import compile_apache
from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.detection import candidates
from logmond.ingest.formats.haproxy import compile_haproxy
from logmond.ingest.formats.nginx import compile_nginx
from logmond.ingest.formats.presets import ALIASES, PRESETS, preset
from logmond.ingest.formats.w3c import compile_w3c
from logmond.suggest import meant

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")
# Apache has no directives of these names, HAProxy's formats hardly go without.
_HAPROXY = re.compile(r"%(?:\{[+-][QEM]\}o|\{?[^}%]{0,8}\}?(?:ci|ST|tr|trg|HM|HU)\b|\[)")


def format_of(spec: str) -> list[Format]:
    """The formats a line may have under this setting, the likeliest first.

    Raises:
        FormatError: no preset has this name, or the pasted format cannot be
            compiled; says which part and what would work.
    """
    text = spec.strip()
    if text == "auto":
        return candidates()
    if _NAME.fullmatch(text):
        try:
            return [preset(text)]
        except KeyError:
            raise FormatError(_unknown(text)) from None
    return [compile_pasted(spec)]


def compile_pasted(text: str) -> Format:
    """Compile a format as the server it was copied from understands it.

    Raises:
        FormatError: it is no format of nginx, Apache or HAProxy, nor a ``#Fields:`` line.
    """
    first = text.split(None, 1)[0].lower() if text.split() else ""
    if first == "#fields:":
        return compile_w3c(text)
    if first == "log_format":
        return compile_nginx(text)
    if first in ("logformat", "customlog"):
        return compile_apache(text)
    if first == "log-format" or _HAPROXY.search(text):
        return compile_haproxy(text)
    if "$" in text:
        return compile_nginx(text)
    if "%" in text:
        return compile_apache(text)
    raise FormatError(
        f"{text.strip()[:60]!r} is no format: paste nginx's log_format, Apache's LogFormat, "
        f"HAProxy's log-format or a #Fields: line, or name one of {_names()}"
    )


def _unknown(name: str) -> str:
    names = ["auto", *PRESETS, *ALIASES]
    likely = meant(name, names)
    return f'there is no format named "{name}"{likely} Known: {_names()}, or paste a format'


def _names() -> str:
    return ", ".join(["auto", *sorted(PRESETS)])
