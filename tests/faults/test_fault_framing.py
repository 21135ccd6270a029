"""A peer that breaks the framing costs its own connection and its own message, no memory."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from time import time

import pytest
from daemon import Daemon, prepared_daemons
from ledgers import Movement
from numbered import line
from patience import until
from processes import free_port
from resources import MIB, peak_bytes, reset_peak, resident_bytes

from logmond.ingest.sources.unended import MAX_BYTES
from logmond.telemetry import moment

_IMPOSSIBLE = [
    b"9999999 <13>x",
    b"65537 <13>x",  # one over the cap
    b"-5 <13>x",
    b"1" * 1000 + b" <13>x",
    b"2 <13>x",  # less than its own priority
]
_CAP = 65536
_BLOCK = b"x" * MIB


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with the source "web" on TCP."""
    listen = [f"tcp://localhost:{free_port()}"]
    with prepared_daemons(tmp_path_factory.mktemp("framing")) as prepare:
        yield prepare({"sources": [{"name": "web", "listen": listen}]}).start()


def _connected(daemon: Daemon) -> socket.socket:
    port = int(daemon.source("web")["address"].rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=20)


def _ends(peer: socket.socket) -> bool:
    """Whether the daemon closes the connection."""
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def _settled(daemon: Daemon) -> None:
    """Wait until all that was sent so far is evaluated: it takes its memory then."""
    sent = moment(time())
    until(10, lambda: daemon.json("status")["evaluated_at"] > sent)


def _memory_begins(daemon: Daemon) -> int:
    """What the daemon holds now; its peak is measured from here on."""
    reset_peak(daemon.process.pid)
    return resident_bytes(daemon.process.pid)


def test_an_impossible_octet_count_ends_its_connection_only(daemon: Daemon) -> None:
    """It is closed and counted, what came before is kept, no memory is set aside, others go on."""
    ledger = Movement(daemon)
    with _connected(daemon) as other:
        for frame in _IMPOSSIBLE * 10:  # let the daemon's memory settle
            with _connected(daemon) as peer:
                peer.sendall(frame)
                assert _ends(peer), frame
        before = _memory_begins(daemon)
        for number, frame in enumerate(_IMPOSSIBLE * 50):
            with _connected(daemon) as peer:
                peer.sendall(line(number) + b"\n" + frame)
                assert _ends(peer), frame
        tries = 60 * len(_IMPOSSIBLE)
        other.sendall(line(0) + b"\n")
        ledger.until(counted=50 * len(_IMPOSSIBLE) + 1, cut=tries)
        # Lines are counted meanwhile, and each refusal is logged: hence not quite nothing.
        assert peak_bytes(daemon.process.pid) - before <= MIB / 2


def test_an_endless_line_is_cut_at_the_cap(daemon: Daemon) -> None:
    """A gibibyte without LF is one oversize message and takes at most a mebibyte."""
    ledger = Movement(daemon)
    with _connected(daemon) as peer:
        for _ in range(1024):  # a line like it first: the daemon's memory settles
            peer.sendall(_BLOCK)
        peer.sendall(b"\n")
        ledger.until(oversize=1)
        _settled(daemon)
        before = _memory_begins(daemon)
        for _ in range(1024):
            peer.sendall(_BLOCK)
        # All but what the kernel holds was read: asking for the account takes memory of its own.
        peak = peak_bytes(daemon.process.pid)
        peer.sendall(b"\n" + line(1) + b"\n")
        said = ledger.until(oversize=2, counted=1)
        assert peak - before <= MIB
    assert all(len(sample) < 1024 for sample in said["samples"]["oversize"])


def test_an_endless_line_that_never_ends_is_counted_once(daemon: Daemon) -> None:
    """It is counted when it passes the cap, and not again when its connection ends."""
    ledger = Movement(daemon)
    with _connected(daemon) as peer:
        peer.sendall(b"x" * (_CAP + 1))
        ledger.until(oversize=1)
        peer.sendall(_BLOCK)
    with _connected(daemon) as peer:
        peer.sendall(line(1) + b"\n")
        ledger.until(oversize=1, counted=1)


def test_many_unfinished_lines_hold_their_caps_at_most(daemon: Daemon) -> None:
    """A hundred connections, each a byte before the cap, are bounded and cut when they end."""
    _settled(daemon)
    ledger = Movement(daemon)
    before = _memory_begins(daemon)
    peers = [_connected(daemon) for _ in range(100)]
    for peer in peers:
        peer.sendall(b"x" * (_CAP - 1))
    for peer in peers:
        peer.close()
    ledger.until(cut=100)
    # A buffer that grows is copied: the cap once as what is held, once as what it becomes.
    assert peak_bytes(daemon.process.pid) - before <= 100 * _CAP * 2 + MIB


def test_unfinished_lines_of_all_connections_hold_little_together(daemon: Daemon) -> None:
    """Three hundred hold eight MiB and no more: the greediest are cut, one that is slow is not."""
    _settled(daemon)
    ledger = Movement(daemon)
    before = _memory_begins(daemon)
    half = len(line(1)) // 2
    slow = _connected(daemon)
    slow.sendall(line(1)[:half])
    peers = [_connected(daemon) for _ in range(300)]
    for peer in peers:
        peer.sendall(b"x" * (_CAP - 1))
    cut = len(peers) - MAX_BYTES // (_CAP - 1)
    ledger.until(cut=cut)
    slow.sendall(line(1)[half:] + b"\n")
    ledger.until(cut=cut, counted=1)
    for peer in (*peers, slow):
        peer.close()
    ledger.until(cut=len(peers), counted=1)
    assert peak_bytes(daemon.process.pid) - before <= 2 * MAX_BYTES
    until(10, lambda: resident_bytes(daemon.process.pid) - before <= MAX_BYTES)
