"""Text and time as every sink shows them: one filter for hostile bytes, one form of a moment.

Log lines hold whatever a client sent. Everything that reaches a terminal, a
file of text or a page passes `visible` first.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

# C0 and C1 controls, DEL, bidirectional overrides and isolates, line and
# paragraph separators, the byte order mark, and lone surrogates: all can move
# a cursor, end a line early, or make text read as what it is not.
_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def visible(text: str) -> str:
    r"""The text on one line, what could act on a terminal written as ``\xHH`` or ``\uHHHH``."""
    return _HOSTILE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def harmless(encoded: bytes) -> bytes:
    r"""Encoded JSON on one line, what could act on a terminal written as ``\uHHHH``.

    It stays the same JSON: such characters stand in strings only, where both forms mean the same.
    """
    if encoded.isascii() and b"\x7f" not in encoded:
        return encoded
    text = encoded.decode("utf-8", "surrogatepass")
    return _HOSTILE.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()


def decoded(raw: bytes) -> str:
    r"""Bytes of a log as text: UTF-8 where it is, ``\xHH`` where it is not."""
    return raw.decode("utf-8", "backslashreplace")


def moment(second: float) -> str:
    """An epoch second as ``2026-11-23T17:02:10Z``."""
    return datetime.fromtimestamp(int(second), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(second: float) -> str:
    """An epoch second as ``17:02:10Z``."""
    return moment(second)[11:]


def span(seconds: float) -> str:
    """A length of time as people say it: ``45s``, ``1m0s``, ``4m30s``, ``1h5m``, ``2d3h``."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60}m"
    return f"{whole // 86400}d{whole % 86400 // 3600}h"


def window(seconds: int) -> str:
    """A window as it is typed: ``90s``, ``2m``, ``1h``."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def size(count: float) -> str:
    """Bytes in binary units: ``512 B``, ``18.3 MiB``."""
    if count < 1024:
        return f"{count:.0f} B"
    for unit in ("KiB", "MiB", "GiB"):
        count /= 1024
        if count < 1024:
            return f"{count:.1f} {unit}"
    return f"{count / 1024:.1f} TiB"


def number(value: float) -> str:
    """A number without a needless fraction: ``10``, ``14.2``, ``1,704``."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"
