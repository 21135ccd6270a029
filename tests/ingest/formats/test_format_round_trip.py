"""What a server writes of a request is what is read of its line, whatever the client sent."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from logmond.ingest.formats.compiled import TextFormat
from logmond.ingest.formats.detection import candidates
from logmond.ingest.formats.explain import explain
from logmond.ingest.formats.nginx import compile_nginx
from logmond.ingest.formats.presets import preset
from logmond.ingest.formats.values import unescaped


def nginx_escaped(value: bytes) -> bytes:
    """As ngx_http_log_escape writes it."""
    return b"".join(
        b"\\x%02X" % byte if byte < 32 or byte > 126 or byte in b'"\\' else bytes([byte])
        for byte in value
    )


def json_escaped(value: bytes) -> bytes:
    """As ngx_escape_json writes it: bytes beyond ASCII stay."""
    letters = {8: b"\\b", 9: b"\\t", 10: b"\\n", 12: b"\\f", 13: b"\\r", 34: b'\\"', 92: b"\\\\"}
    return b"".join(
        letters.get(byte) or (b"\\u%04X" % byte if byte < 32 else bytes([byte])) for byte in value
    )


def apache_escaped(value: bytes) -> bytes:
    """As ap_escape_logitem writes it."""
    letters = {8: b"\\b", 9: b"\\t", 10: b"\\n", 11: b"\\v", 13: b"\\r", 34: b'\\"', 92: b"\\\\"}
    return b"".join(
        letters.get(byte) or (b"\\x%02x" % byte if byte < 32 or byte > 126 else bytes([byte]))
        for byte in value
    )


sent = st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode())
requests = st.fixed_dictionaries(
    {
        "client": st.ip_addresses().map(lambda address: str(address).encode()),
        "user": st.text("abc de.@", min_size=1, max_size=9).map(str.encode),
        "request": sent,
        "status": st.integers(100, 599).map(lambda status: b"%d" % status),
        "bytes": st.integers(0, 2**63 - 1).map(lambda size: b"%d" % size) | st.just(b"-"),
        "referrer": sent,
        "user_agent": sent,
        "duration": st.integers(0, 10**9).map(lambda ms: b"%d.%03d" % divmod(ms, 1000)),
        "vhost": st.from_regex(r"[a-z0-9.-]{1,20}", fullmatch=True).map(str.encode),
    }
)
TIME = b"23/Nov/2026:17:00:00 +0000"


def combined(values: dict[str, bytes], escape: Callable[[bytes], bytes]) -> bytes:
    """A line of combined with these values."""
    return b'%b - %b [%b] "%b" %b %b "%b" "%b"' % (
        values["client"],
        values["user"],
        TIME,
        escape(values["request"]),
        values["status"],
        values["bytes"],
        escape(values["referrer"]),
        escape(values["user_agent"]),
    )


@given(escape=st.sampled_from([nginx_escaped, apache_escaped]), values=requests)
def test_combined_lines_give_back_what_was_sent(
    escape: Callable[[bytes], bytes], values: dict[str, bytes]
) -> None:
    """No value can be mistaken for the end of its field, whichever server escaped it."""
    read = preset("combined").decode(combined(values, escape))
    assert read is not None
    assert read.pop("time") == TIME
    assert {name: unescaped(value) for name, value in read.items()} == {
        name: value for name, value in values.items() if name not in ("duration", "vhost")
    }


@given(values=requests)
def test_timed_and_hosted_lines_give_back_what_was_sent(values: dict[str, bytes]) -> None:
    """What stands before and behind combined is read beside it."""
    line = combined(values, nginx_escaped)
    timed = preset("nginx-timed").decode(line + b" " + values["duration"])
    hosted = preset("vhost-combined").decode(values["vhost"] + b":80 " + line)
    assert timed is not None
    assert hosted is not None
    assert timed["duration"] == values["duration"]
    assert hosted["vhost"] == values["vhost"]
    assert timed["request"] == hosted["request"] == nginx_escaped(values["request"])


@given(values=requests)
def test_escaped_json_gives_back_what_was_sent(values: dict[str, bytes]) -> None:
    """Bytes that are not UTF-8 come through nginx's JSON as they were."""
    fmt = compile_nginx(
        'log_format js escape=json \'{"r":"$request","s":$status,"b":$body_bytes_sent,'
        '"a":"$http_user_agent","t":$request_time,"f":"$http_referer"}\';'
    )
    line = b'{"r":"%b","s":%b,"b":%b,"a":"%b","t":%b,"f":"%b"}' % (
        json_escaped(values["request"]),
        values["status"],
        values["bytes"],
        json_escaped(values["user_agent"]),
        values["duration"],
        json_escaped(values["referrer"]),
    )
    read = fmt.decode(line)
    assert read is not None
    assert {name: unescaped(value) for name, value in read.items()} == {
        name: values[name]
        for name in ("request", "status", "bytes", "user_agent", "duration", "referrer")
    }


pieces = st.sampled_from(
    [b'"', b"\\", b" ", b"-", b" - ", b"[", b"] ", b'" ', b"200", b"1.5", b":80 ", b"\r", b"GET / "]
)
noise = st.lists(pieces | st.binary(max_size=4), max_size=12).map(b"".join)
lines = st.one_of(
    noise,
    requests.map(lambda values: combined(values, nginx_escaped)),
    st.tuples(requests, noise).map(lambda both: combined(both[0], apache_escaped) + both[1]),
    st.tuples(noise, requests).map(lambda both: both[0] + combined(both[1], nginx_escaped)),
).map(lambda line: line.replace(b"\n", b"").rstrip(b"\r"))


@given(st.lists(lines, max_size=6), st.sampled_from([b"\n", b"\r\n"]))
def test_a_chunk_gives_the_rows_of_its_lines(found: list[bytes], ending: bytes) -> None:
    """The kernel's expression over many lines finds what each line alone gives."""
    chunk = b"".join(line + ending for line in found)
    for fmt in candidates():
        if isinstance(fmt, TextFormat):
            rows = [row for row in map(fmt.row, found) if row is not None]
            assert fmt.regex().findall(chunk) == rows


@given(lines)
def test_an_explanation_is_given_exactly_for_lines_that_do_not_fit(line: bytes) -> None:
    """Walking the steps one by one comes to the same end as the expression."""
    for fmt in candidates():
        explanation = explain(fmt, line)
        fits = fmt.row(line) is not None
        assert fits == (explanation is None or explanation.fits)
        if explanation is not None:
            assert 0 <= explanation.offset <= len(line)
            assert explanation.expected
