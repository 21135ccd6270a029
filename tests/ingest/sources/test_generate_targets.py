"""Made-up lines go to files and sockets as they are: full, slow, gone and back."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import pytest_twisted
from patience import eventually, within
from twisted.internet import reactor

from logmond.errors import SourceError
from logmond.ingest.formats.detection import detect
from logmond.ingest.sources.generate import generate
from logmond.ingest.sources.stream import StreamSource
from logmond.ingest.sources.targets import StreamTarget, open_target
from logmond.ingest.sources.udp import UdpSource
from logmond.testing import RecordingIntake

T0 = 1795453200.0


@pytest_twisted.ensureDeferred
async def test_a_file_is_appended_to(tmp_path: Path) -> None:
    """What is there stays; whole lines follow it."""
    path = tmp_path / "access.log"
    path.write_bytes(b"before\n")
    done = await within(10, generate(str(path), 200, reactor=reactor, seconds=0.2))
    first, *rest = path.read_bytes().splitlines()
    assert first == b"before"
    assert len(rest) == done.lines == 40
    assert detect(rest).format.name == "nginx-timed"


@pytest_twisted.ensureDeferred
async def test_udp_carries_one_syslog_message_a_datagram() -> None:
    """A real listener receives them all."""
    intake = RecordingIntake()
    source = UdpSource("udp://127.0.0.1:0", intake, reactor)
    source.open()
    to = f"udp://127.0.0.1:{source.port}"
    done = await within(10, generate(to, 200, reactor=reactor, seconds=0.2))
    await eventually(5, lambda: len(intake.taken) == 40)
    await source.close()
    assert (done.lines, done.refused) == (40, 0)
    assert all(message.startswith(b"<190>") and b" demo nginx: " in message
               for message in intake.taken)  # fmt: skip


@pytest_twisted.ensureDeferred
async def test_tcp_carries_lines_and_is_flushed_at_the_end() -> None:
    """A real listener has all of them once it is over."""
    intake = RecordingIntake()
    source = StreamSource("tcp://127.0.0.1:0", intake, reactor)
    source.open()
    to = f"tcp://127.0.0.1:{source.port}"
    done = await within(10, generate(to, 5000, reactor=reactor, seconds=0.2))
    await eventually(5, lambda: len(intake.taken) == 1000)
    await source.close()
    assert done.lines == 1000
    assert intake.ledger.totals["cut"] == 0


@pytest_twisted.ensureDeferred
async def test_a_unix_datagram_socket_that_is_full_slows_it_down(tmp_path: Path) -> None:
    """The kernel queues few; the rest waits until the reader comes."""
    path = str(tmp_path / "s.sock")
    reader = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    reader.bind(path)
    reader.setblocking(False)
    target = await within(5, open_target(f"unixgram://{path}", reactor))
    lines = [b"%d" % number for number in range(5000)]
    taken = target.send(int(T0), lines)
    assert 0 < taken < 5000
    for number in range(taken):
        assert reader.recv(1000).endswith(b" nginx: %d" % number)
    assert target.send(int(T0), lines[taken:]) > 0
    await target.close()
    reader.close()


@pytest_twisted.ensureDeferred
async def test_a_unix_listener_that_comes_back_is_found_again(tmp_path: Path) -> None:
    """Messages meanwhile are refused, and counted; they are not sent later."""
    path = str(tmp_path / "s.sock")
    first = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    first.bind(path)
    target = await within(5, open_target(f"unixgram://{path}", reactor))
    first.close()
    assert target.send(int(T0), [b"lost", b"lost"]) == 2
    assert target.refused == 2
    Path(path).unlink()
    second = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    second.bind(path)
    assert target.send(int(T0), [b"found", b"again"]) == 2
    assert second.recv(1000).endswith(b"found")
    assert second.recv(1000).endswith(b"again")
    await target.close()
    second.close()


@pytest_twisted.ensureDeferred
async def test_a_tcp_reader_that_stops_reading_is_not_written_to_for_ever() -> None:
    """The target says it is full after a buffer's worth, and closing it does not hang."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    target = await within(5, open_target(f"tcp://127.0.0.1:{port}", reactor))
    assert isinstance(target, StreamTarget)
    lines = [b"x" * 1000] * 500
    written = 0
    while target.send(int(T0), lines):
        written += 1
        assert written < 1000
    closing = target.close()
    closing.addErrback(lambda _: None)
    closing.cancel()
    await eventually(5, lambda: target._lost is not None)
    with pytest.raises(SourceError, match="connection was lost"):
        target.send(int(T0), lines)
    listener.close()


@pytest.mark.parametrize("scheme", ["udp", "tcp", "unixgram", "unix"])
@pytest_twisted.ensureDeferred
async def test_nobody_at_the_address_is_said(scheme: str, tmp_path: Path) -> None:
    """TCP and unix sockets fail at once, naming the address; UDP counts what was refused."""
    probe = socket.create_server(("127.0.0.1", 0))
    port = probe.getsockname()[1]
    probe.close()
    path = tmp_path / "s.sock"
    to = f"{scheme}://{path}" if "unix" in scheme else f"{scheme}://127.0.0.1:{port}"
    if scheme == "udp":
        done = await within(10, generate(to, 100, reactor=reactor, seconds=0.2))
        assert done.refused > 0
        assert "nobody listens" in str(done)
        return
    with pytest.raises(SourceError, match=f"{to}: cannot be reached: .*(refused|No such file)"):
        await within(10, generate(to, 100, reactor=reactor, seconds=0.2))
