r"""Values of JSON as the text a log line would show; and JSON that is not quite JSON."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

from logmond.ingest.formats.values import ABSENT

decode_any = msgspec.json.Decoder().decode
"""The value of one JSON text, whatever its type."""

# Strings are stepped over whole, so that nothing inside them is mended as if it
# stood outside. Outside: what nginx writes for an absent number, and its 000.
_ODD = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|(?<=[:,\[ ])(?:-(?=[,}\] ])|0{1,18}(?=[0-9]))|:\s*+(?=[,}])',
    re.DOTALL,
)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
_NOT_UTF8 = {0xDC00 + byte: rf"\\x{byte:02X}" for byte in range(0x80, 0x100)}
_CONTROL = {code: rf"\x{code:02X}" for code in (*range(0x20), 0x7F)}
_MAX_ODDITIES = 8192
"""Bytes that mending may have to touch, of a line that is mended: its cost is theirs."""
_NEVER_ODD = bytes(byte for byte in range(0x80) if byte not in b'"\\-:0')
_NUMBER = re.compile(rb"-?[0-9]{1,19}")
_PLACE = re.compile(r"\(byte ([0-9]{1,19})\)")
_MANY = 10**19
"""Numbers of more digits are none: text formats cap them too."""
_SUFFIXED = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)\s?(ns|us|µs|ms|s|)")
_SUFFIXES = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0}


@lru_cache(maxsize=1)  # a line that one format of JSON could not read is tried by the others
def mended(line: bytes) -> Any:
    r"""The value of a line that is not quite JSON, or None when it is not even that.

    Bytes that are not UTF-8, which nginx passes through, and escapes that JSON
    does not have, which Apache writes, are read as the text ``\xHH``; an empty
    or ``-`` number as null, ``000`` as 0.
    """
    if not line.lstrip().startswith(b"{"):
        return None
    if len(line.translate(None, _NEVER_ODD)) > _MAX_ODDITIES:
        return None
    if not line.isascii():
        line = line.decode("utf-8", "surrogateescape").translate(_NOT_UTF8).encode()
    try:
        return decode_any(_ODD.sub(_mend, line))
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None


def why_not(line: bytes) -> tuple[int, str]:
    """Where and why a line is no JSON object, or ``(0, "")`` when it is one."""
    start = len(line) - len(line.lstrip())
    if not line[start:].startswith(b"{"):
        return start, "a JSON object, which begins with {"
    if isinstance(mended(line), dict):
        return 0, ""
    try:
        decode_any(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        place = _PLACE.search(str(error))
        if place is not None:
            return int(place[1]), f"JSON ({str(error)[: place.start()].strip()})"
        return len(line) if "truncated" in str(error) else start, f"JSON ({error})"
    return start, "a JSON object"


def _mend(match: re.Match[bytes]) -> bytes:
    found = match[0]
    if found.startswith(b'"'):
        return _ESCAPE.sub(_mend_escape, found) if b"\\" in found else found
    if found.startswith(b":"):
        return b":null"
    return b"null" if found == b"-" else b""


def _mend_escape(match: re.Match[bytes]) -> bytes:
    return match[0] if match[1] in b'"\\/bfnrtu' else b"\\" + match[0]


def text_of(value: Any) -> bytes:
    """A value as a log line would show it, ``b"-"`` where there is none."""
    if isinstance(value, str):
        if value.isprintable():
            return value.encode() if value else ABSENT
        return value.translate(_CONTROL).encode("utf-8", "surrogatepass")
    if value is None:
        return ABSENT
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int):
        return str(value).encode() if abs(value) < _MANY else ABSENT
    if isinstance(value, float):
        return repr(value).encode()
    if isinstance(value, list):  # Caddy writes every header as a list
        return text_of(value[0]) if value and not isinstance(value[0], list) else ABSENT
    return ABSENT


def number_of(value: Any) -> bytes:
    """A whole number as text, or `ABSENT` itself for all that is none."""
    if type(value) is int and 0 <= value < _MANY:
        return str(value).encode()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool | float):
        return ABSENT
    text = text_of(value)
    return text if _NUMBER.fullmatch(text) else ABSENT


def seconds_of(value: Any, unit: float | None) -> bytes:
    """A duration in seconds as text, or ``b"-"`` where it or its unit is not known.

    Args:
        unit: seconds per unit, None where the key does not tell. Caddy and nginx
            write seconds with a fraction, Envoy whole milliseconds; a whole
            number of an unknown unit could be either, and is not taken.
    """
    if isinstance(value, str):
        suffixed = _SUFFIXED.fullmatch(value[:40])
        if suffixed is None:
            return ABSENT
        unit = _SUFFIXES[suffixed[2]] if suffixed[2] else unit
        value = float(suffixed[1]) if "." in suffixed[1] or unit else int(suffixed[1])
    if isinstance(value, float) and unit is None:
        unit = 1.0
    if unit is None or isinstance(value, bool) or not isinstance(value, int | float):
        return ABSENT
    return b"%.9f" % (value * unit) if 0 <= value < 1e15 else ABSENT
