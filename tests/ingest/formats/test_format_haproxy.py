"""HAProxy's log formats, and lines that HAProxy 2.6 wrote with them."""

from __future__ import annotations

import pytest

from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.haproxy import compile_haproxy
from logmond.ingest.formats.presets import preset

CLF = b'::1 - - [23/Nov/2026:19:17:09 +0000] "%b" %b "" "" %b 0 0 0 0 0 "" "" '


def read(fmt: Format, line: bytes) -> dict[str, bytes]:
    """The counted values of a line by their names."""
    row = fmt.row(line)
    assert row is not None
    return dict(zip(fmt.fields, row, strict=True))


@pytest.mark.parametrize(
    ("line", "request_line", "status", "duration"),
    [
        (
            CLF % (b"GET /pages/create?a=b&c=#22x#22\\y HTTP/1.1", b"404 283",
                   b'43086 633 "clf" "b" "s1" 0 0 0 0 2 ---- 1 1'),
            b"GET /pages/create?a=b&c=#22x#22\\y HTTP/1.1", b"404", b"2",
        ),
        (
            CLF % (b"<BADREQ>", b"400 0",
                   b'43118 634 "clf" "clf" "<NOSRV>" -1 -1 -1 -1 601 CR-- 1 1'),
            b"<BADREQ>", b"400", b"601",
        ),
        (
            CLF % (b"GET / HTTP/1.1", b"-1 +15",
                   b'43118 034 "clf" "b" "s1" 0 -1 -1 -1 +7 CC-- 1 1'),
            b"GET / HTTP/1.1", b"-1", b"+7",
        ),
        (
            CLF % (b"GET /\\", b"200 5", b'1 1 "f" "b" "s" 0 0 0 0 0 ---- 1 1')
            + b'"example.com" "agent\\"',
            b"GET /\\", b"200", b"0",
        ),
    ],
)  # fmt: skip
def test_lines_of_httplog_clf_are_read(
    line: bytes, request_line: bytes, status: bytes, duration: bytes
) -> None:
    """Backslashes escape nothing, and no answer is the status -1."""
    fmt = preset("haproxy-clf")
    values = read(fmt, line)
    assert values["client"] == b"::1"
    assert (values["request"], values["status"], values["duration"]) == (
        request_line,
        status,
        duration,
    )
    assert fmt.duration_unit == pytest.approx(1e-3)


@pytest.mark.parametrize("captures", [b"", b"{example.com|agent} ", b"{example.com|} {text/html} "])
@pytest.mark.parametrize("client", [b"127.0.0.1", b"2001:db8::1"])
def test_lines_of_httplog_are_read_with_and_without_captures(
    captures: bytes, client: bytes
) -> None:
    """The port is not part of an IPv6 address, and captures may be missing."""
    line = (
        client + b":44964 [23/Nov/2026:19:15:01.735] http-in http-in/<NOSRV> -1/-1/-1/-1/602 "
        b"400 0 - - CR-- 2/2/0/0/0 0/0 " + captures + b'"<BADREQ>"'
    )
    values = read(preset("haproxy-http"), line)
    assert values == {
        "client": client,
        "time": b"23/Nov/2026:19:15:01.735",
        "duration": b"602",
        "status": b"400",
        "bytes": b"0",
        "request": b"<BADREQ>",
    }


@pytest.mark.parametrize(("name", "vhost"), [(b"shop.example", b"shop.example"), (b"-", b"-")])
def test_lines_of_httpslog_carry_the_name_that_tls_asked_for(name: bytes, vhost: bytes) -> None:
    """Also of a request that could not be read, as HAProxy 2.6 writes it."""
    line = (
        b"127.0.0.1:59582 [24/Nov/2026:03:01:28.967] web~ web/<NOSRV> -1/-1/-1/-1/0 400 0 - - PR-- "
        b'1/1/0/0/0 0/0 "<BADREQ>" 0/0000000000000000/0/0/0 ' + name + b"/TLSv1.3/"
        b"TLS_AES_256_GCM_SHA384"
    )
    values = read(preset("haproxy-https"), line)
    assert (values["vhost"], values["status"], values["request"]) == (vhost, b"400", b"<BADREQ>")


def test_a_pasted_log_format_is_read() -> None:
    """Variables, quoting flags and samples of HAProxy's language are understood."""
    fmt = compile_haproxy(
        'log-format "%ci:%cp [%trl] %{+Q}HU %HM %[capture.req.hdr(0)] %ST %B %Tt %%"'
    )
    line = b'203.0.113.7:1 [23/Nov/2026:19:15:01 +0100] "/a b" GET x.example 200 5 17 %'
    assert read(fmt, line) == {
        "client": b"203.0.113.7",
        "time": b"23/Nov/2026:19:15:01 +0100",
        "uri": b"/a b",
        "method": b"GET",
        "status": b"200",
        "bytes": b"5",
        "duration": b"17",
    }
