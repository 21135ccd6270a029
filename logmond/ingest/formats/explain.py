"""Why a line does not fit a format: which field, where, what was expected, what stands there.

The steps of a text format are walked one by one, which is slow and tells the
place; the regular expressions of the kernel are fast and tell nothing. Both agree
on every line, because no step can be read in two ways.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC

from logmond.ingest.formats.compiled import Format, Step, TextFormat
from logmond.ingest.formats.detection import candidates, plausible
from logmond.ingest.formats.jsonlines import JsonFormat
from logmond.ingest.formats.jsonvalues import why_not
from logmond.ingest.formats.moments import EXAMPLES, second_of
from logmond.ingest.formats.record import record_of
from logmond.telemetry import decoded, visible

__all__ = ["Explanation", "explain", "nearest", "record_of", "render"]

FOUND_BYTES = 40
"""How much of what stands in the wrong place is shown."""

WIDTH = 100
"""Columns of the line shown around the wrong place."""

END = "the end of the line"

_SHAPES = {
    "status": 'a status of three digits, or "-"',
    "number": 'a whole number of at most 19 digits, or "-"',
    "decimal": 'seconds with a fraction like 0.005, or "-"',
    "seconds": 'seconds like 0.005, or "-1"',
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a line is not counted, or (`fits`) is counted without its time.

    Attributes:
        format: name of the format it was read by.
        field: the field that fails; empty where the line should have ended.
        offset: bytes from the beginning of the line.
        expected: what should stand there, for people.
        found: what does, control characters made visible; empty at the end.
        line: the line itself.
        others: presets that read the line.
        left: how much of the format was still to come, in steps.
        reached: bytes that the format certainly took: a value that ran to the end of the
            line in search of its delimiter took what may be the other fields.
    """

    format: str
    field: str
    offset: int
    expected: str
    found: str
    line: bytes
    fits: bool = False
    others: tuple[str, ...] = ()
    left: int = 0
    reached: int = 0


def explain(fmt: Format, line: bytes) -> Explanation | None:
    """Why the line does not fit, or None when it does and its time can be read."""
    if isinstance(fmt, TextFormat):
        return _explain_text(fmt, line)
    if isinstance(fmt, JsonFormat):
        return _explain_json(fmt, line)
    raise TypeError(f"a format of a kind not known here: {fmt!r}")


def nearest(formats: Sequence[Format], line: bytes) -> Explanation | None:
    """The explanation of the likeliest format, or None when one fits.

    Likeliest is the one that comes far into the line with little of itself left:
    a format of many fields may come a little further only to miss most of them.
    """
    best: Explanation | None = None
    for fmt in formats:
        found = explain(fmt, line)
        if found is None:
            return None
        if best is None or _likeliness(found) > _likeliness(best):
            best = found
    return best


def _likeliness(found: Explanation) -> tuple[bool, int]:
    return found.fits, found.reached - 2 * found.left


def _explain_text(fmt: TextFormat, line: bytes) -> Explanation | None:
    position, starts = 0, [0]
    for index, step in enumerate(fmt.steps):
        match = re.compile(step.source.encode("ascii")).match(line, position)
        if match is None:
            wrong = replace(_misfit(fmt, index, starts, line), left=len(fmt.steps) - index)
            ran_out = index > 0 and wrong.offset == len(line)
            return replace(wrong, reached=starts[index - 1]) if ran_out else wrong
        position = match.end()
        starts.append(position)
    if position < len(line):
        before = fmt.steps[-1]
        if before.kind in _SHAPES:
            wrong = _explanation(fmt, before.field, starts[-2], _expected(before), line)
            return replace(wrong, left=int(position == starts[-2]))
        return _explanation(fmt, "", position, END, line)
    return _unread_time(fmt, line)


def _misfit(fmt: TextFormat, index: int, starts: list[int], line: bytes) -> Explanation:
    """The explanation of step `index` not fitting where the steps before it ended."""
    step = fmt.steps[index]
    if step.kind not in ("literal", "blank"):
        return _explanation(fmt, step.field, starts[index], _expected(step), line)
    before = fmt.steps[index - 1] if index else None
    behind = fmt.steps[index + 1] if index + 1 < len(fmt.steps) else None
    if before is not None and before.kind in _SHAPES and starts[index] < len(line):
        # A number that is none matches as far as it is one: the fault is its own.
        return _explanation(fmt, before.field, starts[index - 1], _expected(before), line)
    if before is not None and before.beyond and behind is not None:
        # The delimiter is there; what must follow it, so that it counts as one, is not.
        began, ended = starts[index - 1], starts[index] + len(step.text) - 1
        found = line.find(step.text, began, ended)
        if found >= 0:
            return _explanation(fmt, behind.field, found + len(step.text), _expected(behind), line)
    where = " and ".join(step.variable for step in (before, behind) if step is not None)
    expected = f"{_shown(step.text)} {'between' if before and behind else 'next to'} {where}"
    field = behind.field if behind is not None else before.field if before is not None else ""
    return _explanation(fmt, field, starts[index], expected, line)


def _expected(step: Step) -> str:
    if step.kind == "moment":
        return f"a time like {EXAMPLES.get(step.time_kind, step.time_kind)} ({step.variable})"
    return f"{_SHAPES.get(step.kind, 'a value')} ({step.variable})"


def _unread_time(fmt: Format, line: bytes) -> Explanation | None:
    values = fmt.decode(line)
    stamp = None if values is None else values.get("time")
    if stamp is None or second_of(fmt.time_kind, stamp, UTC) is not None:
        return None
    example = EXAMPLES.get(fmt.time_kind, fmt.time_kind.partition(":")[2])
    offset = max(0, line.find(stamp))
    return _explanation(fmt, "time", offset, f"a time like {example}", line, fits=True)


def _explain_json(fmt: JsonFormat, line: bytes) -> Explanation | None:
    if fmt.row(line) is not None:
        return _unread_time(fmt, line)
    offset, message = why_not(line)
    if message:
        wrong = _explanation(fmt, "", offset, message, line)
        # What does not even begin as an object is rather a line of text.
        return wrong if line.lstrip().startswith(b"{") else replace(wrong, left=len(line))
    values = fmt.missing(line)
    expected = " and ".join(
        f"a key for the {field} ({', '.join('.'.join(path) for path in fmt.keys[field][:3])}...)"
        for field in values
    )
    # An object is whole wherever its keys lie: nothing but JSON comes so far.
    return replace(_explanation(fmt, values[0], 0, expected, line), left=-len(line))


def _explanation(
    fmt: Format, field: str, offset: int, expected: str, line: bytes, *, fits: bool = False
) -> Explanation:
    found = line[offset : offset + FOUND_BYTES]
    return Explanation(
        format=fmt.name,
        field=field,
        offset=offset,
        expected=expected,
        found=visible(decoded(found)),
        line=line,
        fits=fits,
        others=() if fits else _others(fmt, line),
        reached=offset,
    )


def _others(fmt: Format, line: bytes) -> tuple[str, ...]:
    """The presets that read a line which `fmt` does not."""
    names = []
    for other in candidates():
        row = other.row(line) if other.name != fmt.name else None
        if row is not None and plausible(other, dict(zip(other.fields, row, strict=True))):
            names.append(other.name)
    return tuple(names)


def _shown(text: bytes) -> str:
    return _quoted(visible(decoded(text)))


def _quoted(text: str) -> str:
    """The text in quotes that it does not hold itself, its backslashes left alone."""
    return f"'{text}'" if '"' in text else f'"{text}"'


def render(explanation: Explanation) -> str:
    """The explanation as lines of text: the log line, a caret under the place, and why."""
    offset = explanation.offset
    before = visible(decoded(explanation.line[:offset]))
    behind = visible(decoded(explanation.line[offset : offset + 4 * WIDTH]))
    room = WIDTH * 2 // 3
    if len(before) > room:
        before = "..." + before[3 - room :]
    if len(behind) > WIDTH - len(before):
        behind = behind[: WIDTH - len(before) - 3] + "..."
    lines = [
        f"{explanation.format} {_verdict(explanation)}",
        f"  {before}{behind}",
        f"  {' ' * len(before)}^",
        f"  expected {explanation.expected}",
        f"  found    {_quoted(explanation.found) if explanation.found else END}",
    ]
    if explanation.others:
        lines.append(f"  read by  {', '.join(explanation.others)}")
    return "\n".join(lines)


def _verdict(explanation: Explanation) -> str:
    place = f"at byte {explanation.offset}"
    if explanation.fits:
        return f"reads the line, but not its time {place}: it counts when it arrives"
    if explanation.expected == END:
        return f"does not fit: it ends {place}, the line goes on"
    return f"does not fit {place}" + (f": {explanation.field}" if explanation.field else "")
