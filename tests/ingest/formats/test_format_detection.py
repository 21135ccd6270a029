"""The format of lines, decided with its confidence or not at all."""

from __future__ import annotations

import pytest

from logmond.ingest.formats.apache import compile_apache
from logmond.ingest.formats.detection import candidates, detect
from logmond.ingest.formats.nginx import compile_nginx
from logmond.ingest.formats.presets import PRESETS

COMMON = b'203.0.113.7 - - [23/Nov/2026:17:00:00 +0000] "GET /a HTTP/1.1" 200 5'
COMBINED = COMMON + b' "-" "curl/8"'
SAMPLES = {
    "common": COMMON,
    "combined": COMBINED,
    "nginx-timed": COMBINED + b" 0.005",
    "nginx-main": COMBINED + b' "-"',
    "nginx-ingress": COMBINED + b" 520 0.012 [a-b-80] [] 10.1.2.3:80 157 0.012 200 5d2c7f",
    "host-combined": b"example.com " + COMBINED,
    "vhost-combined": b"example.com:80 " + COMBINED,
    "traefik": COMBINED + b' 17 "web@docker" "http://10.0.0.1:80" 12ms',
    "haproxy-clf": COMMON + b' "" "" 39664 067 "clf" "b" "s1" 0 0 0 0 0 ---- 1 1 0 0 0 0 0 "" "" ',
    "haproxy-https": b"127.0.0.1:59552 [24/Nov/2026:03:01:24.859] web~ web/<NOSRV> 0/-1/-1/-1/0 "
    b'200 73 - - LR-- 1/1/0/0/0 0/0 "GET /a?x=1 HTTP/1.1" 0/0000000000000000/0/0/0 '
    b"shop.example/TLSv1.3/TLS_AES_256_GCM_SHA384",
    "haproxy-http": b"203.0.113.7:44942 [23/Nov/2026:19:15:01.733] http-in b/s1 0/0/0/0/0 200 200 "
    b'- - ---- 1/1/0/0/0 0/0 "GET / HTTP/1.1"',
    "caddy": b'{"ts":1646861401.5,"request":{"client_ip":"::1","method":"GET","uri":"/"},'
    b'"duration":0.1,"size":1,"status":200}',
    "envoy-json": b'{"start_time":"2026-11-23T17:00:00.1Z","method":"GET","path":"/","duration":12,'
    b'"response_code":200,"response_flags":"-","bytes_sent":5}',
    "traefik-json": b'{"ClientHost":"::1","RequestMethod":"GET","RequestPath":"/","Duration":99000,'
    b'"DownstreamStatus":200,"time":"2026-11-23T17:00:00Z"}',
    "aws-alb": b"https 2026-11-23T17:00:00.186641Z app/lb/50dc 203.0.113.7:2817 10.0.0.1:80 0.086 "
    b'0.048 0.037 200 200 0 57 "GET https://example.com:443/ HTTP/1.1" "curl/8" ECDHE TLSv1.2 a:x '
    b'"Root=1-58" "example.com" "arn:y" 1 2026-11-23T16:59:59.364Z "forward" "-" "-" "10.0.0.1:80" '
    b'"200" "-" "-" TID_123',
    "istio": b'[2026-11-23T17:00:00.310Z] "GET / HTTP/1.1" 200 - via_upstream - "-" 0 5 12 11 "-" '
    b'"curl/8" "id" "example.com" "10.0.0.1:80" inbound|80|| 127.0.0.6:1 10.0.0.1:80 '
    b"203.0.113.7:4711 - default",
    "envoy": b'[2026-11-23T17:00:00.310Z] "GET / HTTP/2" 200 - 0 5 12 1 "203.0.113.7" "curl/8" "x" '
    b'"example.com" "10.0.0.1:80"',
    "squid": b"1795453200.123      7 203.0.113.7 TCP_MISS/200 512 GET http://example.com/ - "
    b"HIER_DIRECT/192.0.2.1 text/html",
    "cloudfront": b"2026-11-23\t17:00:00\tSFO5\t5\t203.0.113.7\tGET\td.cloudfront.net\t/\t200\t-\t"
    b"curl/8\t-\t-\tHit\tid\texample.com\thttps\t23\t0.001\t-\tTLSv1.2\tAES\tHit\tHTTP/2.0\t-\t-\t"
    b"11040\t0.001\tHit\ttext/html\t5\t-\t-",
    "iis": b"2026-11-23 17:00:00 10.0.0.1 GET / - 443 - 203.0.113.7 curl/8 - 200 0 0 12",
    "lighttpd": b'203.0.113.7 a.example - [23/Nov/2026:17:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" '
    b'"curl/8"',
    "json": b'{"time":"2026-11-23T17:00:00Z","method":"GET","uri":"/","status":200}',
}


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_found_by_its_own_lines(name: str) -> None:
    """One line of a format that differs from all others is enough to know it."""
    found = detect([SAMPLES[name]])
    assert found.format is not None
    assert (found.format.name, found.confidence, found.parsed, found.lines) == (name, 1.0, 1, 1)
    assert found.reason == ""


def test_a_tenth_of_other_lines_is_overlooked() -> None:
    """Notices and cut lines among the lines do not hide the format."""
    found = detect([*[COMBINED] * 9, b"nginx: reopening logs", b""])
    assert found.format is not None
    assert (found.format.name, found.confidence, found.lines) == ("combined", 0.9, 10)


def test_below_nine_in_ten_nothing_is_decided() -> None:
    """A mixture is stated as one, with the likeliest format and the next."""
    found = detect([*[COMBINED] * 8, *[COMMON] * 2])
    assert found.format is None
    assert found.best is not None
    assert found.runner_up is not None
    assert (found.best.name, found.runner_up.name) == ("combined", "common")
    assert (found.confidence, found.runner_up_confidence) == (0.8, 0.2)
    assert found.reason == "combined reads only 8 of 10 lines"


def test_two_formats_that_read_a_line_differently_leave_it_undecided() -> None:
    """Two numbers could be bytes and milliseconds, or the other way round."""
    among = [compile_apache("%h %>s %b %D", "first"), compile_apache("%h %>s %D %b", "second")]
    found = detect([b"::1 200 17 4711"] * 5, among)
    assert found.format is None
    assert found.confidence == found.runner_up_confidence == 1.0
    assert found.reason == "first and second both read these lines, differently"


def test_two_names_of_one_reading_are_no_rivals() -> None:
    """Candidates that count every line alike do not stand in each other's way."""
    among = [
        compile_nginx("$remote_addr $status $request_method $request_uri", "nginx"),
        compile_apache("%h %>s %m %U%q", "apache"),
    ]
    found = detect([b"::1 200 GET /a?b"], among)
    assert found.format is among[0]
    assert found.runner_up is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (COMBINED + b" 1234", "no known format reads these lines"),
        (b"10.0.0.1 " + COMBINED, "host-combined fits, but its values are not what they should be"),
        (COMBINED.replace(b"Nov", b"Foo"), "combined fits, but its values"),
        (COMBINED.replace(b"203.0.113.7", b"\x1b[31m"), "combined fits, but its values"),
        (b"hello world", "no known format reads these lines"),
    ],
)
def test_what_could_be_two_things_is_neither(line: bytes, reason: str) -> None:
    """A number that may be any unit, an address where a host should be: no guess."""
    found = detect([line] * 3)
    assert found.format is None
    assert found.best is None
    assert found.reason.startswith(reason)


@pytest.mark.parametrize("lines", [[], [b"", b"  "]])
def test_no_lines_give_no_decision(lines: list[bytes]) -> None:
    """Nothing was seen, and it says so."""
    found = detect(lines)
    assert (found.format, found.reason, found.lines) == (None, "no lines to look at", 0)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_line_is_read_by_two_text_presets(name: str) -> None:
    """With format auto it makes no difference which preset is asked first."""
    readers = [fmt.name for fmt in candidates() if fmt.row(SAMPLES[name]) is not None]
    assert readers == (
        [name, "json"] if name in ("caddy", "envoy-json", "traefik-json") else [name]
    )
