"""An answer in its two forms: lines for people, one JSON line for programs.

Both are made piece by piece while the client reads, so that a long answer is
never held as a whole. Every text passes the filter for hostile bytes; a reply
ends with one empty line and holds no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

from logmond.errors import QueryError
from logmond.telemetry import harmless, visible


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found: `data` for JSON (an iterator is a list made lazily), `lines` as text.

    `failed` marks data and lines that tell of a failure.
    """

    data: object
    lines: Iterable[str]
    failed: bool = False


def error(problem: QueryError) -> Answer:
    """A command that cannot be answered: ``ERR reason``."""
    first, *more = str(problem).splitlines() or [problem.code]
    data = {"error": {"code": problem.code, "message": str(problem)}}
    return Answer(data, [f"ERR {first}", *more], failed=True)


def as_text(answer: Answer) -> Iterator[bytes]:
    """The reply in text."""
    for line in answer.lines:
        yield line_of(line)
    yield b"\n"


def as_json(answer: Answer) -> Iterator[bytes]:
    """The reply as one line of JSON."""
    data = answer.data
    if isinstance(data, Iterator):
        separator = b"["
        for item in data:
            yield separator + encoded(item)
            separator = b","
        yield b"[]\n\n" if separator == b"[" else b"]\n\n"
    else:
        yield encoded(data) + b"\n\n"


def line_of(text: str) -> bytes:
    """One line of a reply, never empty: an empty line would end the reply."""
    return (visible(text) or " ").encode() + b"\n"


def encoded(data: object) -> bytes:
    """Plain data as JSON that a terminal can show."""
    return harmless(msgspec.json.encode(data))
