"""Kills and restarts: what was counted and how far are of one moment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filerig import Rig, rig


def test_half_a_line_across_a_kill_is_one_line(following: Rig) -> None:
    """The offset never stands within a line."""
    following.write(b"one\nhalf")
    following.look()
    following.commit()
    following.write(b" line\n")
    following.restart()
    assert following.taken == [b"one", b"half line"]


def test_what_was_counted_after_the_last_commit_is_counted_again_once(following: Rig) -> None:
    """Positions and counts are of one moment, whichever that was."""
    following.append(b"one")
    following.look()
    following.commit()
    following.append(b"two")
    following.look()
    assert following.taken == [b"one", b"two"]
    following.restart()
    following.look()
    assert following.taken == [b"one", b"two"]


def test_three_rotations_while_down_lose_nothing(following: Rig) -> None:
    """The saved file is found by its inode, the newer ones by their order."""
    following.append(b"0")
    following.look()
    following.commit()
    following.kill()
    for number in (1, 2, 3):
        following.append(b"rest of %d" % (number - 1))
        following.rotate()
        following.append(b"%d" % number)
    following.open()
    assert following.taken == [b"0", b"rest of 0", b"1", b"rest of 1", b"2", b"rest of 2", b"3"]


def test_rotations_by_date_while_down_lose_nothing(following: Rig) -> None:
    """logrotate's dateext, with files of before the first start that stay uncounted."""
    following.append(b"before", to="access.log-20261101")
    os.utime(f"{following.path}-20261101", (1000, 1000))
    following.append(b"0")
    following.look()
    following.commit()
    following.kill()
    for day in (21, 22, 23):
        following.append(b"%d" % day)
        os.rename(following.path, f"{following.path}-202611{day}")
        following.path.touch()
    following.open()
    assert following.taken == [b"0", b"21", b"22", b"23"]


def test_rotation_past_the_last_kept_file_while_down_reads_what_is_left(following: Rig) -> None:
    """The saved file is gone; what was written since is new, what is older is not."""
    following.append(b"before", to="access.log.2")
    os.utime(f"{following.path}.2", (1000, 1000))
    following.append(b"saved")
    following.look()
    following.commit()
    following.kill()
    following.path.unlink()
    following.append(b"unseen", to="access.log.1")
    following.append(b"live")
    following.open()
    assert following.taken == [b"saved", b"unseen", b"live"]


def test_copytruncate_three_times_while_down_loses_nothing(following: Rig) -> None:
    """The copy with the saved beginning is continued, the newer copies are read whole."""
    following.append(b"one")
    following.look()
    following.commit()
    following.kill()
    for number in range(3):
        following.append(b"%d" % number)
        following.copytruncate()
    following.append(b"last")
    following.open()
    assert following.taken == [b"one", b"0", b"1", b"2", b"last"]


def test_a_log_regrown_past_the_offset_while_down_is_read_from_the_beginning(
    following: Rig,
) -> None:
    """Its beginning is not the one that was counted."""
    following.append(b"one")
    following.look()
    following.commit()
    following.kill()
    following.path.write_bytes(b"other\nlines\nlonger than before\n")
    following.open()
    assert following.taken == [b"one", b"other", b"lines", b"longer than before"]


@pytest.mark.parametrize("kill", [False, True])
def test_an_inode_used_again_is_another_file(following: Rig, kill: bool) -> None:
    """Two hundred times removed and made: each new file from its beginning."""
    for number in range(200):
        following.append(b"%d" % number)
        following.look()
        following.commit()
        following.path.unlink()
        if kill:
            following.kill()
        following.path.write_bytes(b"new %d\n" % number)
        if kill:
            following.open()
        following.look()
        assert following.taken[-1] == b"new %d" % number
    assert len(following.taken) == 400


def test_an_older_state_counts_the_time_since_again_once(following: Rig) -> None:
    """Positions of an hour ago beside files of now: consistent with the counts of then."""
    following.append(b"one")
    following.look()
    following.commit()
    for number in range(5):
        following.append(b"%d" % number)
        following.rotate()
        following.look()
    following.restart()
    assert following.taken == [b"one", b"0", b"1", b"2", b"3", b"4"]


def test_a_missing_state_begins_as_at_the_very_first_start(tmp_path: Path) -> None:
    """Without positions the end is the beginning."""
    with rig(tmp_path) as following:
        following.append(b"old")
        following.open()
        following.append(b"new")
        following.look()
        assert following.taken == [b"new"]


def test_a_log_that_appears_while_down_is_read_whole(tmp_path: Path) -> None:
    """That it was waited for is part of the state."""
    with rig(tmp_path, "a.log", "b.log") as following:
        following.open()
        following.commit()
        following.kill()
        following.append(b"a", to="a.log")
        following.append(b"b", to="b.log")
        following.open()
        assert following.taken == [b"a", b"b"]


def test_a_pattern_that_is_new_begins_where_it_is_told(tmp_path: Path) -> None:
    """Other patterns of the source were followed before; this one was not."""
    with rig(tmp_path, "a.log") as following:
        following.append(b"old a", to="a.log")
        following.append(b"old b", to="b.log")
        following.open()
        following.commit()
        following.patterns.append(str(tmp_path / "b.log"))
        following.kill()
        following.append(b"new a", to="a.log")
        following.open()
        following.append(b"new b", to="b.log")
        following.look()
        assert following.taken == [b"new a", b"new b"]


def test_files_no_longer_configured_are_left_alone(tmp_path: Path) -> None:
    """Their positions are dropped."""
    with rig(tmp_path, "a.log", "b.log", start="beginning") as following:
        following.append(b"a", to="a.log")
        following.append(b"b", to="b.log")
        following.open()
        following.commit()
        del following.patterns[1]
        following.kill()
        following.append(b"more", to="b.log")
        following.open()
        assert {p.path for p in following.source.positions() if not p.is_marker} == {
            str(tmp_path / "a.log")
        }
        assert following.taken == [b"a", b"b"]


def test_a_line_longer_than_any_is_oversize_once_over_kills(following: Rig) -> None:
    """Until it ends it is not counted; then once, and what follows is counted."""
    following.write(b"x" * 200_000)
    following.look()
    following.commit()
    following.restart()
    following.write(b"x\nafter\n")
    following.look()
    assert following.taken == [b"after"]
    assert following.ledger["oversize"] == 1
    assert following.intake.ledger.balanced


def test_positions_are_kept_after_close(following: Rig) -> None:
    """The last commit comes after the files are closed."""
    following.append(b"one")
    following.look()
    before = following.source.positions()
    assert following.source.close().called
    assert following.source.positions() == before
    assert following.source.open_descriptors == 0
    assert not following.clock.getDelayedCalls()


def test_before_it_is_open_positions_are_those_restored(following: Rig) -> None:
    """A source that cannot be opened yet forgets nothing."""
    following.append(b"one")
    following.look()
    following.commit()
    positions = following.source.positions()
    following.kill()
    assert set(following.source.positions()) == set(positions)
