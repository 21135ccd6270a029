"""Unix datagram sockets: never paused, long messages counted, short queues advised against."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from datagramsender import Sender, closed
from twisted.internet.testing import MemoryReactorClock

from logmond.ingest.sources.datagram import UnixDatagramSource, _queue_advice
from logmond.ingest.sources.drain import MAX_BYTES
from logmond.testing import RecordingIntake


def test_a_unix_datagram_longer_than_a_message_is_oversize(
    clock: MemoryReactorClock, tmp_path: Path, sender: Callable[[Any], Sender]
) -> None:
    """64 KiB are a message, one byte more is counted and sampled."""
    intake = RecordingIntake()
    source = UnixDatagramSource(f"unixgram://{tmp_path}/log", intake, clock)
    source.open()
    sending = sender(f"{tmp_path}/log")
    sending.send(b"a" * MAX_BYTES, b"b" * (MAX_BYTES + 1), b"after")
    [drain] = clock.readers
    drain.doRead()
    assert intake.taken == [b"a" * MAX_BYTES, b"after"]
    assert set(intake.peers) == {""}
    assert intake.ledger.totals["oversize"] == 1
    assert intake.ledger.samples["oversize"][0].startswith(b"bbb")
    assert intake.ledger.balanced
    closed(source.close(), clock)
    assert not (tmp_path / "log").exists()


def test_a_unix_datagram_source_never_pauses(
    clock: MemoryReactorClock, tmp_path: Path, sender: Callable[[Any], Sender]
) -> None:
    """Its queue is short, and nginx drops what does not fit."""
    source = UnixDatagramSource(f"unixgram://{tmp_path}/log", RecordingIntake(), clock)
    source.open()
    [drain] = clock.readers
    sender(f"{tmp_path}/log").send(*[b"x"] * 10)
    drain.doRead()
    assert clock.readers == {drain}
    closed(source.close(), clock)


@pytest.mark.parametrize(("text", "advised"), [("10\n", True), ("512\n", False), ("?", False)])
def test_a_short_queue_of_unix_datagrams_is_advised_against(
    tmp_path: Path, text: str, advised: bool
) -> None:
    """Under 512 the reason names the setting; an unknown length says nothing."""
    (tmp_path / "qlen").write_text(text)
    assert ("net.unix.max_dgram_qlen=512" in _queue_advice(f"{tmp_path}/qlen")) is advised
