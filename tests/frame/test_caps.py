"""The table of caps: what a memory limit buys."""

import pytest

from logmond.frame.caps import MIB, Caps, caps_for


def test_the_default_limit_gives_the_published_table() -> None:
    """48 MiB: 256 cells a second, 512 a block, histograms 32 and 64, tops of 64."""
    assert caps_for(48 * MIB) == Caps(256, 32, 512, 64, 64)
    assert caps_for(48 * MIB).open_cells == 2048
    assert caps_for(48 * MIB).open_durations == 256


@pytest.mark.parametrize(
    ("mib", "expected"),
    [
        (4, Caps(21, 2, 42, 5, 5, 2048)),
        (24, Caps(128, 16, 256, 32, 32, 12288)),
        (96, Caps(512, 64, 1024, 128, 128, 49152)),
        (480, Caps(2560, 320, 5120, 640, 256, 245760)),
    ],
)
def test_caps_scale_with_the_limit(mib: int, expected: Caps) -> None:
    """Everything is in proportion; tops end where an open top is reduced to."""
    assert caps_for(mib * MIB) == expected


def test_a_limit_under_four_mebibytes_is_refused() -> None:
    """The message names the least."""
    with pytest.raises(ValueError, match="the least is 4 MiB"):
        caps_for(4 * MIB - 1)
