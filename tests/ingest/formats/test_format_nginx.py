"""nginx's log_format, and lines that nginx 1.22 wrote with it."""

from __future__ import annotations

import pytest

from logmond.errors import FormatError
from logmond.ingest.formats.compiled import Format, TextFormat
from logmond.ingest.formats.nginx import compile_nginx
from logmond.ingest.formats.presets import preset

COMBINED = (
    "$remote_addr - $remote_user [$time_local] "
    '"$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)
ESCAPED = (
    b'::1 - john doe [23/Nov/2026:19:13:29 +0000] "GET /pages/create?a=b&c=\\x22x\\x22\\x5Cy '
    b'HTTP/1.1" 404 153 "https://ex.org/a?\\x22b\\x22" "we\\x22ird\\x5C \\xE9\\x1B[0m agent"'
)


def read(fmt: Format, line: bytes) -> dict[str, bytes]:
    """The counted values of a line by their names."""
    row = fmt.row(line)
    assert row is not None
    return dict(zip(fmt.fields, row, strict=True))


def test_a_line_of_combined_is_read_field_by_field() -> None:
    """Escapes stay as they are written, and users may hold spaces."""
    assert preset("combined").decode(ESCAPED) == {
        "client": b"::1",
        "user": b"john doe",
        "time": b"23/Nov/2026:19:13:29 +0000",
        "request": b"GET /pages/create?a=b&c=\\x22x\\x22\\x5Cy HTTP/1.1",
        "status": b"404",
        "bytes": b"153",
        "referrer": b"https://ex.org/a?\\x22b\\x22",
        "user_agent": b"we\\x22ird\\x5C \\xE9\\x1B[0m agent",
    }


@pytest.mark.parametrize(
    ("line", "request_line", "status"),
    [
        (b'"\\x16\\x03\\xFC\\x22\\x5C" 400 157 "-" "-"', rb"\x16\x03\xFC\x22\x5C", b"400"),
        (b'"" 400 0 "-" "-"', b"", b"400"),
        (b'"GET /" 200 3 "-" "-"', b"GET /", b"200"),
        (b'"POST /a b c HTTP/1.1" 400 157 "-" "-"', b"POST /a b c HTTP/1.1", b"400"),
        (b'"GET / HTTP/1.1" 000 0 "-" "-"', b"GET / HTTP/1.1", b"000"),
        (b'"/' + b"a" * 65536 + b'" 414 0 "-" "-"', b"/" + b"a" * 65536, b"414"),
        (b'"GET /\xff\xfe HTTP/1.1" 200 0 "-" "\x80"', b"GET /\xff\xfe HTTP/1.1", b"200"),
        (b'"-" 400 0 "-" "-"', b"-", b"400"),
    ],
)  # fmt: skip
def test_whatever_a_client_sends_is_a_request(
    line: bytes, request_line: bytes, status: bytes
) -> None:
    """TLS bytes, nothing at all, 64 KiB and invalid UTF-8 are ordinary requests."""
    values = read(preset("combined"), b"127.0.0.1 - - [23/Nov/2026:19:13:25 +0000] " + line)
    assert (values["request"], values["status"]) == (request_line, status)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"-",
        ESCAPED + b" ",
        ESCAPED + b" 0.005",
        ESCAPED[:-1],
        ESCAPED[:60],
        b"example.com " + ESCAPED,
        ESCAPED.replace(b" 404 ", b" 40 "),
        ESCAPED.replace(b" 404 ", b" OK "),
        ESCAPED.replace(b" 153 ", b" 1.5 "),
        ESCAPED.replace(b" 153 ", b" 12345678901234567890 "),
        ESCAPED.replace(b'"GET', b"GET"),
        ESCAPED.replace(b"we", b'we"'),
        ESCAPED + b"\n" + ESCAPED,
        b'2026/11/23 19:13:25 [error] 7#7: *1 open() "/x" failed (2: No such file or directory)',
    ],
)
def test_a_line_of_another_shape_does_not_fit(line: bytes) -> None:
    """More, less or other than the format says is not read at all."""
    assert preset("combined").row(line) is None


@pytest.mark.parametrize(
    ("name", "line", "values"),
    [
        (
            "nginx-timed",
            ESCAPED + b" 3.003",
            {"client": b"::1", "status": b"404", "duration": b"3.003"},
        ),
        ("host-combined", b"example.com " + ESCAPED, {"vhost": b"example.com", "client": b"::1"}),
        ("host-combined", b" " + ESCAPED, {"vhost": b"", "client": b"::1"}),
        ("vhost-combined", b"example.com:80 " + ESCAPED, {"vhost": b"example.com"}),
        ("vhost-combined", b":18080 " + ESCAPED, {"vhost": b"", "client": b"::1"}),
        ("vhost-combined", b"[2001:db8::1]:80 " + ESCAPED, {"vhost": b"[2001:db8::1]"}),
        ("nginx-main", ESCAPED + b' "10.0.0.1, 10.0.0.2"', {"client": b"::1"}),
        (
            "nginx-ingress",
            ESCAPED + b" 520 0.012 [default-web-80] [] 10.1.2.3:8080, 10.1.2.4:8080 0, 157 "
            b"0.004, 0.008 502, 200 5d2c7f",
            {"status": b"404", "bytes": b"153", "duration": b"0.012"},
        ),
    ],
)
def test_presets_read_the_lines_of_their_servers(
    name: str, line: bytes, values: dict[str, bytes]
) -> None:
    """Every preset of nginx reads what nginx writes with it."""
    assert values.items() <= read(preset(name), line).items()


def test_a_host_with_a_port_is_not_a_host_alone() -> None:
    """A line of vhost-combined must never be counted by host-combined."""
    assert preset("host-combined").row(b"example.com:80 " + ESCAPED) is None


def test_the_whole_directive_is_taken() -> None:
    """A log_format pasted from nginx.conf, over several lines, is the format it defines."""
    rest = COMBINED[40:].replace('"', '\\"')
    pasted = f"""
        log_format timed escape=default '{COMBINED[:40]}'
                         "{rest}"
                         ' rt=$request_time'
        ;"""
    fmt = compile_nginx(pasted)
    assert fmt.name == "timed"
    assert read(fmt, ESCAPED + b" rt=0.005")["duration"] == b"0.005"


JSON = (
    'log_format js escape=json \'{"time":"$time_iso8601","msec":$msec,'
    '"client":"$remote_addr","request":"$request","status":$status,"bytes":$body_bytes_sent,'
    '"agent":"$http_user_agent","rt":$request_time,"urt":$upstream_response_time,"host":"$host"}\';'
)


@pytest.mark.parametrize(
    ("agent", "upstream"),
    [
        (b'we\\"ird\\\\ \xe9\\u001B[0m agent', b"0.001"),
        (b"", b""),
        (b"-", b"0.001, 0.002 : 0.003"),
    ],
)
def test_escaped_json_is_read_as_nginx_writes_it(agent: bytes, upstream: bytes) -> None:
    """Bytes that are not UTF-8 and numbers that are none do not keep a line out."""
    fmt = compile_nginx(JSON)
    line = (
        b'{"time":"2026-11-23T19:13:25+00:00","msec":1795461205.955,"client":"127.0.0.1",'
        b'"request":"GET /a?c=\\"x\\" HTTP/1.1","status":000,"bytes":3,"agent":"%b",'
        b'"rt":0.002,"urt":%b,"host":"example.com"}' % (agent, upstream)
    )
    assert (fmt.name, fmt.time_kind, fmt.kind) == ("js", "iso8601", "text")
    assert read(fmt, line) == {
        "time": b"2026-11-23T19:13:25+00:00",
        "client": b"127.0.0.1",
        "request": b'GET /a?c=\\"x\\" HTTP/1.1',
        "status": b"000",
        "bytes": b"3",
        "user_agent": agent,
        "duration": b"0.002",
        "vhost": b"example.com",
    }


def test_unescaped_quotes_end_a_value_only_with_what_follows() -> None:
    """With escape=none a quote inside a value is told from the one behind it."""
    fmt = compile_nginx("log_format n escape=none '$remote_addr \"$request\" $status $msec';")
    values = read(fmt, b'::1 "GET /?c="x"\\y HTTP/1.1" 404 1795461205.955')
    assert values["request"] == b'GET /?c="x"\\y HTTP/1.1'
    assert (values["status"], fmt.time_kind, fmt.escaped) == (b"404", "epoch", False)


@pytest.mark.parametrize("end", [b"", b"\r"])
def test_unescaped_quotes_in_the_last_value_end_with_the_line(end: bytes) -> None:
    """A client cannot hide by writing a quote into its name."""
    fmt = compile_nginx("log_format n escape=none '$remote_addr $status \"$http_user_agent\"';")
    assert isinstance(fmt, TextFormat)
    agents = fmt.regex().findall(b'::1 404 "a "b" c"%b\n::1 200 "d"%b\n' % (end, end))
    assert [row[2] for row in agents] == [b'a "b" c', b"d"]


@pytest.mark.parametrize(
    ("text", "line", "values"),
    [
        (
            "$http_x_forwarded_for [$time_local] $status",
            b"10.0.0.1, 10.0.0.2 [23/Nov/2026:19:13:25 +0000] 200",
            {"client": b"10.0.0.1, 10.0.0.2"},
        ),
        (
            '$remote_addr "$request_method $request_uri $server_protocol" $status',
            b'::1 "GET /a b HTTP/1.1" 200',
            {"request": b"GET /a b HTTP/1.1"},
        ),
        (
            '$status "$request_method $uri$is_args$args"',
            b'200 "GET /a?b"',
            {"request": b"GET /a?b"},
        ),
        (
            "$status $request_method $scheme://$host$request_uri",
            b"200 GET https://example.com/a?b",
            {"method": b"GET", "vhost": b"example.com", "uri": b"/a?b"},
        ),
        (
            "$time_local $status $bytes_sent $body_bytes_sent",
            b"23/Nov/2026:19:13:25 +0000 200 400 300",
            {"time": b"23/Nov/2026:19:13:25 +0000", "bytes": b"300"},
        ),
        (
            "$time_iso8601|$msec|$status|$http_host|$host",
            b"2026-11-23T19:13:25+00:00|1795461205.955|200|example.com:80|example.com",
            {"time": b"2026-11-23T19:13:25+00:00", "vhost": b"example.com"},
        ),
        (
            "time=$time_iso8601 client=${remote_addr} code=$status",
            b"time=2026-11-23T19:13:25+00:00 client=::1 code=200",
            {"client": b"::1", "status": b"200"},
        ),
        (
            "$remote_addr $request $status $body_bytes_sent $request $request_time",
            b"::1 GET /a b HTTP/1.1 200 5 GET /a b HTTP/1.1 0.005",
            {"request": b"GET /a b HTTP/1.1", "status": b"200", "duration": b"0.005"},
        ),
        ("$status \u2192 $request_uri", "200 \u2192 /a".encode(), {"uri": b"/a"}),
    ],
)
def test_pasted_formats_read_their_lines(text: str, line: bytes, values: dict[str, bytes]) -> None:
    """What people write into nginx.conf finds the fields it names."""
    fmt = compile_nginx(text)
    assert values.items() <= read(fmt, line).items()


def test_unknown_variables_are_carried_under_their_own_names() -> None:
    """A variable of a module is shown, though nothing is counted by it."""
    fmt = compile_nginx('$status "$geoip_country" $connection $status $client')
    assert fmt.decode(b'200 "DE" 17 200 me') == {
        "status": b"200",
        "geoip_country": b"DE",
        "connection": b"17",
        "status_2": b"200",
        "client_": b"me",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$status$remote_addr$foo", r"nothing between \$remote_addr and \$foo"),
        ("$request$status", r"nothing between \$request and \$status"),
        ("log_format x escape=xml '$status';", "nginx knows default, json and none"),
        ("log_format x '$status' '$foo;", "cannot read"),
        ("$status\n$request", "line break"),
        ("$time_local $connection", "it needs the request"),
        ("no variables", "no variable in it"),
        ("", "no variable in it"),
    ],
)
def test_a_format_that_cannot_be_read_says_why(text: str, message: str) -> None:
    """The error names the part and what would work."""
    with pytest.raises(FormatError, match=message):
        compile_nginx(text)
