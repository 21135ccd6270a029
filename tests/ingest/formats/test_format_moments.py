"""Stamps of access logs as epoch seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logmond.errors import FormatError
from logmond.ingest.formats import strftime
from logmond.ingest.formats.moments import clf_second, second_of

NOON = 1795453200  # 2026-11-23T17:00:00Z
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("kind", "stamp", "second"),
    [
        ("clf", b"23/Nov/2026:17:00:00 +0000", NOON),
        ("clf", b"23/Nov/2026:18:00:00 +0100", NOON),
        ("clf", b"23/Nov/2026:12:30:00 -0430", NOON),
        ("clf", b"23/Nov/2026:17:00:00.999 +0000", NOON),
        ("clf", b"23/Nov/2026:17:00:00", NOON),
        ("clf", b"31/Dec/2016:23:59:60 +0000", 1483228800),
        ("clf", b"29/Feb/2024:00:00:00 +0000", 1709164800),
        ("clf", b"29/Feb/2023:00:00:00 +0000", None),
        ("clf", b"23/Foo/2026:17:00:00 +0000", None),
        ("clf", b"23/Nov/2026:24:00:00 +0000", None),
        ("clf", b"23/Nov/2026:17:61:00 +0000", None),
        ("clf", b"23/Nov/0000:17:00:00 +0000", None),
        ("clf", b"23/Nov/2026:17:00:00 *0000", None),
        ("clf", b"-", None),
        ("clf", b"", None),
        ("haproxy", b"23/Nov/2026:17:00:00.123", NOON),
        ("iso8601", b"2026-11-23T17:00:00+00:00", NOON),
        ("iso8601", b"2026-11-23T18:00:00+0100", NOON),
        ("iso8601", b"2026-11-23T17:00:00Z", NOON),
        ("iso8601", b"2026-11-23 17:00:00.123456789Z", NOON),
        ("iso8601", b"2026-11-23T17:00:00", NOON),
        ("iso8601", b"2026-13-23T17:00:00Z", None),
        ("epoch", b"1795453200", NOON),
        ("epoch", b"1795453200.999", NOON),
        ("epoch", b"1795453200999", NOON),
        ("epoch", b"1795453200999999", NOON),
        ("epoch", b"1795453200999999999", NOON),
        ("epoch", b"1.7954532e9", NOON),
        ("epoch", b"1e99", None),
        ("epoch", b"0", None),
        ("epoch", b"-5", None),
        ("any", b"23/Nov/2026:17:00:00 +0000", NOON),
        ("any", b"2026-11-23T17:00:00Z", NOON),
        ("any", b"1795453200.5", NOON),
        ("any", b"today", None),
        ("strftime:%d/%b/%Y %T.%f %z", b"23/Nov/2026 17:00:00.123 +0000", NOON),
        ("strftime:%Y-%m-%dT%H:%M:%S%z", b"2026-11-23T18:00:00+0100", NOON),
        ("strftime:%F %T %Z", b"2026-11-23 17:00:00 GMT", NOON),
        ("strftime:%a %b %e %H:%M:%S %Y", b"Mon Nov 23 17:00:00 2026", NOON),
        ("strftime:%s", b"1795453200", NOON),
        ("strftime:%D %T", b"11/23/26 17:00:00", NOON),
        ("strftime:%F", b"today", None),
    ],
)
def test_a_stamp_names_its_second(kind: str, stamp: bytes, second: int | None) -> None:
    """Every kind of stamp is read to the second, and what is none gives None."""
    assert second_of(kind, stamp, UTC) == second


def test_a_stamp_without_zone_is_read_in_the_zone_of_its_source() -> None:
    """Berlin in November is an hour ahead of UTC."""
    assert second_of("haproxy", b"23/Nov/2026:18:00:00.000", BERLIN) == NOON


def test_an_ambiguous_local_time_takes_the_reading_nearest_arrival() -> None:
    """At 02:30 the clocks are set back to 02:00, so that it comes twice."""
    stamp = b"25/Oct/2026:02:30:00"
    summer, winter = 1792888200, 1792891800
    assert second_of("haproxy", stamp, BERLIN, summer + 1.0) == summer
    assert second_of("haproxy", stamp, BERLIN, winter - 1.0) == winter
    assert second_of("haproxy", stamp, BERLIN) == summer


def test_a_stated_offset_wins_over_the_zone_of_the_source() -> None:
    """A sender that says its offset knows better than the configuration."""
    assert second_of("clf", b"23/Nov/2026:17:00:00 +0000", BERLIN) == NOON


moments = st.datetimes(
    datetime(1970, 1, 2),
    datetime(2400, 1, 1),
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)


@given(moments)
def test_the_fast_reading_agrees_with_the_calendar(moment: datetime) -> None:
    """Any day and offset that CLF can write is read back exactly."""
    moment = moment.replace(microsecond=0)
    stamp = moment.strftime("%d/%b/%Y:%H:%M:%S %z").encode()
    assert clf_second(stamp) == int(moment.timestamp())


@given(moments, st.sampled_from(["%F %T %z", "%d/%b/%Y:%T.%f %z", "%Y%m%d%H%M%S%z", "%s"]))
def test_a_chosen_format_reads_back_what_it_writes(moment: datetime, text: str) -> None:
    """A stamp in any strftime format with all its parts names its second."""
    moment = moment.replace(microsecond=0)
    long = strftime.expanded(text).replace("%s", str(int(moment.timestamp())))
    stamp = moment.strftime(long.replace("%Y", f"{moment.year:04d}")).encode()
    assert second_of("strftime:" + text, stamp, UTC) == int(moment.timestamp())


@given(st.binary(max_size=60), st.sampled_from(["clf", "iso8601", "epoch", "haproxy", "any"]))
def test_no_bytes_upset_the_clock(stamp: bytes, kind: str) -> None:
    """What a client wrote into a stamp is a second or none."""
    second = second_of(kind, stamp, BERLIN, 0.0)
    assert second is None or (isinstance(second, int) and any(48 <= byte < 58 for byte in stamp))


def test_a_directive_that_is_not_read_is_refused_with_those_that_are() -> None:
    """Better no format than stamps that are read wrong."""
    with pytest.raises(FormatError, match=r"%I is not read; known: %Y"):
        strftime.shape_of("%I:%M %p")
