"""Lengths of time, sizes and shares are read with their unit and written back the same."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logmond.config import units


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3s", 3),
        ("2m", 120),
        ("1h", 3600),
        ("30d", 30 * 86400),
        ("500ms", 0.5),
        ("1h30m", 5400),
        ("0.5h", 1800),
        (0, 0),
        ("0", 0),
    ],
)
def test_a_duration_is_read_in_seconds(text: object, seconds: float) -> None:
    """Every unit of time means its number of seconds."""
    assert units.duration(text) == seconds


@pytest.mark.parametrize("wrong", ["", "s", "3", 120, "3 m", "2min", "-1s", "1e3s", True, None, []])
def test_a_duration_without_a_known_unit_is_refused(wrong: object) -> None:
    """A number alone could mean anything, and nothing is guessed."""
    with pytest.raises(ValueError, match=r"needs a unit|must be a length of time"):
        units.duration(wrong)


def test_a_bare_negative_number_is_not_only_short_of_a_unit() -> None:
    """A unit would not mend it."""
    with pytest.raises(ValueError, match="must not be negative: -1"):
        units.duration(-1)


def test_a_bare_number_of_seconds_is_told_what_to_type() -> None:
    """The message for a missing unit contains the likely meaning."""
    with pytest.raises(ValueError, match="120s"):
        units.duration(120)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("48MiB", 48 << 20),
        ("512KiB", 512 << 10),
        ("1GiB", 1 << 30),
        ("10MB", 10_000_000),
        ("7 B", 7),
        (4096, 4096),
        ("4096", 4096),
        ("1.5KiB", 1536),
    ],
)
def test_a_size_is_read_in_bytes(text: object, count: int) -> None:
    """Binary and decimal units are told apart; a plain number is bytes."""
    assert units.size(text) == count


def test_a_size_in_sloppy_units_gets_a_suggestion() -> None:
    """``48M`` could be either million; the message offers the binary one."""
    with pytest.raises(ValueError, match="did you mean 48MiB"):
        units.size("48M")


@pytest.mark.parametrize(
    ("text", "share"), [("5%", 0.05), (0.05, 0.05), ("0.1%", 0.001), ("7.1 %", 0.071), (1, 1.0)]
)
def test_a_percentage_is_read_as_a_share(text: object, share: float) -> None:
    """Five percent is 0.05, to the last digit."""
    assert units.fraction(text) == share


@pytest.mark.parametrize("wrong", [5, "5", "101%", "-1%", "%", "five%", "nan", float("inf"), None])
def test_a_share_beyond_one_is_refused(wrong: object) -> None:
    """A percentage typed without its sign would be a hundred times too large."""
    with pytest.raises(ValueError, match=r"percentage|share|negative"):
        units.fraction(wrong)


@pytest.mark.parametrize("wrong", [True, "ten", None, float("nan"), float("inf"), "1e9", [], -1])
def test_a_number_is_finite_and_not_negative(wrong: object) -> None:
    """Limits and counts are numbers one can compare with."""
    with pytest.raises(ValueError, match="must"):
        units.number(wrong)


@given(st.integers(0, 10**9))
def test_whole_seconds_survive_being_written(seconds: int) -> None:
    """What `config` shows for a duration can be typed back."""
    assert units.duration(units.duration_text(seconds)) == seconds


@given(st.integers(0, 10**7))
def test_milliseconds_survive_being_written(millis: int) -> None:
    """Limits on durations keep their milliseconds."""
    assert units.duration(units.duration_text(millis / 1000)) == millis / 1000


@given(st.integers(0, 10**14))
def test_sizes_survive_being_written(count: int) -> None:
    """What `config` shows for a size can be typed back."""
    assert units.size(units.size_text(count)) == count


@given(st.integers(0, 10**7))
def test_shares_survive_being_written(millionths: int) -> None:
    """What `config` shows for a ratio can be typed back."""
    share = millionths / 10**7
    assert units.fraction(units.fraction_text(share)) == share


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but `ValueError` leaves a reader."""
    for read in (units.duration, units.size, units.fraction, units.number, units.whole):
        with suppress(ValueError):
            assert read(text) >= 0
