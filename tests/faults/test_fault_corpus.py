"""Lines of NUL, bad UTF-8, TLS bytes and binary are counted once each, by every road."""

from __future__ import annotations

import random
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from daemon import Daemon, prepared_daemons
from ledgers import Movement
from numbered import line
from patience import until
from processes import free_port

_TLS_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\xa7\xf5\x9e"

# What stands in the place of a field's text. Nothing here holds NUL, LF or a quote.
_HOSTILE = {
    "invalid UTF-8": b"/\xff\xfe\xc3",
    "an overlong slash": b"/\xc0\xaf..",
    "a surrogate in UTF-8": b"/\xed\xa0\x80",
    "TLS bytes": b"\x16\x03\x01\x02\x01\x01\xfc\x03\x03",
    "TLS bytes as nginx escapes them": rb"\x16\x03\x01\x02\x00\x01\x00",
    "TLS bytes as Apache escapes them": rb"\x16\x03\x01\x02\"\\",
    "terminal escapes": b"\x1b]0;owned\x07\x1b[2J",
    "C1 controls": b"\xc2\x9b31m",
    "right-to-left override": "/\u202egpj.exe".encode(),
    "line separators": "/a\u2028b\u2029c\x0b\x0c\x85d".encode(),
    "a CR within": b"/a\rb",
    "TAB and DEL": b"/a\tb\x7f",
    "no text at all": b"",
    "every other byte": bytes(set(range(1, 256)) - set(b'\n"\\')),
    "60 KiB": b"/" + b"\xf0" * 60_000,
}
_NULS = {
    "a NUL within": b"/a\0b",
    "a TLS client's first bytes": _TLS_HELLO,
    "every byte": bytes(set(range(256)) - set(b'\n"\\')),
}


def _in_every_field(text: bytes) -> Iterator[bytes]:
    """Lines whose request, referrer and user agent are `text`, in turn."""
    fine = line(1)
    request, agent = b'"GET /s1/1 HTTP/1.1"', b'"-" "-"'
    assert request in fine
    assert agent in fine
    yield fine.replace(request, b'"%b"' % text)
    yield fine.replace(request, b'"GET %b HTTP/1.1"' % text)
    yield fine.replace(agent, b'"%b" "-"' % text)
    yield fine.replace(agent, b'"-" "%b"' % text)


def _binary(seed: int) -> Iterator[bytes]:
    """Messages that are no access line: random bytes without LF or NUL, and some chosen ones."""
    drawn = random.Random(seed)
    bytes_allowed = bytes(range(1, 256)).replace(b"\n", b"").replace(b"\r", b"")
    for length in (1, 2, 3, 40, 300, 3000, 30_000):
        yield bytes(drawn.choices(bytes_allowed, k=length))
    yield b"\xff" * 1000
    yield b'"' * 500
    yield b"\\" * 500
    yield b"[" * 500
    yield b"<13>"[:3]
    yield line(1)[:-1] + b"\xff"
    yield line(1)[:40]


COUNTED = [line for text in _HOSTILE.values() for line in _in_every_field(text)]
COUNTED_WITH_NUL = [line for text in _NULS.values() for line in _in_every_field(text)]
UNPARSED = list(_binary(1))


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The unix socket and the log file."""
    folder = tmp_path_factory.mktemp("corpus")
    (folder / "access.log").touch()
    return folder / "log.sock", folder / "access.log"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, paths: tuple[Path, Path]) -> Iterator[Daemon]:
    """A daemon with one source for each road."""
    port = free_port(socket.SOCK_DGRAM)
    sources: list[dict[str, Any]] = [
        {"name": "udp", "listen": [f"udp://localhost:{port}"]},
        {"name": "tcp", "listen": [f"tcp://localhost:{port}"]},
        {"name": "unixgram", "listen": [f"unixgram://{paths[0]}"]},
        {"name": "file", "files": [str(paths[1])]},
    ]
    with prepared_daemons(tmp_path_factory.mktemp("daemon")) as prepare:
        yield prepare({"sources": sources}).start()


def _port(daemon: Daemon, source: str) -> int:
    return int(daemon.source(source)["address"].rpartition(":")[2])


def _by_udp(daemon: Daemon, messages: list[bytes], _: tuple[Path, Path]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for message in messages:
            sender.sendto(message, ("127.0.0.1", _port(daemon, "udp")))


def _by_tcp(daemon: Daemon, messages: list[bytes], _: tuple[Path, Path]) -> None:
    with socket.create_connection(("127.0.0.1", _port(daemon, "tcp"))) as sender:
        sender.sendall(b"".join(message + b"\n" for message in messages))


def _by_unixgram(daemon: Daemon, messages: list[bytes], paths: tuple[Path, Path]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect(str(paths[0]))
        for message in messages:  # blocks while the queue is full
            sender.sendall(message)


def _by_file(daemon: Daemon, messages: list[bytes], paths: tuple[Path, Path]) -> None:
    with paths[1].open("ab") as file:
        file.write(b"".join(message + b"\n" for message in messages))


Send = Callable[[Daemon, list[bytes], tuple[Path, Path]], None]
ROADS: dict[str, tuple[Send, bool]] = {
    "udp": (_by_udp, True),
    "unixgram": (_by_unixgram, True),
    "file": (_by_file, True),
    "tcp": (_by_tcp, False),  # where NUL ends a message
}


@pytest.mark.parametrize("road", ROADS)
def test_hostile_lines_are_counted_once_each(
    daemon: Daemon, paths: tuple[Path, Path], road: str
) -> None:
    """Each is counted, or rejected with a sample; nothing is logged, nothing acts on a terminal."""
    send, takes_nul = ROADS[road]
    counted = COUNTED + (COUNTED_WITH_NUL if takes_nul else [])
    ledger = Movement(daemon, road)
    send(daemon, counted, paths)
    ledger.until(counted=len(counted))
    send(daemon, UNPARSED, paths)
    said = ledger.until(counted=len(counted), unparsed=len(UNPARSED))
    assert said["samples"]["unparsed"]
    shown = [
        *daemon.ask(f"samples {road}"),
        *daemon.ask(f"sources {road}"),
        *daemon.ask("top path"),
    ]
    assert not re.search("[\0-\x1f\x7f-\x9f\u2028-\u202e]", "".join(shown))
    assert "Traceback" not in daemon.process.output


def test_nul_ends_a_message_on_a_stream(daemon: Daemon, paths: tuple[Path, Path]) -> None:
    """Over TCP a NUL within a line makes two messages of it, each counted once."""
    ledger = Movement(daemon, "tcp")
    whole = line(1) + b"\0" + line(2) + b"\0"
    _by_tcp(daemon, [whole, line(3).replace(b"/3 ", b"/\0 ")], paths)
    ledger.until(counted=2, unparsed=2)


def test_hostile_lines_outlive_a_restart(daemon: Daemon, paths: tuple[Path, Path]) -> None:
    """What was counted of them is the same after it was written to the state and read again."""
    _by_tcp(daemon, COUNTED, paths)
    questions = ("stats 1h by section", "top path 1h 100", "top user_agent 1h 100", "top client 1h")

    def told() -> list[Any]:
        replies = [daemon.json(question) for question in questions]
        for moving in ("from", "to", "coverage"):
            replies[0].pop(moving)
        return replies

    total = sum(daemon.source(road)["counted"] for road in ROADS)
    until(20, lambda: daemon.json("stats 1h")["hits"] >= total, lambda: daemon.json("stats 1h"))
    before = told()
    assert before[0]["hits"] == total
    assert daemon.stop() == 0
    daemon.start()
    assert told() == before
    assert "Traceback" not in daemon.process.output
