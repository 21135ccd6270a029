"""JSON lines: Caddy's, Traefik's, and what people call their own."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.jsonvalues import seconds_of, why_not
from logmond.ingest.formats.presets import preset

CADDY = (
    b'{"level":"info","ts":1646861401.5241024,"logger":"http.log.access","msg":"handled request",'
    b'"request":{"remote_ip":"10.0.0.9","remote_port":"41342","client_ip":"203.0.113.7",'
    b'"proto":"HTTP/2.0","method":"GET","host":"example.com","uri":"/a/b?c=d","headers":'
    b'{"User-Agent":["curl/7.82.0"],"Accept":["*/*"],"Referer":["https://ex.org/"]},'
    b'"tls":{"resumed":false,"version":772,"proto":"h2","server_name":"example.com"}},'
    b'"bytes_read":0,"user_id":"john","duration":0.000929675,"size":10900,"status":200,'
    b'"resp_headers":{"Server":["Caddy"],"Content-Type":["text/html; charset=utf-8"]}}'
)


def read(fmt: Format, line: bytes) -> dict[str, bytes]:
    """The counted values of a line by their names."""
    row = fmt.row(line)
    assert row is not None
    return dict(zip(fmt.fields, row, strict=True))


@pytest.mark.parametrize("name", ["caddy", "json"])
def test_a_line_of_caddy_is_read(name: str) -> None:
    """Values nested in the request are found, headers being lists."""
    assert read(preset(name), CADDY) == {
        "client": b"203.0.113.7",
        "time": b"1646861401.5241024",
        "request": b"GET /a/b?c=d HTTP/2.0",
        "status": b"200",
        "bytes": b"10900",
        "referrer": b"https://ex.org/",
        "user_agent": b"curl/7.82.0",
        "vhost": b"example.com",
        "duration": b"0.000929675",
    }


def test_an_older_caddy_gives_the_address_with_its_port() -> None:
    """Before 2.5 the key was remote_addr; a header not sent is absent."""
    line = b'{"ts":1.0,"request":{"remote_addr":"::1:5","uri":"/"},"status":308,"duration":1}'
    values = read(preset("caddy"), line)
    assert values["client"] == b"::1:5"
    assert values["user_agent"] == b"-"
    assert values["duration"] == b"1.000000000"


def test_all_plain_values_are_carried() -> None:
    """A record shows the user, and what nothing is counted by."""
    values = preset("caddy").decode(CADDY)
    assert values is not None
    assert values["user"] == b"john"
    assert values["logger"] == b"http.log.access"
    assert "request" in values
    assert "resp_headers" not in values


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (
            b'{"ClientHost":"10.0.0.1","RequestMethod":"GET","RequestPath":"/a?b",'
            b'"RequestProtocol":"HTTP/1.1","DownstreamStatus":200,"DownstreamContentSize":5,'
            b'"Duration":1500000,"RequestHost":"example.com","request_User-Agent":"curl",'
            b'"StartUTC":"2026-11-23T17:00:00.5Z"}',
            {"request": b"GET /a?b HTTP/1.1", "duration": b"0.001500000", "bytes": b"5"},
        ),
        (
            b'{"time_iso8601":"2026-11-23T17:00:00+00:00","remote_addr":"::1","request":'
            b'"GET / HTTP/1.1","status":"404","request_time":"0.005","http_host":"a.example"}',
            {"status": b"404", "duration": b"0.005000000", "vhost": b"a.example"},
        ),
        (
            b'{"@timestamp":"2026-11-23T17:00:00Z","client":{"ip":"::1"},"url":{"path":"/a"},'
            b'"http":{"request":{"method":"PUT"},"response":{"status_code":201,'
            b'"body":{"bytes":7}}},"event":{"duration":2000000}}',
            {"request": b"PUT /a", "status": b"201", "bytes": b"7", "duration": b"0.002000000"},
        ),
        (
            b'{"start_time":"2026-11-23T17:00:00Z","method":"GET","path":"/a","response_code":200,'
            b'"duration":12,"bytes_sent":5}',
            {"request": b"GET /a", "duration": b"-"},
        ),
        (b'{"status":200,"url":"/a","latency_ms":12}', {"duration": b"0.012000000"}),
        (b'{"status":200,"url":"/a","duration":"12ms"}', {"duration": b"0.012000000"}),
        (b' {"status":200.0,"url":"/a"}', {"status": b"200", "request": b"- /a"}),
    ],
)
def test_well_known_keys_are_found(line: bytes, values: dict[str, bytes]) -> None:
    """Traefik, nginx's names, the Elastic Common Schema and Envoy's need no configuration."""
    assert values.items() <= read(preset("json"), line).items()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[1]",
        b"17",
        b'"x"',
        b'{"status":200}',
        b'{"uri":"/"}',
        b'{"status":"ok","uri":"/"}',
        b'{"status":null,"uri":"/"}',
        b'{"level":"error","ts":1.5,"msg":"tls handshake error"}',
        b'{"status":200,"uri":"/"} x',
        b'{"a":' * 60000,
        b'{"status":200,"uri":"/","a":1e999}',
    ],
)
def test_what_is_no_request_does_not_fit(line: bytes) -> None:
    """Without a status and a target a line is no access line, however deep it is nested."""
    assert preset("json").row(line) is None
    assert preset("caddy").row(line) is None


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (b'{"status":000,"uri":"/","bytes":-}', {"status": b"0", "bytes": b"-"}),
        (b'{"status":200,"uri":"/","bytes":, "x":1}', {"bytes": b"-"}),
        (b'{"status":200,"uri":"/\xff"}', {"request": b"- /\\xFF"}),
        (b'{"status":200,"uri":"/\\x22\\\\x"}', {"request": b"- /\\x22\\x"}),
        (b'{"status":200,"uri":"/:,-,000","bytes":00}', {"request": b"- /:,-,000"}),
        (b'{"status":200,"uri":"/\\n\\u001b"}', {"request": b"- /\\x0A\\x1B"}),
        (b'{"status":200,"uri":"/","bytes":true,"agent":[]}', {"bytes": b"-", "user_agent": b"-"}),
        (b'{"status":200,"uri":"/","bytes":' + b"9" * 25 + b"}", {"bytes": b"-"}),
        (b'{"status":200,"uri":"/","duration":-1.5}', {"duration": b"-"}),
        (b'{"status":200,"uri":"/","request_time":"soon"}', {"duration": b"-"}),
        (b'{"status":200,"uri":"/","host":{"name":"x"}}', {"vhost": b"-"}),
    ],
)
def test_what_is_not_quite_json_is_read_all_the_same(line: bytes, values: dict[str, bytes]) -> None:
    """Servers that do not escape for JSON, and values of odd types, lose no line."""
    assert values.items() <= read(preset("json"), line).items()


def test_a_key_that_comes_later_is_found() -> None:
    """What the first lines lack is not overlooked in those that have it."""
    fmt = preset("json")
    assert read(fmt, b'{"status":200,"uri":"/"}')["client"] == b"-"
    assert read(fmt, b'{"status":200,"uri":"/","client":"::1"}')["client"] == b"::1"
    assert read(fmt, b'{"status":200,"uri":"/","request":{}}')["request"] == b"- /"
    nested = b'{"status":200,"request":{"uri":"/a","method":"GET"}}'
    assert read(fmt, nested)["request"] == b"GET /a"


def test_a_sender_of_ever_new_keys_is_read_and_forgotten() -> None:
    """What is remembered of shapes is bounded."""
    fmt = preset("json")
    for number in range(600):
        assert fmt.row(b'{"status":200,"uri":"/","key%d":1}' % number) is not None
    assert len(fmt._plans) <= 256


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)
keys = st.sampled_from(
    ["status", "uri", "request", "client", "time", "duration", "size", "headers", "event", "host"]
)


@given(st.dictionaries(keys | st.text(max_size=6), values, max_size=8))
def test_objects_of_any_shape_give_a_row_without_line_breaks_or_none(
    found: dict[str, object],
) -> None:
    """Values of unexpected types are read as absent, never as an exception."""
    line = msgspec.json.encode(found)
    for name in ("json", "caddy"):
        fmt = preset(name)
        row = fmt.row(line)
        decoded = fmt.decode(line)
        assert (row is None) == (decoded is None)
        if row is not None and decoded is not None:
            assert b"\n" not in b"".join(row)
            assert row == tuple(decoded[field] for field in fmt.fields)


@given(st.binary(max_size=120))
def test_no_bytes_upset_the_reader(line: bytes) -> None:
    """A line is an object or a place where it is none."""
    for text in (line, b'{"status":200,"uri":"/","x":"' + line + b'"}'):
        preset("json").row(text)
        offset, reason = why_not(text)
        assert 0 <= offset <= len(text)
        assert reason or preset("json").row(text) is not None or b'"uri"' not in text


@pytest.mark.parametrize(
    ("value", "unit", "seconds"),
    [
        (12, 1e-3, b"0.012000000"),
        (0.5, None, b"0.500000000"),
        (12, None, b"-"),
        ("12", None, b"-"),
        ("1.5", None, b"1.500000000"),
        ("250µs", None, b"0.000250000"),
        ("1.5s", None, b"1.500000000"),
        (True, 1.0, b"-"),
        (None, 1.0, b"-"),
        (float("inf"), 1.0, b"-"),
    ],
)
def test_a_duration_of_unknown_unit_is_not_guessed(
    value: object, unit: float | None, seconds: bytes
) -> None:
    """A whole number under a bare name could be seconds or milliseconds."""
    assert seconds_of(value, unit) == seconds
