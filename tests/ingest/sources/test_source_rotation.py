"""What lies beside a log after rotation, and in which order it was written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from logmond.ingest.sources.identity import FilePosition, fingerprint, identity_of
from logmond.ingest.sources.register import Register
from logmond.ingest.sources.rotation import CLOCK_TICK_NS, Beside, newer
from logmond.testing import RecordingIntake

siblings = Beside().siblings


def names(directory: Path, base: str = "access.log") -> list[str]:
    """The siblings' names, the oldest first."""
    return [os.path.basename(sibling.path) for sibling in siblings(str(directory / base))]


def make(directory: Path, *files: str) -> None:
    """Make files, each written to a second after the one before."""
    for second, name in enumerate(files, 1000):
        (directory / name).write_text(name)
        os.utime(directory / name, (second, second))


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["access.log.1", "access.log.2", "access.log.10"], "10 2 1"),
        (["access.log.1", "access.log.old", "access.log.0"], "1 old 0"),
        (["access.log-20261123", "access.log-20261122"], "20261122 20261123"),
        (["access.log-20261123-17", "access.log-20261123-16"], "16 17"),
        (["access.log-1795453200", "access.log-1795449600"], "1795449600 1795453200"),
        (["access.log.2026-11-23", "access.log.2026-11-22"], "22 23"),
        (["access-20261123.log", "access-20261122.log"], "20261122.log 20261123.log"),
        (["access.1.log", "access.2.log"], "2.log 1.log"),
    ],
)
def test_numbers_grow_with_age_and_dates_with_youth(
    tmp_path: Path, files: list[str], expected: str
) -> None:
    """The name tells the order, whatever the times say."""
    make(tmp_path, *files)
    found = names(tmp_path)
    assert len(found) == len(files)
    assert all(name.endswith(end) for name, end in zip(found, expected.split(), strict=True)), found


def test_times_decide_between_different_schemes(tmp_path: Path) -> None:
    """After a change from numbers to dates, the last write tells."""
    make(tmp_path, "access.log.2", "access.log.1", "access.log-20261123")
    assert names(tmp_path) == ["access.log.2", "access.log.1", "access.log-20261123"]


def test_what_is_compressed_or_of_another_log_is_left_alone(tmp_path: Path) -> None:
    """Neither packed generations, nor directories, nor logs with a similar name."""
    make(tmp_path, "access.log.2.gz", "access.log.3.zst", "access_error.log", "other.log.1")
    make(tmp_path, "access-error.log", "access.log")
    (tmp_path / "access.log.4").mkdir()
    (tmp_path / "access.log.5").symlink_to(tmp_path / "nowhere")
    assert names(tmp_path) == []


def test_a_rotation_in_the_middle_of_a_look_hides_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file has just got the name that was looked at before."""
    log = str(tmp_path / "access.log")
    make(tmp_path, *(f"access.log.{number}" for number in range(9, 0, -1)))
    files = {os.stat(tmp_path / name).st_ino for name in os.listdir(tmp_path)}
    looked = os.stat
    rotations = iter(range(2))

    def stat_and_rotate(path: str) -> os.stat_result:
        found = looked(path)
        if next(rotations, None) is not None:
            for number in range(9, 0, -1):
                os.replace(f"{log}.{number}", f"{log}.{number + 1}")
            os.replace(f"{log}.10", f"{log}.0")
        return found

    monkeypatch.setattr("logmond.ingest.sources.rotation.os.stat", stat_and_rotate)
    assert {each.status.st_ino for each in siblings(log)} == files


def test_a_missing_directory_has_no_siblings(tmp_path: Path) -> None:
    """Nothing is there, and it is no error."""
    assert names(tmp_path / "gone") == []


def test_generations_after_a_known_one_are_newer(tmp_path: Path) -> None:
    """The known one's own name tells which came later; other endings are never generations."""
    make(tmp_path, "access.log.3", "access.log.2", "access.log.1", "access.log.offset")
    found = siblings(str(tmp_path / "access.log"))
    known = identity_of(os.stat(tmp_path / "access.log.2"))
    assert [s.number for s in newer(found, known, None)] == [1]


def test_without_a_known_one_what_was_written_since_is_newer(tmp_path: Path) -> None:
    """The time when all files were known divides; without one, nothing is taken for new."""
    make(tmp_path, "access.log.3", "access.log.2", "access.log.1")  # seconds 1000, 1001, 1002
    found = siblings(str(tmp_path / "access.log"))
    assert [s.number for s in newer(found, None, 1001 * 10**9)] == [2, 1]
    assert newer(found, None, None) == []


def test_a_directory_is_listed_again_only_after_a_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of logs in one directory are found without listing it for each of them."""
    make(tmp_path, "access.log.1", "error.log.1")
    list_now, listed, now = os.listdir, [], iter(range(0, 10**12, CLOCK_TICK_NS + 1))
    monkeypatch.setattr("logmond.ingest.sources.rotation.monotonic_ns", lambda: next(now))
    monkeypatch.setattr(
        "logmond.ingest.sources.rotation.os.listdir",
        lambda path: listed.append(path) or list_now(path),
    )
    os.utime(tmp_path, ns=(1, 1_000_000_001))
    beside = Beside()
    for name in ("access.log", "error.log") * 10:
        assert [each.number for each in beside.siblings(str(tmp_path / name))] == [1]
    assert len(listed) == 2  # once at sight, once when nothing older can be hidden any more
    (tmp_path / "error.log.2").touch()
    assert [each.number for each in beside.siblings(str(tmp_path / "error.log"))] == [2, 1]


def test_a_directory_that_counts_time_in_seconds_is_listed_each_time(tmp_path: Path) -> None:
    """Its time may hide a change for as long as that."""
    beside = Beside()
    for number in range(1, 5):
        (tmp_path / f"access.log.{number}").touch()
        os.utime(tmp_path, ns=(10**9, 10**9))
        assert len(beside.siblings(str(tmp_path / "access.log"))) == number


def test_a_file_that_cannot_be_read_keeps_no_descriptor(tmp_path: Path) -> None:
    """As on a disk that fails: it is tried again every second, and descriptors run out."""
    unreadable = "/proc/self/mem"  # a regular file that begins with nothing one could read
    register = Register(RecordingIntake())
    before = os.listdir("/proc/self/fd")
    counted = FilePosition(unreadable, *identity_of(os.stat(unreadable)), fingerprint(b"x"), 1, 0)
    assert register.resume(unreadable, counted) is None
    assert os.listdir("/proc/self/fd") == before
    follower, _ = register.follow(unreadable)
    follower.head = b"x"
    register.rest(follower)
    with pytest.raises(OSError, match="Input/output error"):
        register.follow(unreadable)
    assert os.listdir("/proc/self/fd") == before


def test_a_file_that_has_another_name_by_now_is_not_taken_for_the_wanted_one(
    tmp_path: Path,
) -> None:
    """Between the look and the opening it was renamed; nothing is opened and kept."""
    make(tmp_path, "access.log.1", "access.log.2")
    register = Register(RecordingIntake())
    wanted = identity_of(os.stat(tmp_path / "access.log.1"))
    with pytest.raises(FileNotFoundError, match="another file"):
        register.follow(str(tmp_path / "access.log.2"), wanted)
    assert register.open_descriptors == 0
    follower, fresh = register.follow(str(tmp_path / "access.log.1"), wanted)
    assert fresh
    assert follower.identity == wanted
    register.close()
