"""How long a datagram reader may stay away, by scripted traffic."""

from __future__ import annotations

import pytest

from logmond.ingest.sources.gathering import DATAGRAM_COST, Gathering

EIGHT_MIB = 16 << 20  # what the kernel reports for 8 MiB asked


def gathering_at(rate: int, granted: int = EIGHT_MIB) -> Gathering:
    """One that has seen `rate` datagrams a second for a second up to 100.0."""
    gathering = Gathering(granted)
    for slot in range(10):
        gathering.received(rate // 10, 99.05 + slot / 10)
    gathering.received(0, 100.05)
    return gathering


def test_a_reader_that_finds_little_does_not_pause() -> None:
    """Seven datagrams a wake-up are too few to gain anything."""
    assert gathering_at(1000).pause_s(7, 100.0) == 0


def test_a_long_queue_allows_the_longest_pause() -> None:
    """16 MiB hold 7,281 datagrams: 91 ms at 20,000/s in quarters, cut to 20 ms."""
    assert gathering_at(20_000).pause_s(8, 100.0) == 0.020


def test_the_pause_is_a_quarter_of_what_the_queue_holds_at_the_peak() -> None:
    """7,281 datagrams at 200,000/s are 36 ms; a quarter of that is 9 ms."""
    pause = gathering_at(200_000).pause_s(8, 100.0)
    assert pause == pytest.approx(EIGHT_MIB / DATAGRAM_COST / 200_000 / 4)


def test_a_short_queue_forbids_pauses() -> None:
    """208 KiB hold 92 datagrams: a quarter at 20,000/s is under 2 ms."""
    assert gathering_at(1000, granted=212_992).pause_s(100, 100.0) == 0


def test_the_peak_is_that_of_the_last_minute() -> None:
    """A burst counts for a minute, then the least peak does."""
    gathering = gathering_at(200_000)
    gathering.received(1, 158.0)
    assert gathering.peak == 200_000
    gathering.received(1, 160.5)
    assert gathering.peak == 20_000


def test_a_burst_counts_before_its_tenth_of_a_second_is_over() -> None:
    """The open slot is part of the peak."""
    gathering = Gathering(EIGHT_MIB)
    gathering.received(30_000, 100.0)
    assert gathering.peak == 300_000


def test_a_queue_more_than_a_quarter_full_halves_the_pauses_until_it_is_not() -> None:
    """20 ms become 10, 5, and 20 again by steps."""
    gathering = gathering_at(20_000)
    pauses = []
    for fill in (0.3, 0.3, 0.1, 0.1, 0.1):
        gathering.returned(fill, dropped=False, now=100.0)
        pauses.append(gathering.pause_s(8, 100.0))
    assert pauses == [0.010, 0.005, 0.010, 0.020, 0.020]


@pytest.mark.parametrize(("fill", "dropped"), [(0.6, False), (0.0, True)])
def test_half_a_queue_or_a_drop_forbids_pauses_for_a_minute(fill: float, dropped: bool) -> None:
    """What came close to a loss is not tried again at once."""
    gathering = gathering_at(20_000)
    gathering.returned(fill, dropped, now=100.0)
    assert gathering.pause_s(200, 159.9) == 0
    assert gathering.pause_s(200, 160.1) == 0.020
