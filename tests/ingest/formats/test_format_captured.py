"""Lines that real servers wrote, against what their clients sent and got.

Captured from Debian 12's nginx 1.22.1 (``combined``), Apache 2.4
(``vhost_combined``), HAProxy 2.6.12 (``option httplog``, with and without a
captured header, over UDP), lighttpd 1.4.69 (its default), Squid 5.7 (its default,
as a forward proxy of nginx) and Caddy 2.6.2 (JSON). One client sent each of them
the same hundred requests and more: odd paths, quotes, backslashes, UTF-8, TABs
and 400 bytes in the headers, hosts with ports, no host, HTTP/1.0, TLS bytes, junk.

A fixture line is ``{"line": ..., "sent": {...}}``; ``sent`` is what the client knows
of the request by itself. Of requests answered 400 it is the status alone: the
server gave up before it had read the rest. Bytes stand as Latin-1.
"""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from logmond.ingest.formats.detection import candidates, detect
from logmond.ingest.formats.presets import preset
from logmond.ingest.formats.record import record_of
from logmond.ingest.syslog import SyslogParser

CAPTURED = Path(__file__).parent / "captured"
PRESET_OF = {
    "nginx": "combined",
    "apache": "vhost-combined",
    "haproxy": "haproxy-http",
    "lighttpd": "lighttpd",
    "squid": "squid",
    "caddy": "caddy",
}


def captured(server: str) -> list[tuple[bytes, dict[str, Any]]]:
    """Each line without its syslog header, and what its client knows of it."""
    parser = SyslogParser()
    found = []
    for text in (CAPTURED / f"{server}.jsonl").read_text(encoding="ascii").splitlines():
        row = json.loads(text)
        found.append((parser.split(row["line"].encode("latin-1"))[1], row["sent"]))
    return found


@pytest.mark.parametrize("server", PRESET_OF)
def test_every_line_a_server_wrote_says_what_its_client_sent(server: str) -> None:
    """Method, path, status, bytes, headers and host: field by field, line by line."""
    fmt = preset(PRESET_OF[server])
    rows = captured(server)
    told = sum(len(sent) > 1 for _, sent in rows)
    assert len(rows) >= 100
    assert told >= 90
    for line, sent in rows:
        record = record_of(fmt, line, UTC)
        assert record is not None, line
        assert {key: record[key] for key in sent} == sent, line
        assert record["client"] == "127.0.0.1"
        assert record["time"] is not None


@pytest.mark.parametrize("server", PRESET_OF)
def test_lines_of_a_server_are_known_as_its_own(server: str) -> None:
    """The lines decide on their format, far ahead of any other that reads them otherwise."""
    found = detect([line for line, _ in captured(server)])
    assert found.format is not None, found.reason
    assert found.format.name == PRESET_OF[server]
    assert found.confidence >= 0.9
    assert found.runner_up_confidence <= 0.1


@pytest.mark.parametrize("server", PRESET_OF)
def test_no_other_preset_takes_lines_of_a_server(server: str) -> None:
    """Under auto a line is read by its own preset, or by one that reads less of the same."""
    allowed = {PRESET_OF[server], *(["json"] if server == "caddy" else [])}
    unread = []
    for line, _ in captured(server):
        readers = {fmt.name for fmt in candidates() if fmt.row(line) is not None}
        if server == "lighttpd":
            # Without a host its lines are combined ones; a bare address as the host
            # could be a proxy's in somebody's own format, so auto leaves it.
            assert readers in ({"lighttpd"}, {"combined"}, set())
            unread += [] if readers else [line]
        else:
            assert PRESET_OF[server] in readers <= allowed, line
    assert len(unread) <= 1
