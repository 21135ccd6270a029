"""The kernel's queue before a socket: asked for, granted, overflown."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from logmond.ingest.sources import kernelqueue
from logmond.ingest.sources.kernelqueue import enlarge, granted_bytes, queue_of


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    """A bound UDP socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.setblocking(False)
        yield sock


def overflow(receiver: socket.socket, sent: int) -> int:
    """Send more than the shortest queue holds; return how many did not fit."""
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(sent):
            sender.sendto(b"x" * 200, receiver.getsockname())
    kept = 0
    while True:
        try:
            receiver.recv(1000)
        except BlockingIOError:
            return sent - kept
        kept += 1


def test_a_longer_queue_is_asked_for(receiver: socket.socket) -> None:
    """What was granted is reported, and is not less than before."""
    before = granted_bytes(receiver)
    granted = enlarge(receiver)
    assert granted == granted_bytes(receiver) >= before


def test_a_queue_that_is_longer_already_is_not_cut(receiver: socket.socket) -> None:
    """A socket unit may have been given more than we would ask."""
    long = enlarge(receiver, 1 << 20)
    assert enlarge(receiver, 1 << 16) == long


def test_drops_are_exactly_what_did_not_fit(receiver: socket.socket) -> None:
    """Sent = received + drops."""
    lost = overflow(receiver, 200)
    assert lost > 0
    assert queue_of(receiver).drops == lost


def test_drops_are_read_from_proc_where_the_socket_does_not_tell(
    receiver: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older kernel without SO_MEMINFO still counts, in /proc/net/udp."""
    lost = overflow(receiver, 200)
    monkeypatch.setattr(kernelqueue, "_SO_MEMINFO", 0x7FFF)
    assert queue_of(receiver).drops == lost


def test_a_kernel_that_tells_nothing_is_no_error(receiver: socket.socket, tmp_path: Path) -> None:
    """Without the table, or with nonsense in it, drops are unknown."""
    assert kernelqueue._drops_of_proc(receiver, str(tmp_path)) is None
    inode = os.fstat(receiver.fileno()).st_ino
    (tmp_path / "udp").write_text(f"0: 1 2 3 4 5 6 7 8 {inode} 2 3 many\n")
    assert kernelqueue._drops_of_proc(receiver, str(tmp_path)) is None


def test_the_fill_is_a_share_of_what_was_granted() -> None:
    """Half of the bytes are half full; nothing granted is empty."""
    assert kernelqueue.KernelQueue(50, 100, 0).fill == 0.5
    assert kernelqueue.KernelQueue(0, 0, None).fill == 0


@pytest.fixture
def unprivileged(monkeypatch: pytest.MonkeyPatch) -> int:
    """SO_RCVBUFFORCE is refused; gives the bytes one may ask for then."""
    monkeypatch.setattr(kernelqueue, "_SO_RCVBUFFORCE", 0x7FFF)
    with open("/proc/sys/net/core/rmem_max", encoding="ascii") as setting:
        return int(setting.read())


def test_without_privilege_the_queue_is_as_long_as_the_system_allows(
    receiver: socket.socket, unprivileged: int
) -> None:
    """The kernel cuts it, and what was granted is reported."""
    assert enlarge(receiver, 1 << 30) == 2 * unprivileged


def test_without_privilege_a_longer_queue_that_was_given_is_kept(
    receiver: socket.socket, unprivileged: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket unit may have been given more than we may ask: asking would cut it."""
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, unprivileged // 2)
    given = granted_bytes(receiver)
    monkeypatch.setattr(kernelqueue, "_most_bytes", lambda: unprivileged // 4)
    assert enlarge(receiver, 1 << 30) == given
