"""Apache's LogFormat, and lines that Apache 2.4 wrote with it."""

from __future__ import annotations

from datetime import UTC

import pytest

from logmond.errors import FormatError
from logmond.ingest.formats.apache import compile_apache
from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.moments import second_of
from logmond.ingest.formats.presets import preset

ESCAPED = (
    b"127.0.0.1 - - [23/Nov/2026:19:15:15 +0000] "
    b'"GET /pages/create?a=b&c=\\"x\\"\\\\y HTTP/1.1" 400 448'
)
AGENTS = b' "https://ex.org/a?\\"b\\"" "\\xc3\\xa9\\xe2\\x80\\xa8\\\\"'


def read(fmt: Format, line: bytes) -> dict[str, bytes]:
    """The counted values of a line by their names."""
    row = fmt.row(line)
    assert row is not None
    return dict(zip(fmt.fields, row, strict=True))


@pytest.mark.parametrize(
    ("name", "line", "values"),
    [
        ("apache-common", ESCAPED, {"status": b"400", "bytes": b"448"}),
        ("common", ESCAPED.replace(b"448", b"-"), {"bytes": b"-"}),
        (
            "apache-combined",
            ESCAPED + AGENTS,
            {
                "request": b'GET /pages/create?a=b&c=\\"x\\"\\\\y HTTP/1.1',
                "referrer": b'https://ex.org/a?\\"b\\"',
                "user_agent": b"\\xc3\\xa9\\xe2\\x80\\xa8\\\\",
            },
        ),
        ("vhost-combined", b"example.com:80 " + ESCAPED + AGENTS, {"vhost": b"example.com"}),
        ("vhost_combined", b"example.com:443 " + ESCAPED + AGENTS, {"client": b"127.0.0.1"}),
        (
            "traefik",
            ESCAPED + AGENTS + b' 17 "web@docker" "http://10.0.0.1:80" 12ms',
            {"status": b"400", "duration": b"12"},
        ),
    ],
)
def test_presets_read_the_lines_of_their_servers(
    name: str, line: bytes, values: dict[str, bytes]
) -> None:
    """Every preset of Apache reads what Apache writes with it."""
    assert values.items() <= read(preset(name), line).items()


COMBINED = r"%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\""


@pytest.mark.parametrize(
    ("directive", "name"),
    [
        (f'LogFormat "{COMBINED} %D %T" timed', "timed"),
        (f'  logformat "{COMBINED} %D %T"  timed\n', "timed"),
        (f'CustomLog ${{APACHE_LOG_DIR}}/access.log "{COMBINED} %D %T" env=!quiet', "apache"),
        (f'"{COMBINED} %D %T"', "apache"),
        (f"{COMBINED} %D %T", "apache"),
        (COMBINED.replace("\\", "") + " %D %T", "apache"),
    ],
)
def test_the_directive_is_taken_with_or_without_its_wrapping(directive: str, name: str) -> None:
    """However much of it is pasted, the format is the same."""
    fmt = compile_apache(directive)
    assert fmt.name == name
    assert read(fmt, ESCAPED + AGENTS + b" 46 0")["duration"] == b"46"
    assert fmt.duration_unit == pytest.approx(1e-6)
    assert fmt.duration_integer


@pytest.mark.parametrize(
    ("directive", "unit_s"),
    [("%D", 1e-6), ("%T", 1.0), ("%{ms}T", 1e-3), ("%{us}T", 1e-6), ("%{s}T", 1.0)],
)
def test_durations_have_the_unit_their_directive_says(directive: str, unit_s: float) -> None:
    """Microseconds, milliseconds and seconds are told apart by the directive."""
    fmt = compile_apache(f"%h %>s {directive}")
    assert fmt.duration_unit == pytest.approx(unit_s)
    assert read(fmt, b"::1 200 1234")["duration"] == b"1234"
    assert read(fmt, b"::1 200 -1")["duration"] == b"-1"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            r"%a [%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t] \"%m %U%q %H\" %>s %B",
            b'127.0.0.1 [23/Nov/2026 19:15:15.181 +0000] "GET /pages/create?a=b HTTP/1.1" 400 266',
        ),
        (
            r"%{%Y-%m-%dT%H:%M:%S%z}t %{sec}t %{begin:msec}t %h \"%r\" %s %b %X %k %I %%",
            b"2026-11-23T19:15:15+0000 1795461315 1795461315179 ::1 "
            b'"GET / HTTP/1.1" 404 236 - 0 56 %',
        ),
        (r"%h %{sec}t.%{msec_frac}t %>s", b"::1 1795461315.181 200"),
        (r"%h %{begin:usec}t %>s", b"::1 1795461315181123 200"),
        (r"%{%F %T}t,%{usec_frac}t %>s", b"2026-11-23 19:15:15,181123 200"),
        (r"%t %>s", b"[23/Nov/2026:19:15:15 +0000] 200"),
        (r"%>s %t", b"200 [23/Nov/2026:19:15:15 +0000]"),
        (r"\"%{%c}t\" %>s", b'"Mon Nov 23 19:15:15 2026" 200'),
    ],
)
def test_chosen_stamps_name_their_second(text: str, line: bytes) -> None:
    """Whatever form the operator gave the time, in however many pieces, it is read."""
    fmt = compile_apache(text)
    assert second_of(fmt.time_kind, read(fmt, line)["time"], UTC) == 1795461315


@pytest.mark.parametrize(
    ("text", "line", "values"),
    [
        (
            r"%a \"%m %U%q %H\" %>s",
            b'::1 "GET /\\" x HTTP/1.0" 404',
            {"request": b'GET /\\" x HTTP/1.0'},
        ),
        (r"%m %U %q %>s", b"GET /a/b ?c=d 200", {"method": b"GET", "path": b"/a/b"}),
        (r"%m %U%q %>s", b"GET /a/b?c=d 200", {"method": b"GET", "uri": b"/a/b?c=d"}),
        (r"%{X-Forwarded-For}i %>s", b"10.0.0.1, 10.0.0.2 200", {"client": b"10.0.0.1, 10.0.0.2"}),
        (r"%s %>s", b"302 200", {"status": b"200"}),
        (r"%>s %b %O", b"200 5 300", {"bytes": b"5"}),
        (r"%V:%p %v %>s", b"a.example:80 b.example 200", {"vhost": b"b.example"}),
        (r"%!200,304{Referer}i %>s", b"- 200", {"referrer": b"-"}),
        (r"%400,501{User-agent}i %>s", b"curl/8 400", {"user_agent": b"curl/8"}),
        (
            '{"time":"%{%Y-%m-%dT%T%z}t","client":"%a","request":"%r","status":%>s,"us":%D}',
            b'{"time":"2026-11-23T19:15:15+0000","client":"127.0.0.1",'
            b'"request":"\\x16\\x03\\"","status":400,"us":46}',
            {"client": b"127.0.0.1", "request": rb"\x16\x03\"", "duration": b"46"},
        ),
    ],
)
def test_pasted_formats_read_their_lines(text: str, line: bytes, values: dict[str, bytes]) -> None:
    """What people write into httpd.conf finds the fields it names."""
    assert values.items() <= read(compile_apache(text), line).items()


def test_unknown_directives_are_carried_under_names_that_tell_them() -> None:
    """Headers, cookies, notes and variables are shown, though nothing is counted by them."""
    fmt = compile_apache(r"%>s %{cookie}C \"%{X}n\" %{Via}i %{Age}o %{SSL_PROTOCOL}x %Z %^ti")
    assert fmt.decode(b'200 a "b" c 5 TLSv1.3 z t') == {
        "status": b"200",
        "cookie_cookie": b"a",
        "note_x": b"b",
        "via": b"c",
        "sent_age": b"5",
        "tls_protocol": b"TLSv1.3",
        "directive_Z": b"z",
        "directive_ti": b"t",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("%r%>s", "nothing between %r and %>s"),
        ("%h%u %>s", "nothing between %h and %u"),
        ("LogFormat combined", "no format in double quotes"),
        ("%{%I:%M %p}t %>s", "%I is not read"),
        ("%t %D", "it needs the request"),
    ],
)
def test_a_format_that_cannot_be_read_says_why(text: str, message: str) -> None:
    """The error names the part and what would work."""
    with pytest.raises(FormatError, match=message):
        compile_apache(text)


def test_directives_of_two_letters_are_values() -> None:
    """Those of mod_logio and of trailers are written with a caret."""
    fmt = compile_apache('%h "%r" %>s %^FB %{x}^ti')
    values = fmt.decode(b'::1 "GET / HTTP/1.1" 200 1234 -')
    assert values is not None
    assert (values["microseconds_to_first_byte"], values["x"]) == (b"1234", b"-")
