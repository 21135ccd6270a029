"""What every sender sends, in every framing, cut anywhere: the same record, nothing being set."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
import senders
from senders import octet_counted

from logmond.ingest.formats.detection import candidates
from logmond.ingest.formats.record import record_of
from logmond.ingest.framing import StreamFramer
from logmond.ingest.syslog import SyslogParser, repeated

CLF: dict[str, Any] = {
    "time": "2026-11-23T19:03:55Z",
    "client": "127.0.0.1",
    "method": "GET",
    "path": "/api/x",
    "status": 200,
    "bytes": 3,
    "user_agent": 'Mozilla "q" \\x',
    "duration_s": None,
}
TIMED = {**CLF, "duration_s": 0.0}
TLS = {**TIMED, "method": None, "path": None, "status": 400, "bytes": 157, "user_agent": None}
TLS["duration_s"] = 0.003
HAPROXY = {**CLF, "path": "/hap", "bytes": 125, "user_agent": None, "duration_s": 0.0}
CADDY = {
    **CLF,
    "time": "2026-11-23T19:03:55Z",
    "user_agent": None,
    "vhost": "a.example",
    "duration_s": 0.0012,
}

SENT: dict[str, tuple[bytes, dict[str, Any]]] = {
    "nginx": (senders.NGINX, TIMED),
    "nginx nohostname": (senders.NGINX_NOHOSTNAME, CLF),
    "nginx RFC 5424": (senders.NGINX_5424, TIMED),
    "nginx RFC 5424 nohostname": (senders.NGINX_5424_NOHOSTNAME, TIMED),
    "nginx TLS bytes": (senders.NGINX_TLS, TLS),
    "HAProxy": (senders.HAPROXY.rstrip(b"\n"), HAPROXY),
    "logger -n": (senders.LOGGER_5424, CLF),
    "logger -n -i": (senders.LOGGER_PID, CLF),
    "logger --rfc3164": (senders.LOGGER_3164, CLF),
    "rsyslog": (senders.RSYSLOG_3164, CLF),
    "rsyslog RFC 5424": (senders.RSYSLOG_5424, CLF),
    "rsyslog ForwardFormat": (senders.RSYSLOG_FORWARD, CLF),
    "rsyslog repeated": (senders.RSYSLOG_REPEATED, CLF),
    "rsyslog cut tag": (senders.RSYSLOG_LONG_TAG, CLF),
    "rsyslog of RFC 5424": (senders.RSYSLOG_OF_5424, CLF),
    "rsyslog of RFC 5424, JSON": (senders.RSYSLOG_OF_5424_NO_PID, CADDY),
    "syslog-ng": (senders.SYSLOG_NG_3164, CLF),
    "syslog-ng RFC 5424": (senders.SYSLOG_NG_5424, CLF),
    "Docker": (senders.DOCKER, TIMED),
    "Caddy": (senders.CADDY, CADDY),
    "bare": (senders.CLF, CLF),
    "bare from Apache": (senders.APACHE, CLF),
}


def framings(message: bytes) -> list[bytes]:
    """The message as streams carry it; octets are counted where a priority begins it."""
    framed = [message + end for end in (b"\n", b"\r\n", b"\0")]
    if message.startswith(b"<"):
        framed += [
            octet_counted(message),
            octet_counted(message, b"\n"),
            octet_counted(message) + b"\n",
        ]
    return framed


def record(message: bytes) -> dict[str, Any] | None:
    """What ``format: auto`` reads in a message."""
    body = repeated(SyslogParser().split(message)[1])[1]
    return next((found for fmt in candidates() if (found := record_of(fmt, body, UTC))), None)


@pytest.mark.parametrize(("message", "expected"), SENT.values(), ids=SENT)
def test_every_sender_gives_its_record_in_every_framing_at_every_cut(
    message: bytes, expected: dict[str, Any]
) -> None:
    """Between neighbours of other framings, cut into two pieces at each of its bytes."""
    before, behind = senders.CLF + b"\n", octet_counted(senders.NGINX)
    for framed in framings(message):
        stream = before + framed + behind
        for cut in range(len(before), len(before) + len(framed) + 1):
            framer = StreamFramer()
            messages = framer.feed(stream[:cut]) + framer.feed(stream[cut:])
            assert messages == [senders.CLF, message, senders.NGINX]
            assert framer.close() == b""
    for datagram in (message, message + b"\n", message + b"\0"):
        found = record(datagram)
        assert found is not None
        assert {key: found[key] for key in expected} == expected
