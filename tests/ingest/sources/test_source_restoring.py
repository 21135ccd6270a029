"""Positions are joined with their files again, whatever became of names and numbers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from logmond.ingest.sources.compressed import head_of
from logmond.ingest.sources.identity import FINGERPRINT_BYTES, FilePosition
from logmond.ingest.sources.register import Register
from logmond.ingest.sources.restoring import restored
from logmond.testing import RecordingIntake


class Shelf:
    """A directory with a log, and the register that finds its files."""

    def __init__(self, directory: Path) -> None:
        self.log = directory / "access.log"
        self.register = Register(RecordingIntake())

    def position(self, content: bytes, offset: int) -> FilePosition:
        """Write the log, read it to `offset`, and take its position."""
        self.log.write_bytes(content)
        register = Register(RecordingIntake())
        follower, _ = register.follow(str(self.log))
        follower.seek(offset)
        register.close()
        return follower.position(str(self.log))

    def found(self, *positions: FilePosition) -> list[tuple[str, int]]:
        """Names and offsets that positions lead to, the oldest file first."""
        shown = {str(self.log): os.stat(self.log)} if self.log.exists() else {}
        followers = restored(positions, shown, self.register).get(str(self.log), [])
        return [(os.path.basename(each.path), each.offset) for each in followers]


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """A shelf whose descriptors are closed afterwards."""
    made = Shelf(tmp_path)
    yield made
    made.register.close()


def test_a_file_is_found_where_it_was(shelf: Shelf) -> None:
    """The ordinary case."""
    assert shelf.found(shelf.position(b"one\ntwo\n", 4)) == [("access.log", 4)]


def test_a_rotated_file_is_found_by_its_inode(shelf: Shelf) -> None:
    """Whatever lies at its path now."""
    position = shelf.position(b"one\ntwo\n", 4)
    shelf.log.rename(f"{shelf.log}.7")
    shelf.log.write_bytes(b"new\n")
    assert shelf.found(position) == [("access.log.7", 4)]


def test_a_new_device_number_is_the_same_file(shelf: Shelf) -> None:
    """Numbers of devices are not kept across reboots."""
    position = shelf.position(b"one\ntwo\n", 4)
    assert shelf.found(replace(position, device=position.device + 1)) == [("access.log", 4)]


def test_of_two_positions_of_one_file_the_further_counts(shelf: Shelf) -> None:
    """One was left over from before a reboot; the file is not read from there again."""
    position = shelf.position(b"one\ntwo\n", 8)
    old = replace(position, device=position.device + 1, offset=4)
    shutil.copyfile(shelf.log, f"{shelf.log}.1")
    assert shelf.found(old, position) == [("access.log", 8)]


def test_a_copy_is_found_by_its_beginning(shelf: Shelf) -> None:
    """What copytruncate left holds the rest."""
    position = shelf.position(b"one\ntwo\n", 4)
    shutil.copyfile(shelf.log, f"{shelf.log}.1")
    shelf.log.write_bytes(b"new\n")
    assert shelf.found(position) == [("access.log.1", 4)]


def test_a_file_shorter_than_its_position_is_another(shelf: Shelf) -> None:
    """What was counted cannot be in it."""
    position = shelf.position(b"one\ntwo\n", 8)
    shelf.log.write_bytes(b"one\n")
    assert shelf.found(position) == []


def test_an_inode_alone_is_not_believed_for_what_was_counted_elsewhere(shelf: Shelf) -> None:
    """An empty file's inode now belongs to a copy of a file that was counted."""
    position = shelf.position(b"one\ntwo\n", 8)
    shutil.copyfile(shelf.log, f"{shelf.log}.1")
    inode = os.stat(f"{shelf.log}.1").st_ino
    empty = FilePosition(str(shelf.log), position.device, inode, b"", 0, 0)
    assert shelf.found(empty, position) == [("access.log", 8)]


def test_an_empty_file_is_found_by_its_inode(shelf: Shelf) -> None:
    """Nothing was counted of it; it may have grown since."""
    position = shelf.position(b"", 0)
    shelf.log.rename(f"{shelf.log}.1")
    Path(f"{shelf.log}.1").write_bytes(b"late\n")
    assert shelf.found(position) == [("access.log.1", 0)]


def test_nothing_is_read_of_a_pipe_that_took_the_place_of_a_log(tmp_path: Path) -> None:
    """It would be waited for, and the daemon would not begin."""
    pipe = tmp_path / "access.log"
    os.mkfifo(pipe)
    both_ends = os.open(pipe, os.O_RDWR)
    try:
        os.write(both_ends, b"x" * FINGERPRINT_BYTES)
        assert head_of(str(pipe)) == b""
        assert len(os.read(both_ends, 2 * FINGERPRINT_BYTES)) == FINGERPRINT_BYTES
    finally:
        os.close(both_ends)


def test_files_come_in_the_order_they_were_written(shelf: Shelf) -> None:
    """The oldest generation first, the live one last."""
    positions = []
    for number in (3, 2, 1, 0):
        positions.append(shelf.position(b"%d\n" % number, 2))
        if number:
            shelf.log.rename(f"{shelf.log}.{number}")
    assert [name for name, _ in shelf.found(*positions)] == [
        "access.log.3",
        "access.log.2",
        "access.log.1",
        "access.log",
    ]
