"""One file: chunks of whole lines, truncation noticed before anything is counted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from logmond.errors import SourceError
from logmond.ingest.sources.cursor import CHUNK_BYTES
from logmond.ingest.sources.follower import Follower, end_of_lines, open_regular
from logmond.ingest.sources.identity import fingerprint, matches
from logmond.testing import RecordingIntake


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """An empty log."""
    path = tmp_path / "access.log"
    path.touch()
    return path


@pytest.fixture
def intake() -> RecordingIntake:
    """Records what is counted."""
    return RecordingIntake()


@pytest.fixture
def follower(log: Path, intake: RecordingIntake) -> Iterator[Follower]:
    """Follows the log from its beginning."""
    made = Follower(str(log), *open_regular(str(log)), intake)
    yield made
    made.close()


def append(log: Path, data: bytes) -> None:
    """Write at the end."""
    with log.open("ab") as file:
        file.write(data)


def test_whole_lines_are_counted_and_the_rest_waits(
    log: Path, intake: RecordingIntake, follower: Follower
) -> None:
    """The offset is that of the first byte not counted."""
    append(log, b"one\ntwo\nhal")
    assert not follower.pump()
    assert (intake.taken, follower.offset) == ([b"one", b"two"], 8)
    append(log, b"f\n")
    assert not follower.pump()
    assert intake.taken == [b"one", b"two", b"half"]


def test_a_pump_reads_about_what_it_may(
    log: Path, intake: RecordingIntake, follower: Follower
) -> None:
    """True while there is more; a line longer than the slice is read whole."""
    append(log, b"x" * 60_000 + b"\n" + b"y\n" * 60_000)
    assert follower.pump(20_000)
    assert len(intake.taken[0]) == 60_000
    pumps = 1
    while follower.pump(20_000):
        pumps += 1
    assert pumps >= 3
    assert len(intake.taken) == 60_001


def test_a_line_of_many_chunks_is_oversize_once(
    log: Path, intake: RecordingIntake, follower: Follower
) -> None:
    """Its bytes are passed by; the offset stays before it until it ends."""
    append(log, b"one\n" + b"x" * (3 * CHUNK_BYTES))
    while follower.pump():
        pass
    assert follower.offset == 4
    assert intake.ledger.totals["oversize"] == 0
    append(log, b"x\ntwo\n")
    while follower.pump():
        pass
    assert intake.taken == [b"one", b"two"]
    assert intake.ledger.totals["oversize"] == 1


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_the_longest_line_is_65536_bytes(
    log: Path, intake: RecordingIntake, follower: Follower, size: int
) -> None:
    """Its LF does not count."""
    append(log, b"x" * size + b"\nafter\n")
    while follower.pump():
        pass
    assert intake.ledger.totals["oversize"] == (size > 65_536)
    assert intake.taken[-1] == b"after"


def test_truncation_is_noticed_before_anything_is_counted(
    log: Path, intake: RecordingIntake, follower: Follower
) -> None:
    """Shorter than what was counted: not the same file any more."""
    append(log, b"one\ntwo\n")
    follower.pump()
    os.truncate(log, 0)
    append(log, b"new\n")
    assert not follower.pump()
    assert follower.restarted
    assert intake.taken == [b"one", b"two"]


def test_a_file_grown_again_past_the_offset_is_known_by_its_beginning(
    log: Path, intake: RecordingIntake, follower: Follower
) -> None:
    """The size alone would say that it went on."""
    append(log, b"one\n")
    follower.pump()
    os.truncate(log, 0)
    append(log, b"other\nlines\nthan before\n")
    follower.pump()
    assert follower.restarted
    assert intake.taken == [b"one"]


def test_a_tail_that_is_cut_off_is_counted_and_the_rest_goes_on(
    log: Path, intake: RecordingIntake, follower: Follower
) -> None:
    """A file cut within its unfinished line is still the file that was counted."""
    append(log, b"one\nunfinished")
    follower.pump()
    os.truncate(log, 4)
    while follower.pump():
        pass
    append(log, b"two\n")
    follower.pump()
    assert not follower.restarted
    assert intake.taken == [b"one", b"two"]
    assert list(intake.ledger.samples["cut"]) == [b"unfinished"]


def test_a_hole_that_is_written_into_is_read_again(
    log: Path, intake: RecordingIntake, follower: Follower
) -> None:
    """Space reserved beyond a chunk is passed by, until somebody writes its lines there."""
    append(log, b"one\n")
    os.truncate(log, 3 * CHUNK_BYTES)
    while follower.pump():
        pass
    with log.open("r+b") as file:
        file.seek(4)
        file.write(b"two\n")
    while follower.pump():
        pass
    assert intake.taken == [b"one", b"two"]


def test_finishing_counts_a_tail_and_never_twice(
    log: Path, intake: RecordingIntake, follower: Follower
) -> None:
    """What was written after the last read must be read first."""
    append(log, b"one\nta")
    follower.pump()
    append(log, b"il")
    assert not follower.finish()
    assert follower.ready
    follower.pump()
    assert follower.finish()
    assert follower.finish()
    assert list(intake.ledger.samples["cut"]) == [b"tail"]
    assert follower.offset == 8


def test_a_position_fingerprints_at_most_what_was_counted(log: Path, follower: Follower) -> None:
    """Whatever is written later, the beginning stays the same."""
    append(log, b"one\nunfinished")
    follower.pump()
    position = follower.position("/path")
    assert (position.path, position.offset, position.fingerprint_length) == ("/path", 4, 4)
    assert position.fingerprint == fingerprint(b"one\n")
    append(log, b" line\n" + b"x" * 300 + b"\n")
    follower.pump()
    assert follower.position("/path").fingerprint_length == 256
    with log.open("rb") as file:
        assert matches(position, os.fstat(file.fileno()), file.fileno())


def test_a_change_makes_ready_and_a_fresh_write_leaves_doubt(log: Path, follower: Follower) -> None:
    """A file written to a moment before a look may have been written to after it as well."""
    second = 1_000_000_000
    append(log, b"one\n")
    os.utime(log, ns=(second, second))
    follower.look(os.stat(log), 1.0, wall_ns=2 * second)
    follower.pump()
    follower.look(os.stat(log), 2.0, wall_ns=2 * second)
    assert not follower.ready
    assert follower.changed_at == 1.0
    os.utime(log, ns=(2 * second, 2 * second))
    follower.look(os.stat(log), 3.0, wall_ns=2 * second)
    follower.pump()
    follower.look(os.stat(log), 4.0, wall_ns=3 * second)
    assert follower.ready
    assert follower.changed_at == 3.0


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", 0),
        (b"half", 0),
        (b"one\n", 4),
        (b"one\nhalf", 4),
        (b"one\n" + b"x" * 60_000, 4),
        (b"one\n" + b"x" * 600_000, 600_004),
    ],
)
def test_the_end_is_after_the_last_whole_line(log: Path, content: bytes, expected: int) -> None:
    """A line in the making is counted once it is whole; one too long to be a line is passed."""
    append(log, content)
    with log.open("rb") as file:
        assert end_of_lines(file.fileno(), len(content)) == expected


def test_only_regular_files_are_followed(tmp_path: Path) -> None:
    """A directory and a pipe say what to write instead; opening a pipe does not block."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="is a directory; write"):
        open_regular(str(tmp_path))
    with pytest.raises(SourceError, match="stdin: true"):
        open_regular(str(tmp_path / "pipe"))


def test_another_file_at_the_path_is_not_opened_again(log: Path, follower: Follower) -> None:
    """A follower knows its file by identity."""
    follower.close()
    log.rename(f"{log}.1")
    log.touch()
    assert not follower.reopen(str(log))
    assert follower.reopen(f"{log}.1")
