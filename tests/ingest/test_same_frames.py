"""The same lines give the same frames and the same account, whatever road they take."""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from patience import eventually, within
from senders import NGINX_ERROR, TLS_BYTES, octet_counted
from twisted.internet import reactor
from twisted.internet.testing import MemoryReactorClock, StringTransport

from logmond.frame.frame import Delta, Exact
from logmond.ingest.formats.table import format_of
from logmond.ingest.intake import Intake
from logmond.ingest.kernel.names import Label
from logmond.ingest.kernel.python import PythonKernel
from logmond.ingest.ledger import Ledger
from logmond.ingest.scenarios import SCENARIOS, lines, syslog_message
from logmond.ingest.sources.file import FileSource
from logmond.ingest.sources.stdin import StdinSource
from logmond.ingest.sources.stream import StreamSource
from logmond.ingest.sources.table import listener

T0 = 1795453200
ARRIVAL = T0 + 60.0
LABEL = Label.of("bot", "user_agent", {"ai": ["GPTBot"]})

_SLICE = 40
"""Datagrams on their way at once; an unprivileged receive buffer holds about 160."""


def traffic() -> list[bytes]:
    """A crawler among visitors, a few lines of other formats, and what no format takes."""
    bot = SCENARIOS["bot"]
    made = [line for _, line in lines(bot, 1, T0, range(30))]
    made += [line for _, line in lines(bot, 1, T0, range(30, 33), form="json")]
    made += [line for _, line in lines(bot, 1, T0, range(33, 36), form="combined")]
    rest = made[-1].partition(b" ")[2]
    # More addresses in one block than a top admits.
    made += [b"198.18.%d.%d %b" % (*divmod(number, 250), rest) for number in range(600)]
    # The stamp of TLS_BYTES is two hours ahead.
    odd = [b"no access line", TLS_BYTES, NGINX_ERROR.partition(b"nginx: ")[2], b"caf\xe9 \x1b[0m"]
    for place in range(0, len(made), 25):
        made[place:place] = odd[: 1 + place % len(odd)]
    return made


TRAFFIC = traffic()
HEADED = [syslog_message(T0, line) for line in TRAFFIC]


def intake(spec: str = "auto") -> Intake:
    """A fresh intake, at a moment that stands still."""
    kernel = PythonKernel("web", format_of(spec), labels=[LABEL])
    return Intake("web", kernel, lambda: ARRIVAL)


def outcome(taken: Intake) -> tuple[Delta, Ledger]:
    """All that is known of the lines: their frames, and the account of the source.

    The account's movement is put into one second: lines that lay in a file
    move it where they count, what arrives moves it then.
    """
    delta = taken.take(int(ARRIVAL))
    moved = Exact()
    for exact in delta.exact.values():
        moved.merge(Exact(ledger=exact.ledger))
        exact.ledger = {}
    delta.exact = {second: exact for second, exact in delta.exact.items() if exact.cells}
    delta.exact.setdefault(int(ARRIVAL), Exact()).merge(moved)
    return delta, taken.ledger


def expected(spec: str = "auto") -> tuple[Delta, Ledger]:
    """The outcome of all lines in one chunk."""
    whole = intake(spec)
    whole.lines(b"".join(line + b"\n" for line in TRAFFIC))
    return outcome(whole)


async def poured(send: Callable[[bytes], int], data: bytes) -> None:
    """Write to a socket or pipe that does not block, as it takes it."""

    def some() -> bool:
        nonlocal data
        try:
            data = data[send(data) :]
        except BlockingIOError:
            return False
        return not data

    await eventually(10, some)


def connected(kind: socket.SocketKind, place: Any) -> socket.socket:
    """A client of a path or a (host, port), which does not block."""
    family = socket.AF_UNIX if isinstance(place, str) else socket.AF_INET
    client = socket.socket(family, kind)
    client.connect(place)
    client.setblocking(False)
    return client


async def arrived(taken: Intake, count: int) -> None:
    """Wait until so many messages were received."""
    totals = taken.ledger.totals
    await eventually(10, lambda: totals["received"] >= count, lambda: dict(totals))


async def datagrams(url: str, messages: Sequence[bytes], taken: Intake) -> None:
    """One datagram a message, to a source listening on `url`."""
    source: Any = listener(url, taken, reactor)
    source.open()
    place = url.partition("://")[2] if url.startswith("unix") else ("127.0.0.1", source.port)
    with connected(socket.SOCK_DGRAM, place) as client:
        for begin in range(0, len(messages), _SLICE):
            for message in messages[begin : begin + _SLICE]:
                await poured(client.send, message)
            await arrived(taken, min(begin + _SLICE, len(messages)))
        await within(5, source.close())


async def stream(url: str, data: bytes, taken: Intake) -> None:
    """All bytes on one connection to a source listening on `url`, in pieces of odd lengths."""
    source: Any = listener(url, taken, reactor)
    source.open()
    place = url.partition("://")[2] if url.startswith("unix") else ("127.0.0.1", source.port)
    with connected(socket.SOCK_STREAM, place) as client:
        for begin in range(0, len(data), 4093):
            await poured(client.send, data[begin : begin + 4093])
        await arrived(taken, len(TRAFFIC))
    await within(5, source.close())


async def by_udp(folder: Path, taken: Intake) -> None:
    """Bare lines."""
    await datagrams("udp://127.0.0.1:0", TRAFFIC, taken)


async def by_syslog_udp(folder: Path, taken: Intake) -> None:
    """As nginx sends them."""
    await datagrams("udp://127.0.0.1:0", HEADED, taken)


async def by_unix_datagram(folder: Path, taken: Intake) -> None:
    """As nginx sends them."""
    await datagrams(f"unixgram://{folder}/socket", HEADED, taken)


async def by_tcp(folder: Path, taken: Intake) -> None:
    """With a header, each ended by LF."""
    await stream("tcp://127.0.0.1:0", b"".join(m + b"\n" for m in HEADED), taken)


async def by_unix_stream(folder: Path, taken: Intake) -> None:
    """Bare, each ended by LF."""
    await stream(f"unix://{folder}/socket", b"".join(m + b"\n" for m in TRAFFIC), taken)


async def by_file(folder: Path, taken: Intake) -> None:
    """From a file that is there."""
    (folder / "log").write_bytes(b"".join(line + b"\n" for line in TRAFFIC))
    source = FileSource("web", [f"{folder}/log"], taken, "beginning", reactor)
    source.open()
    source.tick()
    await arrived(taken, len(TRAFFIC))
    await within(5, source.close())


async def by_growing_file(folder: Path, taken: Intake) -> None:
    """From a file that grows by pieces, most of which end within a line."""
    data = b"".join(line + b"\r\n" for line in TRAFFIC)
    source = FileSource("web", [f"{folder}/log"], taken, reactor=reactor)
    source.open()
    with (folder / "log").open("wb", buffering=0) as log:
        for begin in range(0, len(data), 7919):
            log.write(data[begin : begin + 7919])
            source.tick()
            await arrived(taken, data[: begin + 7919].count(b"\n"))
    await within(5, source.close())


async def by_stdin(folder: Path, taken: Intake) -> None:
    """Through a pipe, until its end."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    source = StdinSource(taken, reactor, descriptor=reading)
    source.open()
    for begin in range(0, len(TRAFFIC), _SLICE):
        data = b"".join(line + b"\n" for line in TRAFFIC[begin : begin + _SLICE])
        await poured(lambda rest: os.write(writing, rest), data)
    os.close(writing)
    await within(5, source.ended)
    os.close(reading)


ROADS: list[Callable[[Path, Intake], Awaitable[None]]] = [
    by_udp,
    by_syslog_udp,
    by_unix_datagram,
    by_tcp,
    by_unix_stream,
    by_file,
    by_growing_file,
    by_stdin,
]


@pytest.mark.parametrize("road", ROADS)
@pytest_twisted.ensureDeferred
async def test_every_road_gives_the_same_frames(
    road: Callable[[Path, Intake], Awaitable[None]], tmp_path: Path
) -> None:
    """Real sources on the reactor; what they hand over is counted alike to the last sample."""
    taken = intake()
    await road(tmp_path, taken)
    assert outcome(taken) == expected()


def test_the_lines_are_what_the_roads_are_compared_by() -> None:
    """Some are counted, filtered, not believed and rejected; none vanishes."""
    delta, ledger = expected()
    counted = sum(exact.hits for exact in delta.exact.values())
    assert ledger.totals["received"] == len(TRAFFIC)
    assert ledger.totals["counted"] == counted
    assert ledger.balanced
    assert min(ledger.totals[kind] for kind in ("unparsed", "filtered", "skewed")) > 10
    assert len({key[-1] for exact in delta.exact.values() for key in exact.cells}) == 2
    assert any(top.error for part in delta.bounded.values() for top in part.tops.values())


FRAMINGS: dict[str, Callable[[bytes], bytes]] = {
    "lf": lambda message: message + b"\n",
    "crlf": lambda message: message + b"\r\n",
    "nul": lambda message: message + b"\0",
    "octet-counted": octet_counted,
    "octet-counted-lf": lambda message: octet_counted(message, b"\n"),
}


def through(pieces: Sequence[bytes]) -> Intake:
    """What a connection counts whose bytes come in these pieces."""
    taken = intake()
    source = StreamSource("tcp://127.0.0.1:0", taken, MemoryReactorClock())
    protocol = source.buildProtocol(None)
    protocol.makeConnection(StringTransport())
    for piece in pieces:
        protocol.dataReceived(piece)
    return taken


@pytest.mark.parametrize("framing", FRAMINGS.values(), ids=FRAMINGS)
def test_a_stream_byte_by_byte_gives_the_same_frames(framing: Callable[[bytes], bytes]) -> None:
    """Every framing senders use, cut at every byte."""
    data = b"".join(map(framing, HEADED))
    assert outcome(through([data[at : at + 1] for at in range(len(data))])) == expected()


def test_a_stream_cut_anywhere_gives_the_same_frames() -> None:
    """All framings on one connection, each cut into two at each of its bytes."""
    framings = [*FRAMINGS.values(), lambda message: message.partition(b"nginx: ")[2] + b"\n"]
    some = HEADED[::211]
    data = b"".join(framings[n % len(framings)](message) for n, message in enumerate(some))
    whole = outcome(through([data]))
    assert whole[1].totals["received"] == len(some)
    for cut in range(len(data)):
        assert outcome(through([data[:cut], data[cut:]])) == whole, data[max(0, cut - 20) : cut]
