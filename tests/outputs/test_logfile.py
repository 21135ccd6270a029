"""Events in a file: rotation, missing directories and full disks lose nothing in silence."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from happened import happened

from logmond.alerts import render
from logmond.alerts.event import Event
from logmond.outputs import logfile
from logmond.outputs.logfile import LogFile

AT = 1795453330


def event(number: int = 0) -> Event:
    """An event with hostile words in it."""
    identity = f"019ab1c2-0000-7000-8000-{number:012x}"
    return happened(AT + number, id=identity, message="section /\x1b[2J\u2028\x9b rose")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log file is."""
    return tmp_path / "alerts.log"


def test_one_line_an_event_as_text(path: Path) -> None:
    """The line that is the same everywhere."""
    log = LogFile("log", str(path))
    log.event(event(1))
    log.event(event(2))
    assert path.read_text() == f"{render.line(event(1))}\n{render.line(event(2))}\n"
    assert not set(path.read_text().replace("\n", "")) & set("\x1b\u2028\x9b")
    log.close()


def test_one_object_a_line_as_json(path: Path) -> None:
    """NDJSON that a terminal can show."""
    log = LogFile("log", str(path), "json")
    log.event(event(1))
    [line] = path.read_bytes().splitlines()
    assert msgspec.json.decode(line)["short_id"] == "00000001"
    assert not set(line.decode()) & set("\x1b\u2028\x9b")
    log.close()


def test_lines_are_appended_to_what_is_there(path: Path) -> None:
    """A restart begins no new file."""
    path.write_text("earlier\n")
    log = LogFile("log", str(path))
    log.event(event())
    log.close()
    assert path.read_text() == f"earlier\n{render.line(event())}\n"


def test_the_file_is_created_at_the_first_tick_with_its_mode(path: Path) -> None:
    """Whatever the umask; a wrong path shows before the first alert."""
    before = os.umask(0o077)
    try:
        log = LogFile("log", str(path), mode=0o664)
        log.tick(AT)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o664
    log.close()


def test_reopening_writes_to_the_new_file(path: Path) -> None:
    """logrotate renames, then sends SIGUSR1."""
    log = LogFile("log", str(path))
    log.event(event(1))
    path.rename(path.with_suffix(".1"))
    log.reopen()
    assert path.exists()
    log.event(event(2))
    log.close()
    assert path.read_text() == render.line(event(2)) + "\n"
    assert path.with_suffix(".1").read_text() == render.line(event(1)) + "\n"


@pytest.mark.parametrize("remove", [Path.unlink, lambda path: path.rename(path.with_suffix(".1"))])
def test_a_file_that_went_away_without_a_signal_is_created_again(
    path: Path, remove: Callable[[Path], object]
) -> None:
    """No alert is written to a file that nobody can find."""
    log = LogFile("log", str(path))
    log.event(event(1))
    remove(path)
    log.event(event(2))
    log.close()
    assert path.read_text() == render.line(event(2)) + "\n"


def test_a_missing_directory_is_waited_for(tmp_path: Path) -> None:
    """Lines wait, in order, and are tried again every second."""
    path = tmp_path / "logmond" / "alerts.log"
    log = LogFile("log", str(path))
    log.event(event(1))
    log.tick(AT)
    assert log.problem == (
        f"output log: cannot write {path}: there is no directory {path.parent}; make it"
    )
    path.parent.mkdir()
    log.tick(AT + 1)
    log.event(event(2))
    assert log.problem is None
    assert [log.failures, log.dropped] == [2, 0]
    assert path.read_text() == f"{render.line(event(1))}\n{render.line(event(2))}\n"
    log.close()


def test_what_waits_is_bounded_and_what_is_dropped_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest lines are kept."""
    monkeypatch.setattr(logfile, "MAX_WAITING_BYTES", 1000)
    path = tmp_path / "logmond" / "alerts.log"
    log = LogFile("log", str(path))
    for number in range(100):
        log.event(event(number))
    path.parent.mkdir()
    log.tick(AT)
    kept = path.read_text().splitlines()
    assert kept[-1] == render.line(event(99))
    assert 0 < len(path.read_text()) <= 1000
    assert log.dropped == 100 - len(kept)
    log.close()


def test_a_full_disk_is_counted_and_tried_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a line stays, the whole one follows on a line of its own."""
    write = os.write
    room = [20]

    def writing(file: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(28, "No space left on device")
        taken, room[0] = min(room[0], len(data)), max(0, room[0] - len(data))
        return write(file, data[:taken])

    monkeypatch.setattr(os, "write", writing)
    log = LogFile("log", str(path))
    log.event(event(1))
    log.tick(AT)
    assert log.problem is not None
    assert log.problem.endswith("No space left on device")
    room[0] = 10_000
    log.tick(AT)
    log.event(event(2))
    lines = [render.line(event(1))[:20], render.line(event(1)), render.line(event(2))]
    assert path.read_text().splitlines() == lines
    assert log.problem is None
    log.close()


def test_closing_counts_what_could_not_be_written(tmp_path: Path) -> None:
    """It is lost then, and not in silence."""
    log = LogFile("log", str(tmp_path / "none" / "alerts.log"))
    log.event(event(1))
    log.close()
    assert log.dropped == 1


def test_when_a_line_was_written_last_is_told(path: Path) -> None:
    """One that could not be written was not."""
    log = LogFile("log", str(path), wall=iter((AT + 1.0, AT + 2.0)).__next__)
    assert log.status().last_sent_at is None
    log.event(event(1))
    log.event(event(2))
    path.unlink()
    path.mkdir()
    log.event(event(3))
    assert (log.status().sent, log.status().last_sent_at) == (2, AT + 2.0)
    log.close()


def test_a_fifo_that_nobody_reads_holds_nobody_up(path: Path) -> None:
    """Opening it would wait for a reader."""
    os.mkfifo(path)
    log = LogFile("log", str(path))
    log.event(event())
    assert log.problem is not None
    log.close()


def test_a_directory_in_place_of_the_file_is_a_problem_and_no_fault(path: Path) -> None:
    """It never raises into the tick."""
    path.mkdir()
    log = LogFile("log", str(path))
    log.event(event())
    log.tick(AT)
    log.reopen()
    assert log.problem == f"output log: cannot write {path}: Is a directory"
    log.close()
