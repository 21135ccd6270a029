"""Files that are renamed, copied and truncated, linked, replaced: every line once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from filerig import Rig, rig

from logmond.ingest.sources.track import GRACE_S


def test_a_renamed_log_is_read_to_its_end_before_the_new_one(following: Rig) -> None:
    """Also what the server writes to it before it reopens."""
    following.append(b"one")
    following.rotate()
    following.append(b"late", to="access.log.1")
    following.append(b"new")
    following.look()
    following.append(b"later", to="access.log.1")
    following.look()
    assert following.taken == [b"one", b"late", b"new", b"later"]


def test_a_rotated_tail_is_cut_after_the_grace(following: Rig) -> None:
    """Until then it may be completed; its descriptor is freed with it."""
    following.write(b"tail")
    following.look()
    following.rotate()
    following.look(GRACE_S / 2)
    assert following.ledger["cut"] == 0
    following.look(GRACE_S)
    following.look()
    assert following.ledger["cut"] == 1
    assert following.source.open_descriptors == 1


def test_a_renamed_log_is_read_on_until_a_new_one_appears(following: Rig) -> None:
    """Without a successor nothing is let go, whatever time passes."""
    following.rotate(create=False)
    following.look()
    following.look(10 * GRACE_S)
    following.append(b"still written", to="access.log.1")
    following.look()
    assert following.taken == [b"still written"]


def test_ten_rotations_between_two_looks_lose_nothing(following: Rig) -> None:
    """Files that came and went unseen are found beside the log, in order."""
    following.append(b"0")
    following.look()
    for number in range(1, 11):
        following.rotate()
        following.append(b"%d" % number)
    following.look()
    assert following.taken == [b"%d" % number for number in range(11)]


def test_fast_rotation_keeps_descriptors_bounded(tmp_path: Path) -> None:
    """Old generations are closed and opened again when they are looked at."""
    (tmp_path / "access.log").touch()
    with rig(tmp_path, start="beginning", max_open=5) as following:
        following.open()
        for number in range(30):
            following.append(b"%d" % number)
            following.rotate()
            following.look()
            assert following.source.open_descriptors <= 5
        following.append(b"last")
        following.look()
        assert sorted(following.taken) == sorted([b"%d" % n for n in range(30)] + [b"last"])


def test_copytruncate_at_a_quiet_point_loses_nothing(following: Rig) -> None:
    """What was not read before the cut is read in the copy."""
    following.append(b"one")
    following.look()
    following.append(b"two")
    following.copytruncate()
    following.append(b"three")
    following.look()
    assert following.taken == [b"one", b"two", b"three"]


def test_copytruncate_while_lines_are_counted_loses_nothing(
    following: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counting the first chunk takes its time; the rest is found in the copy all the same."""
    lines = [b"%06d" % number for number in range(30_000)]
    following.append(*lines)
    take = following.intake.lines

    def rotated_meanwhile(chunk: bytes) -> int | None:
        monkeypatch.setattr(following.intake, "lines", take)
        following.copytruncate()
        following.append(b"new")
        return take(chunk)

    monkeypatch.setattr(following.intake, "lines", rotated_meanwhile)
    following.look()
    following.look()
    assert following.taken == [*lines, b"new"]


def test_truncation_without_a_copy_begins_anew(following: Rig) -> None:
    """A known tail is cut; nothing stalls."""
    following.write(b"one\ntail")
    following.look()
    os.truncate(following.path, 0)
    following.append(b"new")
    following.look()
    assert following.taken == [b"one", b"new"]
    assert following.ledger["cut"] == 1


def test_a_deleted_file_is_not_held_for_ever(following: Rig) -> None:
    """Its blocks are free once nobody writes to it any more; its tail is cut."""
    following.write(b"one\ntail")
    following.look()
    following.path.unlink()
    following.look()
    assert following.source.open_descriptors == 1
    following.look(GRACE_S)
    following.look()
    assert following.source.open_descriptors == 0
    assert following.ledger["cut"] == 1
    following.append(b"new")
    following.look()
    assert following.taken == [b"one", b"new"]


def test_a_swapped_link_leads_to_the_other_file(tmp_path: Path) -> None:
    """And back again to where the first was left."""
    with rig(tmp_path, start="beginning") as following:
        following.append(b"a1", to="a")
        following.append(b"b1", to="b")
        following.path.symlink_to(tmp_path / "a")
        following.open()
        for target, line in (("b", b"b2"), ("a", b"a2"), ("b", b"b3")):
            (tmp_path / "link").symlink_to(tmp_path / target)
            (tmp_path / "link").rename(following.path)
            following.append(line, to=target)
            following.look()
        assert following.taken == [b"a1", b"b1", b"b2", b"a2", b"b3"]


def test_one_file_of_many_names_is_read_once(tmp_path: Path) -> None:
    """A dated file and the link to the current one match the same glob."""
    with rig(tmp_path, "*.log", start="beginning") as following:
        for day in range(20):
            following.append(b"%d morning" % day, to=f"day{day:02}.log")
            (tmp_path / "link").symlink_to(tmp_path / f"day{day:02}.log")
            (tmp_path / "link").rename(tmp_path / "current.log")
            if not day:
                following.open()
            following.look(GRACE_S)
            following.append(b"%d evening" % day, to=f"day{day:02}.log")
            following.look(GRACE_S)
            following.commit()
        following.restart()
        expected = [
            b"%d %s" % (day, half) for day in range(20) for half in (b"morning", b"evening")
        ]
        assert sorted(following.taken) == sorted(expected)


def test_a_glob_that_finds_rotated_files_reads_each_line_once(tmp_path: Path) -> None:
    """Names move on at every rotation; files are known by what they are."""
    with rig(tmp_path, "access.log*", start="beginning") as following:
        following.append(b"old", to="access.log.1")
        following.append(b"new")
        following.open()
        for number in range(5):
            following.append(b"%d" % number)
            following.rotate()
            if number % 2:
                following.look()
            following.commit()
        following.look()
        following.commit()
        following.kill()
        following.rotate()
        following.open()
        assert sorted(following.taken) == sorted([b"old", b"new", b"0", b"1", b"2", b"3", b"4"])


def test_a_backup_copy_beside_the_log_is_not_read_again(following: Rig) -> None:
    """It begins like a file that was counted."""
    following.append(b"one", b"two")
    following.look()
    shutil.copyfile(following.path, f"{following.path}.20261123")
    following.rotate()
    following.append(b"three")
    following.look()
    assert following.taken == [b"one", b"two", b"three"]


def test_rotation_of_a_file_whose_descriptor_was_closed_loses_nothing(tmp_path: Path) -> None:
    """It is found again beside the log."""
    with rig(tmp_path, "*.log", start="beginning", max_open=1) as following:
        following.append(b"a1", to="a.log")
        following.append(b"b1", to="b.log")
        following.open()
        for name in ("a.log", "b.log"):
            following.append(name.encode() + b" rest", to=name)
            (tmp_path / name).rename(tmp_path / f"{name}.1")
            following.append(name.encode() + b" new", to=name)
        following.look()
        assert len(following.taken) == len(set(following.taken)) == 6
