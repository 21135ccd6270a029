"""One line as the record people see: named values with their units, nothing escaped twice."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.fields import CANONICAL
from logmond.ingest.formats.values import (
    ABSENT,
    method_and_path,
    path_of,
    second_of,
    section_of,
    status_of,
    unescaped,
)
from logmond.telemetry import decoded, moment

KEYS = (
    "time",
    "client",
    "user",
    "method",
    "path",
    "section",
    "protocol",
    "status",
    "bytes",
    "referrer",
    "user_agent",
    "vhost",
    "duration_s",
    "extras",
)
"""The keys every record has, in this order; null where the line says nothing."""


def record_of(
    fmt: Format, line: bytes, zone: tzinfo, near: float | None = None
) -> dict[str, Any] | None:
    """The record of a line, or None when the line does not fit the format.

    Args:
        zone: of stamps that do not say theirs.
        near: the moment of arrival, for stamps that are ambiguous without one.
    """
    values = fmt.decode(line)
    if values is None:
        return None
    stamp = values.get("time")
    second = None if stamp is None else second_of(fmt.time_kind, stamp, zone, near)
    method, path, protocol = _request_of(values)
    shown = unescaped if fmt.escaped else _as_is
    extras = {name: _text(shown(value)) for name, value in values.items() if name not in CANONICAL}
    return {
        "time": None if second is None else _moment(second),
        "client": _text(shown(values.get("client", ABSENT))),
        "user": _text(shown(values.get("user", ABSENT))),
        "method": _text(method),
        "path": _text(shown(path)),
        "section": _text(shown(section_of(path))),
        "protocol": _text(protocol),
        "status": _whole(status_of(values.get("status", ABSENT))),
        "bytes": _whole(values.get("bytes", ABSENT)),
        "referrer": _text(shown(values.get("referrer", ABSENT))),
        "user_agent": _text(shown(values.get("user_agent", ABSENT))),
        "vhost": _text(shown(values.get("vhost", ABSENT))),
        "duration_s": _seconds(values.get("duration", ABSENT), fmt.duration_unit),
        "extras": {name: text for name, text in extras.items() if text is not None},
    }


def _request_of(values: dict[str, bytes]) -> tuple[bytes, bytes, bytes]:
    """Method, path and protocol, from the request line or from its parts."""
    request = values.get("request")
    if request is None:
        path = path_of(values["uri"]) if "uri" in values else values.get("path", ABSENT)
        return values.get("method", ABSENT), path, values.get("protocol", ABSENT)
    last = request.rpartition(b" ")[2]
    return *method_and_path(request), last if last.startswith(b"HTTP/") else ABSENT


def _as_is(value: bytes) -> bytes:
    return value


def _text(value: bytes) -> str | None:
    return None if value in (ABSENT, b"") else decoded(value)


def _whole(value: bytes) -> int | None:
    try:
        return int(value)
    except ValueError:
        return None


def _seconds(value: bytes, unit: float) -> float | None:
    try:
        # Rounded to the nanosecond: 46 microseconds are 0.000046, not 0.0000459999...
        return round(float(value) * unit, 9)
    except ValueError:
        return None


def _moment(second: int) -> str:
    try:
        return moment(second)
    except (ValueError, OverflowError, OSError):
        return str(second)  # beyond the calendar: a client may log any number
