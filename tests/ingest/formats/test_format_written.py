"""Each preset on lines written from a table, field by field; see `writers` for the sources."""

from __future__ import annotations

from datetime import UTC

import pytest
from requested import START, Request, requests
from test_format_captured import PRESET_OF
from writers import WRITERS, envoy

from logmond.ingest.formats.detection import candidates, detect
from logmond.ingest.formats.explain import explain
from logmond.ingest.formats.presets import PRESETS, preset
from logmond.ingest.formats.record import record_of

JSON = {"envoy-json", "traefik-json", "json"}


def test_every_preset_has_a_sample() -> None:
    """Written here, or captured from a real server."""
    assert {*WRITERS, *PRESET_OF.values()} == set(PRESETS)


@pytest.mark.parametrize("name", WRITERS)
def test_a_line_says_what_the_server_knew(name: str) -> None:
    """A hundred and twenty varied requests: every field of every line, none unread."""
    fmt = preset(name)
    table = requests()
    assert len(set(table)) >= 100
    for request in table:
        line, expected = WRITERS[name](request)
        record = record_of(fmt, line.encode(), UTC)
        assert record is not None, line
        assert {key: record[key] for key in expected} == expected, line


@pytest.mark.parametrize("name", WRITERS)
def test_no_preset_takes_lines_of_another(name: str) -> None:
    """Under auto each line is read by its own preset alone; JSON by json too."""
    for request in requests():
        line = WRITERS[name](request)[0].encode()
        readers = {fmt.name for fmt in candidates() if fmt.row(line) is not None}
        assert readers == ({name, "json"} if name in JSON else {name}), line


@pytest.mark.parametrize("name", WRITERS)
def test_lines_that_two_presets_take_count_alike(name: str) -> None:
    """Which is tried first depends on the lines before: what is counted must not."""
    for request in requests():
        line = WRITERS[name](request)[0].encode()
        rows = {
            tuple(zip(fmt.forwarding().fields, row, strict=True))
            for fmt in candidates()
            if (row := fmt.forwarding().row(line)) is not None
        }
        assert len(rows) == 1, line


@pytest.mark.parametrize("name", WRITERS)
def test_a_sample_is_known_as_its_own(name: str) -> None:
    """The decision is certain, whatever the requests were."""
    found = detect([WRITERS[name](request)[0].encode() for request in requests()])
    assert found.format is not None, found.reason
    assert (found.format.name, found.confidence) == (name, 1.0)


def test_what_envoy_leaves_unreadable_is_explained() -> None:
    """Envoy escapes no quote: three characters in a header make two fields of one."""
    request = Request(
        START, "::1", "GET", "/", "", "HTTP/1.1", 200, 5, "", 'a" "b', "example.com", 1
    )
    line = envoy(request)[0].encode()
    fmt = preset("envoy")
    assert fmt.row(line) is None
    explanation = explain(fmt, line)
    assert explanation is not None
    assert explanation.expected == "the end of the line"


@pytest.mark.parametrize(
    ("name", "line", "status"),
    [
        (
            "envoy",
            b'[2026-11-23T17:00:00.310Z] "- - -" 0 DC 0 0 3 - "-" "-" "-" "-" "-"',
            None,
        ),
        (
            "aws-alb",
            b"http 2026-11-23T17:00:00.186641Z app/lb/1 203.0.113.7:2817 - -1 -1 -1 400 - 0 272 "
            b'"- http://lb.example:80- -" "-" - - - "-" "-" "-" - 2026-11-23T17:00:00.1Z "-" "-" '
            b'"-" "-" "-" "-" "-"',
            400,
        ),
        (
            "cloudfront",
            b"2026-11-23\t17:00:00\tSFO5\t0\t203.0.113.7\tGET\td.example\t/\t000\t-\t-\t-\t-\t"
            b"Error\tx\ta.example\thttps\t9\t0.001\t-\t-\t-\tError\tHTTP/2.0\t-\t-\t11040\t0.001\t"
            b"ClientCommError\t-\t-\t-\t-",
            None,
        ),
    ],
)
def test_requests_without_an_answer_are_read(name: str, line: bytes, status: int | None) -> None:
    """Clients that left, targets never asked, requests that were none."""
    record = record_of(preset(name), line, UTC)
    assert record is not None
    assert record["status"] == status
