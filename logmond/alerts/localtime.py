"""The same time of day on earlier days, by the clock on the wall. No clock is read here."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from logmond.frame.minutes import MINUTE_S

DAYS = 14
"""Earlier days whose same time of day is looked at."""

AROUND = 5
"""Minutes before and after the same time of day that count too."""


def same_time(minute: int, days: int, zone: tzinfo | None) -> int:
    """The minute that had this wall-clock time `days` days earlier; None is the machine's zone.

    Where clocks were set between the two, they are not a multiple of 24 hours
    apart. A time that a clock skipped is read by the offset before the skip; of
    one that came twice, the first or second time as `minute` itself is.
    """
    local = datetime.fromtimestamp(minute, zone)
    naive = local.replace(tzinfo=None) - timedelta(days=days)
    at = naive.replace(tzinfo=zone, fold=local.fold).timestamp()
    return int(at // MINUTE_S) * MINUTE_S


def around(minute: int, zone: tzinfo | None) -> list[range]:
    """For each of the last `DAYS` days, the minutes around the time of day of `minute`."""
    reach = AROUND * MINUTE_S
    centers = (same_time(minute, days, zone) for days in range(1, DAYS + 1))
    return [range(center - reach, center + reach + 1, MINUTE_S) for center in centers]
