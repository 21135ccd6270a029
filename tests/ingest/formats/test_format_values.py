"""What the text of a field means, whatever a client sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logmond.ingest.formats.values import (
    client_of,
    method_and_path,
    path_of,
    redacted,
    section_of,
    status_of,
    unescaped,
)


@pytest.mark.parametrize(
    ("request_line", "method", "path"),
    [
        (b"GET / HTTP/1.1", b"GET", b"/"),
        (b"GET /pages/create?a=b HTTP/2.0", b"GET", b"/pages/create"),
        (b"GET /a#b HTTP/1.1", b"GET", b"/a"),
        (b"GET /a", b"GET", b"/a"),
        (b"GET / ", b"GET", b"/"),
        (b"POST /a b c HTTP/1.1", b"POST", b"/a b c"),
        (b"GET http://example.com/abs?x HTTP/1.1", b"GET", b"/abs"),
        (b"GET http://example.com HTTP/1.1", b"GET", b"/"),
        (b"GET http://example.com?x HTTP/1.1", b"GET", b"/"),
        (b"OPTIONS * HTTP/1.1", b"OPTIONS", b"*"),
        (b"CONNECT a:443 HTTP/1.1", b"CONNECT", b"-"),
        (b"PRI * HTTP/2.0", b"PRI", b"*"),
        (b"M-SEARCH * HTTP/1.1", b"M-SEARCH", b"*"),
        (b"VERSION-CONTROL /x HTTP/1.1", b"VERSION-CONTROL", b"/x"),
        (b"GET", b"GET", b"-"),
        (b"-", b"-", b"-"),
        (b"", b"-", b"-"),
        (b"- - HTTP/1.0", b"-", b"-"),
        (b"get / HTTP/1.1", b"-", b"-"),
        (b"<BADREQ>", b"-", b"-"),
        (rb"\x16\x03\x01\x02\x00", b"-", b"-"),
        (b"SSH-2.0-Go", b"-", b"-"),
        (b"A" * 21 + b" / HTTP/1.1", b"-", b"-"),
        (b"GET //etc/passwd HTTP/1.1", b"GET", b"//etc/passwd"),
    ],
)
def test_method_and_path_of_a_request_line(request_line: bytes, method: bytes, path: bytes) -> None:
    """Every request line has a method and a path, absent ones being "-"."""
    assert method_and_path(request_line) == (method, path)


@pytest.mark.parametrize(
    ("path", "section"),
    [
        (b"/", b"/"),
        (b"/pages", b"/pages"),
        (b"/pages/", b"/pages"),
        (b"/pages/create", b"/pages"),
        (b"/pages/create/x", b"/pages"),
        (b"//x", b"/"),
        (b"*", b"*"),
        (b"-", b"-"),
    ],
)
def test_section_is_the_path_up_to_its_second_slash(path: bytes, section: bytes) -> None:
    """A section ends before the second slash, and the root is its own."""
    assert section_of(path) == section


@pytest.mark.parametrize(
    ("client", "counted"),
    [
        (b"203.0.113.7", b"203.0.113.7"),
        (b"host.example", b"host.example"),
        (b"2001:db8:1:2:3:4:5:6", b"2001:db8:1:2::/64"),
        (b"2001:db8:1:2::1", b"2001:db8:1:2::/64"),
        (b"2001:DB8::1", b"2001:db8::/64"),
        (b"[2001:db8::1]", b"2001:db8::/64"),
        (b"[2001:db8::1]:4711", b"2001:db8::/64"),
        (b"203.0.113.7:4711", b"203.0.113.7"),
        (b"fe80::1%eth0", b"fe80::/64"),
        (b"::ffff:203.0.113.7", b"203.0.113.7"),
        (b"::1", b"::1"),
        (b"10.0.0.1, 10.0.0.2", b"10.0.0.1"),
        (b"unix:", b"unix:"),
        (b"not:an:address", b"not:an:address"),
        (b"\xff:\xfe", b"\xff:\xfe"),
        (b"-", b"-"),
        (b"", b"-"),
    ],
)
def test_client_is_counted_by_what_one_subscriber_holds(client: bytes, counted: bytes) -> None:
    """IPv6 addresses are counted by their /64, everything else as it is."""
    assert client_of(client) == counted


@pytest.mark.parametrize(
    ("status", "counted"),
    [(b"200", b"200"), (b"599", b"599"), (b"000", b"-"), (b"-1", b"-"), (b"-", b"-"), (b"", b"-")],
)
def test_status_without_a_response_is_absent(status: bytes, counted: bytes) -> None:
    """nginx's 000 and HAProxy's -1 mean that no response was sent."""
    assert status_of(status) == counted


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (rb"\x22x\x5Cy", rb'"x\y'),
        (rb"\"x\\y", rb'"x\y'),
        (rb"a\tb\n", b"a\tb\n"),
        (rb"\xc3\xa9", b"\xc3\xa9"),
        (rb"\u001B[0m \/", b"\x1b[0m /"),
        (rb"\u00e9", b"\xc3\xa9"),
        (rb"\q \x1", rb"\q \x1"),
        (b"plain", b"plain"),
        (b"ends\\", b"ends\\"),
    ],
)
def test_escapes_of_nginx_and_apache_are_undone(written: bytes, sent: bytes) -> None:
    """Values read as the client sent them, whichever server wrote them."""
    assert unescaped(written) == sent


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b'h "GET /a?secret=1 HTTP/1.1" 200', b'h "GET /a? HTTP/1.1" 200'),
        (b'h "GET /a?secret=1 2 3 HTTP/1.1" 200', b'h "GET /a? HTTP/1.1" 200'),
        (b'h "GET /a?x=\\"secret\\" y HTTP/1.1" 1', b'h "GET /a? HTTP/1.1" 1'),
        (b'"http://a/?secret" "ua"', b'"http://a/?" "ua"'),
        (b"GET /a?secret HTTP/1.1 200", b"GET /a? HTTP/1.1 200"),
        (b'GET /a?x=\\"secret\\" HTTP/1.1 200', b"GET /a? HTTP/1.1 200"),
        (b'GET /a?secret\\ "ua"', b'GET /a? "ua"'),
        (b'{"uri":"/a?secret=b c","x":1}', b'{"uri":"/a?","x":1}'),
        (b"no query", b"no query"),
    ],
)
def test_samples_show_no_query_strings(line: bytes, shown: bytes) -> None:
    """What follows a question mark is cut, the rest of the line stays."""
    assert redacted(line) == shown


@given(st.binary(max_size=200))
def test_no_bytes_upset_a_meaning(value: bytes) -> None:
    """Hostile input has a meaning too: it is never an exception."""
    method, path = method_and_path(value)
    assert method
    assert section_of(path_of(value)) == section_of(section_of(path_of(value)))
    assert client_of(value)
    assert len(unescaped(value)) <= len(value)
    assert len(redacted(value)) <= len(value)
    assert len(status_of(value)) in (1, 3)
    assert path
