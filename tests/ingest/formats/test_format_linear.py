"""No line costs more than time linear in its length, by the shape of the expressions."""

from __future__ import annotations

import re
from re import _constants as ops  # type: ignore[attr-defined]  # how re itself reads expressions
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

from logmond.ingest.formats import (
    compiled,
    detection,
    jsonvalues,
    moments,
    proxies,
    strftime,
    values,
    w3c,
)
from logmond.ingest.formats.apache import compile_apache
from logmond.ingest.formats.compiled import TextFormat
from logmond.ingest.formats.detection import candidates
from logmond.ingest.formats.nginx import compile_nginx
from logmond.ingest.formats.presets import PRESETS, preset

BOUND = 64
"""Repetitions up to this many may be tried again: they cost a constant."""

TEXTS = [fmt for fmt in map(preset, PRESETS) if isinstance(fmt, TextFormat)]
TEXTS += [fmt for fmt in candidates() if isinstance(fmt, TextFormat) and fmt not in TEXTS]
TEXTS += [
    compile_nginx("$foo;$status [$time_local] $host$request_uri|$upstream_addr $bar -- $baz"),
    compile_nginx('log_format n escape=none \'"$request" "$http_user_agent" $msec\';'),
    compile_apache(r"%{%d/%b/%Y %T}t.%{msec_frac}t %V:%p %{X}i:%D \"%r\" '%{Y}i' %>s"),
]

MODULES = [detection, jsonvalues, moments, proxies, strftime, values, w3c]


def faults(tree: Any) -> list[str]:
    """What could be tried again without bound: repetitions that give back, wide lookaheads."""
    found = []
    for op, argument in tree:
        if op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
            low, high, inner = argument
            if high > BOUND:
                found.append(f"{op} {low}-{high} gives back")
            found += faults(inner)
        elif op is ops.POSSESSIVE_REPEAT:
            found += faults(argument[2])
        elif op is ops.SUBPATTERN:
            found += faults(argument[3])
        elif op is ops.BRANCH:
            for branch in argument[1]:
                found += faults(branch)
        elif op in (ops.ASSERT, ops.ASSERT_NOT):
            if argument[1].getwidth()[1] > BOUND:
                found.append(f"{op} looks further than {BOUND} bytes")
            found += faults(argument[1])
    return found


@pytest.mark.parametrize("fmt", TEXTS, ids=lambda fmt: fmt.name)
def test_no_format_can_be_made_to_try_again(fmt: TextFormat) -> None:
    """Every unbounded repetition of a compiled format is possessive, every lookahead short."""
    assert faults(parser.parse(fmt.regex().pattern)) == []


def test_a_repetition_that_gives_back_would_be_found() -> None:
    """The check sees what it is there to see."""
    assert faults(parser.parse(r"(a+)+$")) != []
    assert faults(parser.parse(r"(?:[^a]*+(?!b[^c]*+)a)*+")) != []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_no_expression_of_a_module_can_be_made_to_try_again(module: Any) -> None:
    """What takes values apart is held to the same rule as the formats."""
    patterns = [value for value in vars(module).values() if isinstance(value, re.Pattern)]
    assert [pattern.pattern for pattern in patterns if faults(parser.parse(pattern.pattern))] == []


@pytest.mark.parametrize("fmt", TEXTS, ids=lambda fmt: fmt.name)
def test_no_format_can_read_over_the_end_of_a_line(fmt: TextFormat) -> None:
    """No character class and no dot of a format takes a line feed."""
    line = b'a:1 b - - [x] "r" 200 1 "s" "t" 0.1 c d e f g'
    for position in range(len(line)):
        assert b"\n" not in b"".join(
            match[0] for match in fmt.regex().finditer(line[:position] + b"\n" + line[position:])
        )


HOSTILE = [b'"', b"\\", b'\\"', b'" ', b" ", b"[", b"] ", b":1", b", ", b"-", b"0", b"{} ", b"\xff"]


@pytest.mark.parametrize("fmt", TEXTS, ids=lambda fmt: fmt.name)
@pytest.mark.parametrize("filling", HOSTILE, ids=repr)
def test_64_kib_of_anything_are_read_or_not(fmt: TextFormat, filling: bytes) -> None:
    """A hostile line alone and inside an ordinary one ends, and gives what a row gives."""
    line = filling * (65536 // len(filling))
    for hostile in (line, b'1 - - [t] "' + line, line + b' - - [t] "r" 200 1'):
        rows = fmt.regex().findall(hostile + b"\n")
        row = fmt.row(hostile.removesuffix(b"\r"))
        assert rows == ([] if row is None else [row if len(row) > 1 else row[0]])


HOSTED = b'web.example.org:80 192.0.2.1 - - [23/Nov/2026:17:00:00 +0000] "GET %b HTTP/1.1" '


@pytest.mark.parametrize("filling", [b"/a", rb"\"", rb"\x41", b"a b"], ids=repr)
def test_long_lines_that_fit_are_read(filling: bytes) -> None:
    """Looking for the literals first refuses none that the expression takes."""
    head = HOSTED % (filling * compiled.LONG_BYTES)
    agent = filling * compiled.LONG_BYTES
    taken = 0
    for fmt in TEXTS:
        for begin in (head, head.partition(b" ")[2]):
            line = begin + b'200 5 "-" "%b"' % agent
            for hostile in (line, line + b" 0.1", line + b' "-"', line[: -len(agent) - 6]):
                rows = fmt.regex().findall(hostile + b"\n")
                row = fmt.row(hostile)
                assert rows == ([] if row is None else [row])
                taken += row is not None
    assert taken > 3


def test_long_lines_without_the_literals_meet_no_expression(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of twenty formats none reads 64 KiB byte by byte to find that it does not fit."""
    # Those of W3C have none; they end with the first byte, where no moment is.
    held = [fmt for fmt in TEXTS if any(step.kind == "literal" for step in fmt.steps)]
    monkeypatch.setattr(TextFormat, "_whole", None)
    for filling in HOSTILE:
        line = filling * (65536 // len(filling))
        assert [fmt.name for fmt in held if fmt.row(line)] == []


def test_an_object_that_cannot_be_mended_is_looked_at_once() -> None:
    """By whichever format of JSON comes first."""
    jsonvalues.mended.cache_clear()
    line = b'{"a":' + b"[" * 5000
    assert [fmt.name for fmt in candidates() if fmt.row(line)] == []
    assert jsonvalues.mended.cache_info().misses == 1


@pytest.mark.parametrize(
    "line",
    [
        b'{"status":200,"uri":"/' + b"\xff" * 65000 + b'"}',
        b'{"status":200,"uri":"/' + b"\\x" * 32000 + b'"}',
        b'{"status":000,"a":[' + b"-," * 32000 + b"1]}",
        b'{"":' * 16000,
    ],
    ids=["not UTF-8", "escapes", "minus", "nested"],
)
def test_a_hostile_object_is_refused_rather_than_mended(line: bytes) -> None:
    """Mending costs by what there is to mend, so there is an end to it."""
    assert preset("json").row(line) is None


def test_a_line_shown_to_people_has_an_end() -> None:
    """Redacting looks at no more than is shown."""
    assert len(values.redacted(b'"?' * 32768)) <= values.SHOWN_BYTES
