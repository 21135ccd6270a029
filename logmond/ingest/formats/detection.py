"""Which format lines are written in: a decision with its confidence, or none.

Theory of operation. Every candidate reads the lines given. A line speaks for a
candidate when it fits and its values are what they should be: a stamp that can be
read, a client that is an address or a name, a virtual host that is no address.
The share of lines that speak for it is its confidence. Below `MIN_CONFIDENCE`, or
when another candidate comes within `MIN_LEAD` and would count some line
differently, nothing is decided: a wrong guess would be wrong in silence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC

from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.presets import PRESETS, wary
from logmond.ingest.formats.values import ABSENT, method_and_path, second_of

MIN_CONFIDENCE = 0.9
"""The share of lines that must speak for a format before it is believed."""

MIN_LEAD = 0.2
"""How far a format must be ahead of another that reads the lines differently."""

_ADDRESS = re.compile(
    rb"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|\[?[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{0,41}(?:%[0-9a-z]{1,16})?\]?"
)
_NAME = rb"[0-9A-Za-z:.%_\[\]-]{1,255}+"
_CLIENT = re.compile(_NAME + rb"(?:, ?" + _NAME + rb"){0,20}+")


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found out about some lines.

    `format` is None when nothing was decided; `reason` then says why. `best` is
    the likeliest format whether decided or not, `confidence` (0 to 1) the share
    of the `lines` that speak for it; `parsed` how many it reads at all.
    """

    format: Format | None
    confidence: float
    runner_up: Format | None
    parsed: int
    lines: int
    best: Format | None = None
    runner_up_confidence: float = 0.0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one candidate made of the lines; `rows` has None where it did not fit."""

    format: Format
    rows: list[dict[str, bytes] | None]
    good: int

    @property
    def parsed(self) -> int:
        return sum(row is not None for row in self.rows)


def candidates() -> list[Format]:
    """All presets, the more specific before the more general."""
    return [wary(name) for name in PRESETS]


def detect(lines: Sequence[bytes], among: Sequence[Format] | None = None) -> Detection:
    """Find the format of `lines`; empty ones are left out."""
    given = [line for line in lines if line.strip()]
    if not given:
        return Detection(None, 0.0, None, 0, 0, reason="no lines to look at")
    readings = [_read(fmt, given) for fmt in (candidates() if among is None else among)]
    readings.sort(key=lambda reading: -reading.good)  # stable: specific ones stay first
    best = readings[0]
    confidence = best.good / len(given)
    # Candidates that would count every line alike are one answer with two names.
    rivals = [other for other in readings[1:] if _differs(best, other)]
    rival = rivals[0] if rivals and rivals[0].good else None
    behind = rival.good / len(given) if rival else 0.0
    odd = next((reading.format.name for reading in readings if reading.parsed), "")
    if not best.good and odd:
        reason = f"{odd} fits, but its values are not what they should be"
    elif not best.good:
        reason = "no known format reads these lines"
    elif confidence < MIN_CONFIDENCE:
        reason = f"{best.format.name} reads only {best.good} of {len(given)} lines"
    elif rival is not None and confidence - behind < MIN_LEAD:
        reason = f"{best.format.name} and {rival.format.name} both read these lines, differently"
    else:
        reason = ""
    return Detection(
        format=None if reason else best.format,
        confidence=confidence,
        runner_up=rival.format if rival else None,
        parsed=best.parsed,
        lines=len(given),
        best=best.format if best.good else None,
        runner_up_confidence=behind,
        reason=reason,
    )


def _read(fmt: Format, lines: Sequence[bytes]) -> _Reading:
    rows: list[dict[str, bytes] | None] = []
    for line in lines:
        row = fmt.row(line)
        rows.append(None if row is None else dict(zip(fmt.fields, row, strict=True)))
    return _Reading(fmt, rows, sum(row is not None and plausible(fmt, row) for row in rows))


def plausible(fmt: Format, row: dict[str, bytes]) -> bool:
    """Whether the values of a row are what their fields say."""
    if "time" in row and second_of(fmt.time_kind, row["time"], UTC) is None:
        return False
    client = row.get("client", ABSENT)
    if client != ABSENT and not _CLIENT.fullmatch(client):
        return False
    # A column of addresses in front of the client is a proxy's, not a host's name.
    return not _ADDRESS.fullmatch(row.get("vhost", ABSENT))


def _differs(best: _Reading, other: _Reading) -> bool:
    """Whether the other would count a line otherwise than the best does, not only less of it."""
    return any(
        theirs is not None
        and (ours is None or not _counted(theirs).items() <= _counted(ours).items())
        for ours, theirs in zip(best.rows, other.rows, strict=True)
    )


def _counted(row: dict[str, bytes]) -> dict[str, object]:
    """What is counted of a row: requests by their method and path, no absent values."""
    counted: dict[str, object] = {
        name: value for name, value in row.items() if value not in (ABSENT, b"")
    }
    if "request" in counted:
        counted["request"] = method_and_path(row["request"])
    return counted
