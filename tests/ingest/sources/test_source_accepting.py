"""Listeners that may take no more connections: the rest waits, none is lost, nothing spins."""

from __future__ import annotations

import errno
import socket
from typing import Any

import pytest
import pytest_twisted
from patience import eventually, within
from streampeers import Peers, opened
from twisted.internet.testing import MemoryReactorClock

from logmond.ingest.sources.stream import StreamSource
from logmond.testing import RecordingIntake


@pytest_twisted.ensureDeferred
async def test_connections_over_the_limit_wait_and_lose_nothing(peers: Peers) -> None:
    """The source says so; a place that becomes free goes to the one that waits."""
    intake = RecordingIntake()
    source = opened(intake, max_connections=2)
    first, second, third = (peers.connect(("127.0.0.1", source.port)) for _ in range(3))
    third.send(b"patient\n")
    first.send(b"one\n")
    second.send(b"two\n")
    await eventually(5, lambda: len(intake.taken) == 2, lambda: intake.taken)
    source.tick()
    assert source.health().state == "degraded"
    assert not source.health().broken
    assert "2 connections are open, the most allowed" in source.health().reason
    first.close()
    await eventually(5, lambda: b"patient" in intake.taken, lambda: intake.taken)
    second.close()
    await eventually(5, lambda: len(source.connections) == 1)
    source.tick()
    assert source.health().state == "ok"
    await within(5, source.close())


def test_running_out_of_descriptors_does_not_spin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accepting stops until the next second, and the source says what to raise."""
    clock = MemoryReactorClock()
    source = StreamSource("tcp://127.0.0.1:0", RecordingIntake(), clock)
    source.open()
    [acceptor] = list(clock.readers)

    class Exhausted:
        def accept(self) -> Any:
            raise OSError(errno.EMFILE, "Too many open files")

    listening, acceptor.socket = acceptor.socket, Exhausted()  # type: ignore[assignment]
    acceptor.doRead()
    assert not clock.readers
    acceptor.socket = listening
    source.tick()
    assert "LimitNOFILE" in source.health().reason
    assert clock.readers == {acceptor}
    source.tick()
    assert source.health().state == "ok"
    assert source.close().called


def test_a_connection_there_is_no_descriptor_for_is_held() -> None:
    """It is accepted and cannot be adopted: not dropped, but handed over as soon as it can be."""
    clock, adopted = MemoryReactorClock(), []
    source = StreamSource("tcp://127.0.0.1:0", RecordingIntake(), clock)
    source.open()
    [acceptor] = list(clock.readers)

    def refuse(*_: Any) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    def adopt(descriptor: int, *_: Any) -> None:
        adopted.append(socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM))

    clock.adoptStreamConnection = refuse
    with (
        socket.create_connection(("127.0.0.1", source.port)) as first,
        socket.create_connection(("127.0.0.1", source.port)) as second,
    ):
        for peer in (first, second):
            peer.sendall(b"sent before anybody reads")
        acceptor.doRead()
        for _ in range(2):
            source.tick()
            assert "LimitNOFILE" in source.health().reason
            assert not clock.readers
        clock.adoptStreamConnection = adopt
        source.tick()
        assert clock.readers == {acceptor}
        acceptor.doRead()
        assert [each.recv(100) for each in adopted] == [b"sent before anybody reads"] * 2
        assert source.close().called
        for each in adopted:
            each.close()
