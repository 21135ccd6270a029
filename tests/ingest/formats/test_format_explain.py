"""Why a line does not fit, and what a line that fits says."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from logmond.ingest.formats.apache import compile_apache
from logmond.ingest.formats.detection import candidates
from logmond.ingest.formats.explain import explain, nearest, record_of, render
from logmond.ingest.formats.nginx import compile_nginx
from logmond.ingest.formats.presets import preset
from logmond.ingest.formats.record import KEYS
from logmond.ingest.formats.table import format_of

LINE = (
    b'203.0.113.7 - john doe [23/Nov/2026:17:00:00 +0000] "GET /pages/a?b=c HTTP/1.1" '
    b'404 153 "https://ex.org/" "curl/8"'
)


@pytest.mark.parametrize(
    ("line", "field", "offset", "expected", "found"),
    [
        (LINE.replace(b"404", b"40x"), "status", 80, "a status of three digits", "40x 153"),
        (LINE.replace(b"153", b"1.5"), "bytes", 84, "a whole number", "1.5 "),
        (LINE.replace(b'"GET', b"GET"), "request", 50, "'] \"' between %t and %r", "] GET"),
        (LINE[:60], "status", 60, "'\" ' between %r and %>s", ""),
        (LINE + b" 0.005", "", 114, "the end of the line", " 0.005"),
        (LINE + b" \x1b[31m", "", 114, "the end of the line", r" \x1b[31m"),
        (b"hello world", "user", 5, '" - " between %h and %u', " world"),
        (b"", "user", 0, '" - " between %h and %u', ""),
    ],
)
def test_the_field_and_the_place_that_fail_are_named(
    line: bytes, field: str, offset: int, expected: str, found: str
) -> None:
    """The first thing that is not what the format says, and what stands there instead."""
    explanation = explain(preset("combined"), line)
    assert explanation is not None
    assert (explanation.field, explanation.offset) == (field, offset)
    assert explanation.expected.startswith(expected)
    assert explanation.found.startswith(found)
    assert bool(explanation.found) == bool(found)


def test_a_line_that_fits_needs_no_explanation() -> None:
    """Only what is wrong is explained."""
    assert explain(preset("combined"), LINE) is None
    assert nearest(format_of("auto"), LINE) is None


def test_a_line_whose_time_cannot_be_read_fits_and_says_so() -> None:
    """It is counted when it arrives, which an operator should know."""
    explanation = explain(preset("combined"), LINE.replace(b"Nov", b"Foo"))
    assert explanation is not None
    assert (explanation.fits, explanation.field, explanation.offset) == (True, "time", 24)
    assert render(explanation).startswith(
        "combined reads the line, but not its time at byte 24: it counts when it arrives"
    )


def test_presets_that_read_the_line_are_named() -> None:
    """The commonest mistake is the wrong preset."""
    explanation = explain(preset("combined"), LINE + b" 0.005")
    assert explanation is not None
    assert explanation.others == ("nginx-timed",)
    explanation = explain(preset("json"), LINE)
    assert explanation is not None
    assert explanation.others == ("combined",)


def test_of_several_formats_the_likeliest_explains() -> None:
    """With format auto the explanation is about the likeliest preset."""
    explanation = nearest(format_of("auto"), LINE + b" 1234")
    assert explanation is not None
    assert (explanation.format, explanation.found) == ("combined", " 1234")
    explanation = nearest(format_of("auto"), LINE + b" 0.005s")
    assert explanation is not None
    assert (explanation.format, explanation.found) == ("nginx-timed", "0.005s")
    explanation = nearest(format_of("auto"), b'{"status":200,"path ":"/"}')
    assert explanation is not None
    assert (explanation.format, explanation.field) == ("caddy", "uri")


@pytest.mark.parametrize(
    ("line", "name", "field", "offset"),
    [
        (b"hello world", "common", "user", 5),
        (b"1795453200.123    5 10.0.0.9 TCP_MISS/OK 5 GET / - - -", "squid", "status", 38),
        (b'{"status": 200,}', "caddy", "", 15),
    ],
)
def test_a_wrong_value_near_the_beginning_is_named_among_all_formats(
    line: bytes, name: str, field: str, offset: int
) -> None:
    """Text is not explained as bad JSON, nor a wrong value as a delimiter that is missing."""
    found = nearest(candidates(), line)
    assert found is not None
    assert (found.format, found.field, found.offset) == (name, field, offset)


def test_a_wrong_value_behind_an_unescaped_one_is_told_from_its_end() -> None:
    """A request may hold quotes, so one is told from the end of it by the number behind."""
    found = explain(preset("envoy"), b'[2026-11-23T17:00:00.3Z] "GET / HTTP/1.1" x - 0 5 1 0 "-"')
    assert found is not None
    assert (found.field, found.offset) == ("status", 42)


def test_a_value_that_ran_to_the_end_of_the_line_took_nothing_for_certain() -> None:
    """host-combined would take all of a combined line for its user; it is not the likelier."""
    explanation = nearest(
        format_of("auto"), LINE.replace(b" john doe ", b" - ").replace(b"404", b"4x4")
    )
    assert explanation is not None
    assert (explanation.field, explanation.found[:3]) == ("status", "4x4")


@pytest.mark.parametrize(
    ("line", "field", "offset", "expected"),
    [
        (b"hi", "", 0, "a JSON object, which begins with {"),
        (b' {"status":200', "", 14, "JSON ("),
        (b'{"status":200 "uri":1}', "", 14, "JSON (JSON is malformed"),
        (b'{"status":200}', "uri", 0, "a key for the uri (request_uri, uri, url...)"),
        (b'{"uri":"/","status":"ok"}', "status", 0, "a key for the status (status,"),
        (b'{"status":200,"uri":"/","time":"soon"}', "time", 32, "a time like"),
    ],
)
def test_a_json_line_that_does_not_fit_says_which_key_or_byte(
    line: bytes, field: str, offset: int, expected: str
) -> None:
    """Broken JSON has a place, a missing value the keys that would be taken."""
    explanation = explain(preset("json"), line)
    assert explanation is not None
    assert (explanation.field, explanation.offset) == (field, offset)
    assert explanation.expected.startswith(expected)


def test_an_explanation_points_at_the_place() -> None:
    """A caret stands under the byte, and nothing acts on the terminal."""
    line = b'\x1b[31m"\xff\x07 - - [t] "r" OK 5'
    explanation = explain(preset("common"), line)
    assert explanation is not None
    assert render(explanation).split("\n") == [
        "common does not fit at byte 21: status",
        r'  \x1b[31m"\xff\x07 - - [t] "r" OK 5',
        "                                ^",
        '  expected a status of three digits, or "-" (%>s)',
        '  found    "OK 5"',
    ]


def test_a_place_far_into_a_long_line_is_shown_alone() -> None:
    """64 KiB of path do not push the caret off the screen."""
    line = LINE.replace(b"/pages/a", b"/" + b"a" * 65536).replace(b"153", b"x")
    explanation = explain(preset("combined"), line)
    assert explanation is not None
    text, caret = render(explanation).split("\n")[1:3]
    assert len(text) <= 102
    assert text[caret.index("^") :].startswith('x "https:')
    assert text.startswith("  ...aaaa")


def record(**values: Any) -> dict[str, Any]:
    """A record with null for all that is not given."""
    return dict.fromkeys(KEYS) | {"extras": {}} | values


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        (
            "combined",
            LINE.replace(b"curl/8", rb"\x22\xC3\xA9\xFF\\"),
            record(
                time="2026-11-23T17:00:00Z",
                client="203.0.113.7",
                user="john doe",
                method="GET",
                path="/pages/a",
                section="/pages",
                protocol="HTTP/1.1",
                status=404,
                bytes=153,
                referrer="https://ex.org/",
                user_agent='"é\\xff\\',
            ),
        ),
        (
            "nginx-main",
            b'- - - [-] "" 000 - "-" "-" "10.0.0.1, 10.0.0.2"',
            record(extras={"forwarded_for": "10.0.0.1, 10.0.0.2"}),
        ),
        (
            "haproxy-http",
            b"::1:5 [23/Nov/2026:18:00:00.123] f b/<NOSRV> 0/0/0/0/602 200 7 - - CR-- 2/2/0/0/0 "
            b'0/0 "GET /a#22 HTTP/1.1"',
            record(
                time="2026-11-23T17:00:00Z",
                client="::1",
                method="GET",
                path="/a",
                section="/a",
                protocol="HTTP/1.1",
                status=200,
                bytes=7,
                duration_s=0.602,
            ),
        ),
        (
            "caddy",
            b'{"ts":1795453200.5,"request":{"client_ip":"::1","method":"GET","uri":"/a\\\\x41",'
            b'"host":"h"},"duration":0.1,"size":1,"status":200,"user_id":"u","logger":"l"}',
            record(
                time="2026-11-23T17:00:00Z",
                client="::1",
                user="u",
                method="GET",
                path="/a\\x41",
                section="/a\\x41",
                status=200,
                bytes=1,
                vhost="h",
                duration_s=0.1,
                extras={"logger": "l"},
            ),
        ),
    ],
)
def test_a_record_has_always_the_same_keys(
    name: str, line: bytes, expected: dict[str, Any]
) -> None:
    """Values are unescaped, have units in their names, and are null where absent."""
    found = record_of(preset(name), line, ZoneInfo("Europe/Berlin"))
    assert found is not None
    if name == "haproxy-http":
        assert found["extras"].pop("termination") == "CR--"
        found["extras"] = {}
    assert found == expected
    assert list(found) == list(KEYS)


def test_a_record_of_parts_is_that_of_a_whole_request() -> None:
    """Method and target of their own fill the same keys."""
    parts = record_of(compile_nginx("$request_method|$request_uri|$status"), b"GET|/a/b?c|200", UTC)
    assert parts == record(method="GET", path="/a/b", section="/a", status=200)
    path = record_of(compile_apache("%U %H %D"), b"/a/b HTTP/2.0 46", UTC)
    assert path == record(path="/a/b", section="/a", protocol="HTTP/2.0", duration_s=0.000046)


def test_a_time_beyond_the_calendar_is_shown_as_its_number() -> None:
    """A client of a JSON log may put any number there."""
    found = record_of(preset("json"), b'{"status":200,"uri":"/","ts":99999999999}', UTC)
    assert found is not None
    assert found["time"] == "5138-11-16T09:46:39Z"
    found = record_of(preset("json"), b'{"status":200,"uri":"/","ts":999999999999}', UTC)
    assert found is not None
    assert found["time"] == "999999999999"


def test_a_line_that_does_not_fit_has_no_record() -> None:
    """There is nothing to show of it but its explanation."""
    assert record_of(preset("combined"), b"hello", UTC) is None
