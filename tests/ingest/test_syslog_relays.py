"""What relays make of headers that came to them in another form."""

from __future__ import annotations

import pytest
import senders

from logmond.ingest.syslog import Header, SyslogParser

BSD = b"Nov 23 19:03:55"
BOM = b"\xef\xbb\xbf"
VM = b"<13>Nov 23 19:03:55 vm "

TAGGED = {
    "process id": (senders.RSYSLOG_OF_5424, b"app", senders.CLF),
    "no process id": (senders.RSYSLOG_OF_5424_NO_PID, b"app", senders.CADDY),
    "point and process id": (VM + b"my.app[7] " + senders.CLF, b"my.app", senders.CLF),
    "byte order mark behind a colon": (VM + b"app: " + BOM + senders.CLF, b"app", senders.CLF),
    "repetition": (
        VM + b"app message repeated 2 times: [ x]",
        b"app",
        b"message repeated 2 times: [ x]",
    ),
}

UNTAGGED = {
    "a client's name": b"localhost - - [x] y",
    "a virtual host": b"a.example ::1 - - [x] y",
    "a repetition": b"message repeated 2 times: [ x]",
    "a client's address": senders.CLF,
}


@pytest.mark.parametrize(("message", "tag", "body"), TAGGED.values(), ids=TAGGED)
def test_a_tag_without_a_colon_is_a_tag(message: bytes, tag: bytes, body: bytes) -> None:
    """rsyslog writes none behind the APP-NAME of RFC 5424, and keeps its byte order mark."""
    header, rest = SyslogParser().split(message)
    assert header is not None
    assert (header.host, header.tag, rest) == (b"vm", tag, body)


@pytest.mark.parametrize("body", UNTAGGED.values(), ids=UNTAGGED)
def test_the_first_word_of_a_line_is_no_tag(body: bytes) -> None:
    """Behind a host alone stands the line."""
    assert SyslogParser().split(VM + body) == (Header(13, BSD, b"vm", b""), body)


def test_a_byte_order_mark_without_a_header_is_dropped() -> None:
    """As some senders write it in front of bare JSON."""
    assert SyslogParser().split(BOM + senders.CADDY) == (None, senders.CADDY)
