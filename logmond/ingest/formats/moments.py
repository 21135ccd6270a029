"""When a line says it was written: stamps of access logs as epoch seconds. No clock.

A stamp that cannot be read gives None, never an exception; the caller falls back
to the syslog header or to the moment of arrival.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from logmond.ingest.formats import strftime

TIME_KINDS = ("clf", "iso8601", "epoch", "haproxy", "w3c", "any")
"""``clf``: ``23/Nov/2026:17:00:00 +0000``. ``iso8601``:
``2026-11-23T17:00:00.123+00:00``. ``epoch``: ``1795453200.123``, or the same in
milliseconds, microseconds or nanoseconds. ``haproxy``: as clf, with a fraction
and without zone. ``w3c``: a date, a space or TAB, a time, in UTC. ``any``:
whichever of them it looks like. Besides these, ``strftime:`` with a format
behind it (see `strftime`)."""

EXAMPLES = {
    "clf": "23/Nov/2026:17:00:00 +0000",
    "haproxy": "23/Nov/2026:17:00:00.123",
    "iso8601": "2026-11-23T17:00:00+00:00",
    "epoch": "1795453200.123",
    "w3c": "2026-11-23 17:00:00",
    "any": "2026-11-23T17:00:00+00:00",
}
"""One stamp of each kind, for messages."""

_SHAPES = {
    "clf": r"[^ \n]{1,40}+ [+-][0-9]{4}",
    "haproxy": r"[0-9A-Za-z/:.]{1,40}+",
    "iso8601": r"[0-9T:Z.,+-]{1,40}+",
    "epoch": r"[0-9.]{1,40}+",
    "w3c": r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ \t][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9}+)?+",
    "any": r"[^ \n]{1,40}+",
}

_MONTHS = {
    name.encode(): number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}
_EPOCH_ORDINAL = datetime(1970, 1, 1).toordinal()

_CLF = re.compile(
    rb"([0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}):([0-9]{2}):([0-9]{2}):([0-9]{2})"
    rb"(?:[.,][0-9]{1,9})?+(?: ([+-][0-9]{4}))?+"
)
_ISO8601 = re.compile(
    rb"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})"
    rb"(?:[.,][0-9]{1,9})?+ ?(?:([Zz]|UTC|GMT)|([+-][0-9]{2}:?[0-9]{2}))?+"
)
_EPOCH = re.compile(rb"([0-9]{1,19})(?:[.,][0-9]{0,9})?+(?:[eE]\+?([0-9]{1,2}))?+")

_days: dict[bytes, int] = {}


def shape_of(kind: str) -> str:
    """The expression of a stamp that must end where its own shape does."""
    if kind.startswith(strftime.PREFIX):
        return strftime.shape_of(kind.removeprefix(strftime.PREFIX))
    return _SHAPES[kind]


def second_of(kind: str, stamp: bytes, zone: tzinfo, near: float | None = None) -> int | None:
    """The epoch second a stamp names, or None when it names none.

    Args:
        kind: one of `TIME_KINDS`, or ``strftime:`` and a format.
        zone: where the sender's clock hangs, for stamps that do not say.
        near: the moment of arrival; an ambiguous local time (clocks set back)
            takes the reading nearest to it, else the earlier one.
    """
    if kind == "clf":
        second = clf_second(stamp)
        return _clf(stamp, zone, near) if second is None else second
    if kind == "haproxy":
        return _clf(stamp, zone, near)
    if kind == "iso8601":
        return _iso8601(stamp, zone, near)
    if kind == "epoch":
        return _epoch(stamp)
    if kind == "w3c":
        return _iso8601(stamp.replace(b"\t", b" "), UTC, near)
    if kind.startswith(strftime.PREFIX):
        return _chosen(kind.removeprefix(strftime.PREFIX), stamp, zone, near)
    for reading in (_clf, _iso8601):
        second = reading(stamp, zone, near)
        if second is not None:
            return second
    return _epoch(stamp)


def clf_second(stamp: bytes) -> int | None:
    """The fast reading of exactly ``23/Nov/2026:17:00:00 +0000``, else None."""
    if len(stamp) != 26 or stamp[11:12] != b":" or stamp[14:15] != b":" or stamp[17:18] != b":":
        return None
    digits = stamp[12:14] + stamp[15:17] + stamp[18:20] + stamp[22:26]
    if stamp[20:21] != b" " or not digits.isdigit():
        return None
    hour, minute, second = int(stamp[12:14]), int(stamp[15:17]), int(stamp[18:20])
    if hour > 23 or minute > 59 or second > 60:
        return None
    day = _days.get(stamp[:11])
    if day is None:
        day = _remembered_day(stamp[:11])
        if day is None:
            return None
    local = day + hour * 3600 + minute * 60 + second
    sign = stamp[21]
    offset = int(stamp[22:24]) * 3600 + int(stamp[24:26]) * 60
    if sign == 43:
        return local - offset
    return local + offset if sign == 45 else None


def _remembered_day(date: bytes) -> int | None:
    """The epoch second a day of ``23/Nov/2026`` begins with in UTC; a log has few of them."""
    if date[2:3] != b"/" or date[6:7] != b"/" or not (date[:2] + date[7:]).isdigit():
        return None
    day = _day(int(date[7:]), _MONTHS.get(date[3:6], 0), int(date[:2]))
    if day is not None:
        if len(_days) > 1000:
            _days.clear()
        _days[date] = day
    return day


def _day(year: int, month: int, day: int) -> int | None:
    try:
        return (datetime(year, month, day).toordinal() - _EPOCH_ORDINAL) * 86400
    except ValueError:
        return None


def _clf(stamp: bytes, zone: tzinfo, near: float | None) -> int | None:
    match = _CLF.fullmatch(stamp)
    if match is None:
        return None
    date, hour, minute, second, offset = match.groups()
    day = _days.get(date)
    if day is None:
        day = _remembered_day(date)
    return _joined(day, (hour, minute, second), offset, zone, near)


def _iso8601(stamp: bytes, zone: tzinfo, near: float | None) -> int | None:
    match = _ISO8601.fullmatch(stamp)
    if match is None:
        return None
    year, month, day, hour, minute, second, zulu, offset = match.groups()
    midnight = _day(int(year), int(month), int(day))
    return _joined(midnight, (hour, minute, second), b"+0000" if zulu else offset, zone, near)


def _chosen(text: str, stamp: bytes, zone: tzinfo, near: float | None) -> int | None:
    """A stamp in the operator's strftime format."""
    match = strftime.reader_of(text).fullmatch(stamp)
    if match is None:
        return None
    found: dict[str, bytes] = match.groupdict()
    if "s" in found:
        return int(found["s"])
    year = int(found["Y"]) if "Y" in found else 2000 + int(found.get("y", b"0"))
    month = int(found["m"]) if "m" in found else _MONTHS.get(found.get("b", b""), 0)
    midnight = _day(year, month, int(found.get("d") or found.get("e") or b"0"))
    clock = (found.get("H", b"0"), found.get("M", b"0"), found.get("S", b"0"))
    offset = b"+0000" if found.get("Z") in (b"UTC", b"GMT") else found.get("z")
    return _joined(midnight, clock, offset, zone, near)


def _joined(
    midnight: int | None,
    clock: tuple[bytes, bytes, bytes],
    offset: bytes | None,
    zone: tzinfo,
    near: float | None,
) -> int | None:
    """A day, a time of day and an offset or zone, as an epoch second."""
    hour, minute, second = map(int, clock)
    # 60 is a leap second, counted with the second behind it as POSIX does.
    if midnight is None or hour > 23 or minute > 59 or second > 60:
        return None
    local = midnight + hour * 3600 + minute * 60 + second
    if offset is None:
        return _zoned(local, zone, near)
    size = int(offset[1:3]) * 3600 + int(offset[-2:]) * 60
    return local + size if offset.startswith(b"-") else local - size


def _zoned(local: int, zone: tzinfo, near: float | None) -> int | None:
    """A local time, in seconds since the local epoch, read in `zone`."""
    naive = datetime(1970, 1, 1) + timedelta(seconds=local)
    readings = []
    for fold in (0, 1):
        offset = naive.replace(tzinfo=zone, fold=fold).utcoffset()
        if offset is None:
            return None
        readings.append(local - int(offset.total_seconds()))
    if near is None:
        return readings[0]
    return min(readings, key=lambda reading: abs(reading - near))


def _epoch(stamp: bytes) -> int | None:
    match = _EPOCH.fullmatch(stamp)
    if match is None:
        return None
    if match[2] is not None:
        # Caddy's encoder may write a float of seconds with an exponent.
        whole = int(float(stamp.replace(b",", b"."))) if int(match[2]) < 20 else 0
    else:
        whole = int(match[1])
    # Seconds have ten digits until the year 2286; senders that write more
    # digits mean milli-, micro- or nanoseconds.
    for digits, scale in ((18, 10**9), (15, 10**6), (12, 10**3)):
        if whole >= 10**digits:
            return whole // scale
    return whole or None
