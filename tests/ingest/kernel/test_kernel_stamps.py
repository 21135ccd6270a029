"""Stamps are read as of when their lines arrive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from logmond.ingest.kernel.stamps import Stamps

BERLIN = ZoneInfo("Europe/Berlin")


def test_an_hour_that_comes_twice_is_read_as_the_one_it_is() -> None:
    """A line a second through both of them: the second time is not the first one remembered."""
    begin = datetime(2026, 10, 25, tzinfo=UTC)
    stamps = Stamps(BERLIN)
    for second in range(2 * 3600):
        at = begin + timedelta(seconds=second)
        now = int(at.timestamp())
        raw = at.astimezone(BERLIN).strftime("%d/%b/%Y:%H:%M:%S").encode()
        assert stamps.seconds("clf", [raw], None, 1, now + 1.5, believed=True) == [now]
