"""Every sender's header is split from its line, and the rest is left as it came."""

from __future__ import annotations

from datetime import UTC

import pytest
import senders
from hypothesis import example, given
from hypothesis import strategies as st

from logmond.ingest.syslog import (
    MEMO_HEADERS,
    Header,
    SyslogParser,
    header_second,
    noise,
    repeated,
)

BSD = b"Nov 23 19:03:55"
MICRO = b"2026-11-23T19:03:55.180061+00:00"

SPLITS = {
    "nginx": (senders.NGINX, Header(190, BSD, b"vm", b"nginx"), senders.TIMED),
    "nginx nohostname": (
        senders.NGINX_NOHOSTNAME,
        Header(134, BSD, b"", b"shop"),
        senders.CLF,
    ),
    "nginx TLS bytes": (
        senders.NGINX_TLS,
        Header(190, BSD, b"vm", b"nginx"),
        senders.TLS_BYTES,
    ),
    "nginx starting": (
        senders.NGINX_STARTING,
        Header(29, b"Nov 23 19:03:54", b"", b"nginx"),
        b"2026/11/23 19:03:54 [notice] 7222#7222: nginx/1.22.1",
    ),
    "HAProxy": (senders.HAPROXY, Header(134, BSD, b"", b"haproxy"), senders.HAPROXY_CLF),
    "logger -n": (senders.LOGGER_5424, Header(13, MICRO, b"vm", b"nginx"), senders.CLF),
    "logger -n -i": (senders.LOGGER_PID, Header(13, MICRO, b"vm", b"httpd"), senders.CLF),
    "logger --rfc3164": (
        senders.LOGGER_3164,
        Header(13, BSD, b"vm", b"apache"),
        senders.APACHE,
    ),
    "rsyslog": (senders.RSYSLOG_3164, Header(13, BSD, b"vm", b"nginx"), senders.CLF),
    "rsyslog 5424": (
        senders.RSYSLOG_5424,
        Header(13, b"2026-11-23T19:03:55.192875+00:00", b"vm", b"nginx"),
        senders.CLF,
    ),
    "rsyslog ForwardFormat": (
        senders.RSYSLOG_FORWARD,
        Header(13, b"2026-11-23T19:03:55.192875+00:00", b"vm", b"nginx"),
        senders.CLF,
    ),
    "rsyslog TAB": (
        senders.RSYSLOG_TAB,
        Header(13, BSD, b"vm", b"nginx"),
        b'tab\there "x"',
    ),
    "rsyslog cut tag": (
        senders.RSYSLOG_LONG_TAG,
        Header(13, BSD, b"vm", b"averyveryveryveryverylongtagname"),
        senders.CLF,
    ),
    "syslog-ng": (
        senders.SYSLOG_NG_3164,
        Header(13, b"Nov 23 19:11:09", b"vm", b"nginx"),
        senders.CLF,
    ),
    "syslog-ng 5424": (
        senders.SYSLOG_NG_5424,
        Header(13, b"2026-11-23T19:11:09+00:00", b"vm", b"nginx"),
        senders.CLF,
    ),
    "syslog-ng two lines": (
        senders.SYSLOG_NG_LINES,
        Header(13, b"2026-11-23T19:11:09+00:00", b"vm", b"nginx"),
        b"multi\nline\ttab",
    ),
    "syslog-ng mark": (
        senders.SYSLOG_NG_MARK,
        Header(46, b"Nov 23 19:11:09", b"vm", b""),
        b"-- MARK --",
    ),
    "syslog-ng mark 5424": (
        senders.SYSLOG_NG_MARK_5424,
        Header(46, b"2026-11-23T19:11:09+00:00", b"vm", b""),
        b"-- MARK --",
    ),
    "rsyslog's file": (
        b"2026-11-23T19:03:55.180061+00:00 vm haproxy[812]: " + senders.HAPROXY_CLF,
        Header(13, MICRO, b"vm", b"haproxy"),
        senders.HAPROXY_CLF,
    ),
    "rsyslog's traditional file": (
        b"Nov 23 19:03:55 vm nginx: " + senders.TIMED,
        Header(13, BSD, b"vm", b"nginx"),
        senders.TIMED,
    ),
    "Docker": (
        senders.DOCKER,
        Header(30, BSD, b"", b"web/4f5c1a2b9d0e"),
        senders.TIMED,
    ),
    "Docker image tag": (
        b"<30>Nov 23 19:03:55 nginx:1.27[9]: " + senders.CLF,
        Header(30, BSD, b"", b"nginx:1.27"),
        senders.CLF,
    ),
    "Caddy": (senders.CADDY, None, senders.CADDY),
    "bare CLF": (senders.CLF, None, senders.CLF),
    "bare with LF": (senders.CLF + b"\n", None, senders.CLF),
    "5424 all nil": (b"<0>1 - - - - - - x", Header(0, None, b"", b""), b"x"),
    "5424 no message": (
        b"<191>1 2026-11-23T19:03:55Z h a p m -",
        Header(191, b"2026-11-23T19:03:55Z", b"h", b"a"),
        b"",
    ),
    "5424 BOM": (b"<14>1 - h a - - - \xef\xbb\xbfx", Header(14, None, b"h", b"a"), b"x"),
    "5424 escaped ]": (
        rb'<14>1 - h a - - [x@1 k="\"a\] b\\"][y z="] ["] body [1]',
        Header(14, None, b"h", b"a"),
        b"body [1]",
    ),
    "JSON behind a host": (
        b'<13>Nov 23 19:03:55 vm {"a": 1}',
        Header(13, BSD, b"vm", b""),
        b'{"a": 1}',
    ),
    "JSON behind a stamp": (
        b'<13>Nov  3 19:03:55 {"a": 1}',
        Header(13, b"Nov  3 19:03:55", b"", b""),
        b'{"a": 1}',
    ),
    "IPv6 client without tag": (
        b"<13>2001:db8:: - - x",
        Header(13, None, b"", b""),
        b"2001:db8:: - - x",
    ),
    "priority and tag": (b"<13>app[1]: x: y", Header(13, None, b"", b"app"), b"x: y"),
    "priority only": (b"<13>x y", Header(13, None, b"", b""), b"x y"),
    "nothing behind": (b"<13>", Header(13, None, b"", b""), b""),
    "PRI 192": (b"<192>Nov 23 19:03:55 vm nginx: x", None, b"<192>Nov 23 19:03:55 vm nginx: x"),
    "PRI 013": (b"<013>x", None, b"<013>x"),
    "PRI empty": (b"<>x", None, b"<>x"),
    "empty": (b"\n", None, b""),
}


@pytest.mark.parametrize(("message", "header", "body"), SPLITS.values(), ids=SPLITS)
def test_each_sender_is_split_into_header_and_body(
    message: bytes, header: Header | None, body: bytes
) -> None:
    """The first time and when the header is remembered alike."""
    parser = SyslogParser()
    assert parser.split(message) == (header, body)
    assert parser.split(message) == (header, body)
    assert parser.split(message + b"\0") == (header, body)


def test_a_remembered_header_is_the_same_object() -> None:
    """A header that repeats is parsed once."""
    parser = SyslogParser()
    first, _ = parser.split(senders.NGINX)
    second, body = parser.split(senders.NGINX.replace(senders.TIMED, b"other: line"))
    assert second is first
    assert body == b"other: line"


def test_remembered_headers_are_bounded() -> None:
    """A sender that changes its tag with every message makes nothing grow."""
    parser = SyslogParser()
    for number in range(3 * MEMO_HEADERS):
        parser.split(b"<13>Nov 23 19:03:55 vm tag%d: x" % number)
    assert len(parser._memo) <= MEMO_HEADERS


PARTS = [b"<13>", b"<191>", b"1 ", b"2026-11-23T19:03:55", b"Z ", b"Nov 23 19:03:55 ", b"vm "]
PARTS += [b"nginx", b"[7]", b": ", b":", b" ", b"-", b"- ", b"[x@1 ", b'k="v"', b"] ", b"{"]
PARTS += [b"a" * 32, b"\xef\xbb\xbf", b"#011", b"\n", b"\xff", b"message repeated 2 times: ["]
WORDS = st.lists(st.sampled_from(PARTS), max_size=16).map(b"".join)


@given(st.lists(WORDS, max_size=6))
@example([b"<13>1 2026-11-23T19:03:55: x", b"<13>1 2026-11-23T19:03:55: h a p m - y"])
def test_what_was_seen_before_never_changes_a_split(messages: list[bytes]) -> None:
    """Memory is an optimisation: a fresh parser reads each message the same way."""
    parser = SyslogParser()
    for message in messages:
        assert parser.split(message) == SyslogParser().split(message)


@given(st.one_of(WORDS, st.binary(max_size=80), st.binary(max_size=40).map(b"<13>".__add__)))
@example(b"\xef\xbb\xbf")
def test_no_message_is_refused_and_bodies_are_their_ends(message: bytes) -> None:
    """Arbitrary bytes split without error; the body is the end of the message (row 19)."""
    header, body = SyslogParser().split(message)
    whole = message.rstrip(b"\r\n\0")
    if header is None:
        assert body == whole.removeprefix(b"\xef\xbb\xbf")
    else:
        assert whole.replace(b"#011", b"\t").endswith(body)
    assert noise(header, body) in (None, "error log", "notice")
    assert repeated(body)[0] >= 1
    header_second(header, 1795460635.0, UTC)


HOSTILE = {
    "quotes": b'<13>1 - h a - - [x k="' + b'"' * 65536,
    "brackets": b"<13>1 - h a - - " + b"[" * 65536,
    "backslashes": b'<13>1 - h a - - [x k="' + b"\\" * 65536,
    "elements": b"<13>1 - h a - - " + b'[x k="v"]' * 7000 + b"!",
    "no colon": b"<13>Nov 23 19:03:55 " + b"a" * 65536,
    "colons": b"<13>Nov 23 19:03:55 " + b":" * 65536,
    "spaces": b"<13>Nov 23 19:03:55 " + b" " * 65536 + b"x",
    "repeated": b"<13>Nov 23 19:03:55 vm t: message repeated 2 times: [ " + b"[" * 65536,
}


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
def test_long_hostile_messages_keep_their_length(message: bytes) -> None:
    """Nothing of a 64 KiB message without sense is lost or multiplied (row 22)."""
    header, body = SyslogParser().split(message)
    assert header is not None
    assert message.endswith(body)
    assert repeated(body) == (1, body)


def test_a_repeated_message_stands_for_as_many_lines_as_it_says() -> None:
    """rsyslog announces N further copies of the line it sent before."""
    _, body = SyslogParser().split(senders.RSYSLOG_REPEATED)
    assert repeated(body) == (2, senders.CLF)


@pytest.mark.parametrize(
    "body",
    [
        senders.CLF,
        b"message repeated 0 times: [ x]",
        b"message repeated 1000000 times: [ x]",
        b"message repeated 2 times: [ x",
        b"message repeated two times: [ x]",
        b"last message repeated 2 times",
    ],
)
def test_what_does_not_announce_a_believable_repeat_is_one_line(body: bytes) -> None:
    """One datagram cannot claim more than a million lines."""
    assert repeated(body) == (1, body)


NOISE = {
    "nginx error": (senders.NGINX_ERROR, "error log"),
    "nginx notice": (senders.NGINX_STARTING, "notice"),
    "nginx error in a bare line": (b"2026/11/23 19:03:55 [crit] 1#1: *3 x", "error log"),
    "Apache error": (
        b"[Mon Nov 23 19:03:55.123456 2026] [core:error] [pid 812:tid 1] AH00126: x",
        "error log",
    ),
    "Apache 2.2 error": (b"[Mon Nov 23 19:03:55 2026] [error] [client 1.2.3.4] x", "error log"),
    "Apache start": (
        b"[Mon Nov 23 19:03:55.123456 2026] [mpm_event:notice] [pid 1:tid 1] AH00489: x",
        "notice",
    ),
    "Apache by syslog": (b"<187>Nov 23 19:03:55 vm httpd: [ssl:warn] [pid 3] x", "error log"),
    "HAProxy stopped": (senders.HAPROXY_STOPPED, "notice"),
    "HAProxy server down": (
        b"<129>Nov 23 19:03:55 haproxy[7224]: Server be/s1 is DOWN, reason: Layer4",
        "notice",
    ),
    "HAProxy TLS": (
        b"<134>Nov 23 19:03:55 haproxy[1]: 127.0.0.1:4 [23/Nov/2026:19:03:55.1] web/1:"
        b" SSL handshake failure",
        "error log",
    ),
    "rsyslog start": (senders.RSYSLOG_START, "notice"),
    "syslog-ng start": (senders.SYSLOG_NG_START, "notice"),
    "syslog-ng mark": (senders.SYSLOG_NG_MARK, "notice"),
    "Caddy start": (b'{"level":"info","ts":1.5,"msg":"serving initial configuration"}', "notice"),
    "Caddy error": (b'{"level":"error","ts":1.5,"msg":"dial tcp: refused"}', "error log"),
    "Caddy access": (senders.CADDY, None),
    "access line": (senders.NGINX, None),
    "HAProxy without httplog": (
        b"<134>Nov 23 19:03:55 haproxy[1]: Connect from 127.0.0.1:4 to 127.0.0.1:80 (web/HTTP)",
        None,
    ),
    "another program": (b"<13>Nov 23 19:03:55 vm cron[2]: (root) CMD (true)", None),
    "junk": (b"\x16\x03\x01", None),
}


@pytest.mark.parametrize(("message", "expected"), NOISE.values(), ids=NOISE)
def test_lines_that_are_no_requests_are_named(message: bytes, expected: str | None) -> None:
    """Error-log lines and notices are filtered by name; unknown lines stay unknown."""
    assert noise(*SyslogParser().split(message)) == expected
