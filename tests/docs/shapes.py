"""What a reply looks like, whatever its figures are: numbers, moments and keys are masked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

_MASKS = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<moment>"),
    (r"\b\d\d:\d\d:\d\dZ?(?!\w)", "<clock>"),
    (r"\b[0-9a-f]{8}\b", "<id>"),
    # What stands out is another every time, in another order, with or without an error.
    (r"(?<=Most of the rise: )\w+ .*\d+%\)?(?=\.$)", "<keys>"),
    (r"\b\d+(?:\.\d+){3}\b", "<address>"),
    (r"\b\d[\d,.]* (?:B|KiB|MiB|GiB)(?!\w)", "<size>"),
    (r"\b(?:\d+[dhms])+\b", "<span>"),
    (r"\b[\d.]+(?:ms|s)\b", "<span>"),
    (r"\((?:rising|falling|steady)\)", "(<trend>)"),
    (r"(?<![\w<])\d[\d,]*(?:\.\d+)?%?", "<n>"),
    (r"(?<=  )/\S*$", "<path>"),
    (r"\s+", " "),
]


def shape(line: str) -> str:
    """One line with everything masked that depends on the traffic."""
    for pattern, mask in _MASKS:
        line = re.sub(pattern, mask, line)
    return line.strip()


def shapes(lines: Iterable[str]) -> list[str]:
    """The shapes of lines; rows that look alike count once, for their number varies."""
    return [kind for kind, _ in groupby(map(shape, lines))]
