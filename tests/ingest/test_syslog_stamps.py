"""The second that a stamp of syslog names."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from logmond.ingest.syslog import Header, header_second

BSD = b"Nov 23 19:03:55"
MICRO = b"2026-11-23T19:03:55.180061+00:00"
BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> float:
    """An epoch second from an ISO text."""
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("stamp", "arrival", "zone", "expected"),
    [
        (BSD, "2026-11-23T19:04:00Z", UTC, "2026-11-23T19:03:55Z"),
        (BSD, "2026-11-23T18:04:00Z", BERLIN, "2026-11-23T18:03:55Z"),
        (b"Nov  3 09:03:55", "2026-11-03T09:04:00Z", UTC, "2026-11-03T09:03:55Z"),
        (b"Dec 31 23:59:59", "2027-01-01T00:00:02Z", UTC, "2026-12-31T23:59:59Z"),
        (b"Jan  1 00:00:01", "2026-12-31T23:59:58Z", UTC, "2027-01-01T00:00:01Z"),
        (b"Feb 29 12:00:00", "2027-03-01T12:00:00Z", UTC, "2028-02-29T12:00:00Z"),
        # 25 October 2026: 02:30 occurs twice in Berlin.
        (b"Oct 25 02:30:00", "2026-10-25T00:30:02Z", BERLIN, "2026-10-25T00:30:00Z"),
        (b"Oct 25 02:30:00", "2026-10-25T01:30:02Z", BERLIN, "2026-10-25T01:30:00Z"),
        (b"Nov 23 19:03:55.9", "2026-11-23T19:04:00Z", UTC, "2026-11-23T19:03:55Z"),
        (b"Dec 31 23:59:60", "2027-01-01T00:00:02Z", UTC, "2027-01-01T00:00:00Z"),
        (MICRO, "2026-11-23T19:04:00Z", BERLIN, "2026-11-23T19:03:55Z"),
        (b"2026-11-23T19:03:55.99Z", "2026-11-23T19:04:00Z", UTC, "2026-11-23T19:03:55Z"),
        (b"2026-11-23T20:03:55+01:00", "2026-11-23T19:04:00Z", UTC, "2026-11-23T19:03:55Z"),
        (b"2026-11-23T20:03:55", "2026-11-23T19:04:00Z", BERLIN, "2026-11-23T19:03:55Z"),
        (b"2016-12-31T23:59:60Z", "2026-11-23T19:04:00Z", UTC, "2017-01-01T00:00:00Z"),
    ],
)
def test_a_stamp_names_the_second_nearest_to_its_arrival(
    stamp: bytes, arrival: str, zone: ZoneInfo, expected: str
) -> None:
    """Year and zone are the receiver's to find; clocks that turn back are told by arrival."""
    header = Header(13, stamp, b"", b"")
    assert header_second(header, at(arrival), zone) == at(expected)


@pytest.mark.parametrize(
    "stamp",
    [
        None,
        b"Feb 30 00:00:00",
        b"Foo 23 19:03:55",
        b"Nov 23 25:00:00",
        b"2026-13-01T00:00:00Z",
        b"2026-11-23T19:03:55+99:99",
        b"0000-01-01T00:00:00Z",
    ],
)
def test_a_stamp_that_is_no_time_names_no_second(stamp: bytes | None) -> None:
    """The line then counts when it arrived (row 16)."""
    assert header_second(Header(13, stamp, b"", b""), 1795460635.0, UTC) is None
    assert header_second(None, 1795460635.0, UTC) is None
