"""How lines are read, for people: `logmond parse`, and `parse LINE` of the admin port.

Records go to standard output, one JSON object a line; everything said about
them goes to standard error, so that a pipe gets records only.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, tzinfo
from itertools import chain, islice
from typing import Any, BinaryIO, TextIO

import msgspec

from logmond.errors import LogmondError
from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.detection import detect
from logmond.ingest.formats.explain import Explanation, nearest, render
from logmond.ingest.formats.record import record_of
from logmond.ingest.formats.table import format_of
from logmond.ingest.syslog import SyslogParser, noise, repeated

DETECTION_LINES = 200
"""Lines looked at before `auto` says what they are."""

Record = dict[str, Any]


def read(
    formats: Sequence[Format], line: bytes, zone: tzinfo = UTC, near: float | None = None
) -> tuple[Format, Record] | None:
    """The first format that takes the line, and its record; None when none does."""
    for fmt in formats:
        record = record_of(fmt, line, zone, near)
        if record is not None:
            return fmt, record
    return None


def directed(formats: Sequence[Format], line: bytes) -> list[Format] | None:
    """The formats of what follows a line that says so (``#Fields:``), None for any other."""
    for place, fmt in enumerate(formats):
        changed = fmt.directive(line)
        if changed is not None:
            return [*formats[:place], changed, *formats[place + 1 :]]
    return None


def body_of(line: bytes) -> bytes:
    """A line without the syslog header it may have been sent with."""
    _, body = SyslogParser().split(line)
    return repeated(body)[1]


def parse_lines(spec: str, path: str | None, *, explain: bool) -> int:
    """The verb: read a file or standard input; 0 when every line was read, else 1.

    Raises:
        FormatError: `spec` is no format.
        LogmondError: the file cannot be read.
    """
    formats = format_of(spec)
    with ExitStack() as stack:
        lines: BinaryIO = sys.stdin.buffer
        if path not in (None, "-"):
            try:
                lines = stack.enter_context(open(str(path), "rb"))
            except OSError as error:
                raise LogmondError(f"{path}: {(error.strerror or str(error)).lower()}") from error
        report = _Report(sys.stdout, sys.stderr, explain=explain)
        if len(formats) > 1:
            head = list(islice(lines, DETECTION_LINES))
            formats = report.detected([body_of(line.rstrip(b"\r\n")) for line in head], formats)
            return report.lines(formats, chain(head, lines))
        return report.lines(formats, lines)


class _Report:
    """Writes records and what is to be said about them."""

    def __init__(self, out: TextIO, said: TextIO, *, explain: bool) -> None:
        self._out = out
        self._said = said
        self._explain = explain
        self._likely: set[str] = set()  # the formats of the lines that can be read

    def detected(self, head: Sequence[bytes], formats: list[Format]) -> list[Format]:
        """Say what `auto` found; put it before the other formats."""
        found = detect(head, formats)
        if found.best is not None:
            self._likely.add(found.best.name)
        if found.format is None:
            print(f"format auto: undecided, {found.reason}", file=self._said)
            return formats
        second = (
            f"; next {found.runner_up.name} {found.runner_up_confidence:.0%}"
            if found.runner_up
            else ""
        )
        print(
            f"format auto: {found.format.name}, confidence {found.confidence:.0%} "
            f"of {found.lines} lines{second}",
            file=self._said,
        )
        chosen = found.format
        return [chosen, *(fmt for fmt in formats if fmt is not chosen)]

    def lines(self, formats: Sequence[Format], lines: Iterable[bytes]) -> int:
        """Write a record for every line that can be read."""
        total, about, read_as = 0, 0, Counter[str]()
        for raw in lines:
            total += 1
            line = body_of(raw.rstrip(b"\r\n"))
            changed = directed(formats, line)
            if changed is not None:
                formats, about = changed, about + 1
                continue
            taken = read(formats, line)
            if taken is None and line.startswith(b"#") and noise(None, line):
                about += 1
                continue
            if taken is None:
                likely = [fmt for fmt in formats if fmt.name in self._likely]
                self._failed(total, nearest(likely or formats, line))
                continue
            fmt, record = taken
            self._likely.add(fmt.name)
            read_as[fmt.name] += 1
            self._out.write(msgspec.json.encode(record).decode() + "\n")
        self._out.flush()
        good = read_as.total()
        names = ", ".join(f"{name} {hits:,}" for name, hits in read_as.most_common())
        shown = f" ({names})" if names else ""
        told = f", {about:,} about the log" if about else ""
        left = total - good - about
        print(f"{total:,} lines: {good:,} read{shown}{told}, {left:,} not", file=self._said)
        return 0 if not left else 1

    def _failed(self, number: int, explanation: Explanation | None) -> None:
        if explanation is None:
            return
        if self._explain:
            print(f"line {number}: {render(explanation)}", file=self._said)
        else:
            print(
                f"line {number}: not read: {explanation.format} expected {explanation.expected} "
                f"at byte {explanation.offset}",
                file=self._said,
            )
