"""Following files: what is read when, what is waited for, how long a turn takes."""

from __future__ import annotations

import shutil
from pathlib import Path

from filerig import Rig, rig

from logmond.ingest.sources.fileshealth import MISSING_S
from logmond.ingest.sources.track import GRACE_S


def test_lines_are_counted_once_they_are_whole(following: Rig) -> None:
    """Half a line is counted when its end is written."""
    following.append(b"one")
    following.write(b"half")
    following.look()
    assert following.taken == [b"one"]
    following.write(b" line\n")
    following.look()
    assert following.taken == [b"one", b"half line"]


def test_the_end_leaves_an_unfinished_line_to_be_counted_whole(tmp_path: Path) -> None:
    """The first line counted is the first that becomes whole."""
    with rig(tmp_path) as following:
        following.write(b"old\nunfin")
        following.open()
        following.write(b"ished\nnew\n")
        following.look()
        assert following.taken == [b"unfinished", b"new"]


def test_a_log_that_appears_later_is_read_whole(tmp_path: Path) -> None:
    """Start: end is for what was there at the first start."""
    with rig(tmp_path) as following:
        following.open()
        following.append(b"first")
        following.look()
        assert following.taken == [b"first"]


def test_a_removed_file_or_directory_is_picked_up_again(tmp_path: Path) -> None:
    """Others are not affected meanwhile."""
    logs = tmp_path / "logs"
    logs.mkdir()
    with rig(tmp_path, "access.log", "logs/*.log", start="beginning") as following:
        following.append(b"1", to="access.log")
        following.append(b"2", to="logs/a.log")
        following.open()
        shutil.rmtree(logs)
        following.look()
        following.append(b"3", to="access.log")
        following.look()
        logs.mkdir()
        following.append(b"4", to="logs/a.log")
        following.look()
        assert following.taken == [b"1", b"2", b"3", b"4"]


def test_many_files_share_few_descriptors(tmp_path: Path) -> None:
    """Every file is followed, a few are open at a time."""
    with rig(tmp_path, "*.log", start="beginning", max_open=4) as following:
        for line in (b"1", b"2", b"3"):
            for number in range(50):
                following.append(b"%d/%s" % (number, line), to=f"{number}.log")
            if line == b"1":
                following.open()
            following.look()
            assert following.source.open_descriptors <= 4
        assert len(following.taken) == len(set(following.taken)) == 150


def test_a_missing_log_is_waited_for(tmp_path: Path) -> None:
    """Waiting is healthy, and says for what."""
    with rig(tmp_path, "access.log", "*.json") as following:
        following.open()
        health = following.source.health()
        assert (health.state, health.broken) == ("waiting", False)
        assert "access.log" in health.reason
        following.append(b"one")
        following.append(b"two", to="x.json")
        following.look()
        assert following.source.health().state == "ok"


def test_a_log_that_was_removed_breaks_its_source_after_a_while(following: Rig) -> None:
    """Rotation makes a new one at once; what stays away is unknown, and then known again."""
    following.path.unlink()
    following.look()
    following.look(MISSING_S / 2)
    assert following.source.health().state == "ok"
    following.look(MISSING_S)
    health = following.source.health()
    assert (health.state, health.broken) == ("degraded", True)
    assert "removed" in health.reason
    following.path.touch()
    following.look()
    assert following.source.health().state == "ok"


def test_what_is_no_file_degrades_and_says_what_to_write(tmp_path: Path) -> None:
    """A directory in place of the log is told, not followed."""
    (tmp_path / "access.log").mkdir()
    with rig(tmp_path) as following:
        following.open()
        assert following.source.health().broken
        assert "write" in following.source.health().reason


def test_catch_up_reads_each_path_in_its_own_order(following: Rig) -> None:
    """Oldest file first; the live reader keeps away until all was read."""
    following.append(b"0")
    following.look()
    following.commit()
    following.kill()
    following.append(b"1")
    following.rotate()
    following.append(b"2")
    following.source.open()
    [entry] = following.source.catch_up()
    assert entry.path == str(following.path)
    following.look()
    assert following.taken == [b"0"]
    assert entry.pump(100_000)
    assert following.taken == [b"0", b"1"]
    assert not entry.pump(100_000)
    following.append(b"3")
    following.look()
    assert following.taken == [b"0", b"1", b"2", b"3"]


def test_catch_up_tells_the_newest_second_and_ends_under_a_busy_writer(tmp_path: Path) -> None:
    """What is written meanwhile is left to the live reader."""
    with rig(tmp_path, start="beginning") as following:
        following.intake._second_of = int
        following.append(*[b"%d" % second for second in range(1000, 1100)])
        following.source.open()
        [entry] = following.source.catch_up()
        assert entry.newest is None
        pumps = 0
        while entry.pump(50):
            following.append(b"2000", b"2000", b"2000", b"2000", b"2000", b"2000")
            pumps += 1
        assert 1 < pumps < 50
        assert entry.newest is not None
        assert entry.newest >= 1099
        following.look()
        assert len(following.taken) == 100 + 6 * pumps


def test_nothing_to_catch_up_with_is_an_empty_list(following: Rig) -> None:
    """A file that was read to its end is followed live at once."""
    following.append(b"one")
    following.look()
    following.commit()
    following.kill()
    following.source.open()
    assert following.source.catch_up() == []


def test_reading_holds_the_reactor_for_a_slice_at_a_time(tmp_path: Path) -> None:
    """After a slice that took its time, others get their turn; slices shrink to fit."""
    with rig(tmp_path, start="beginning") as following:
        following.write(b"x" * 99 + b"\n")
        following.open()
        counted = following.intake.lines
        sizes: list[int] = []

        def slowly(chunk: bytes) -> int | None:
            sizes.append(len(chunk))
            following.clock.rightNow += 0.010
            return counted(chunk)

        following.intake.lines = slowly  # type: ignore[method-assign]
        following.write((b"x" * 99 + b"\n") * 10_000)
        following.source.tick()
        turns = 0
        while following.clock.getDelayedCalls():
            before = len(sizes)
            call = following.clock.getDelayedCalls()[0]
            following.clock.advance(max(0.0, call.getTime() - following.clock.seconds()))
            turns += 1
            assert len(sizes) > before
        assert len(following.taken) == 10_001
        assert sizes[0] > 100_000
        assert sizes[-2] < 20_000


def test_files_of_a_glob_come_and_go(tmp_path: Path) -> None:
    """A dated log that was pruned is forgotten once nobody can write to it."""
    with rig(tmp_path, "*.log", start="beginning") as following:
        following.append(b"one", to="day1.log")
        following.append(b"two", to="day2.log")
        following.open()
        (tmp_path / "day1.log").unlink()
        following.look()
        following.look(GRACE_S)
        following.look()
        assert following.source.health().state == "ok"
        assert [p.path for p in following.source.positions() if not p.is_marker] == [
            str(tmp_path / "day2.log")
        ]


def test_a_file_lost_with_its_descriptor_counts_its_tail(tmp_path: Path) -> None:
    """Too few descriptors, and the file is deleted: what was seen of it is accounted for."""
    with rig(tmp_path, "*.log", start="beginning", max_open=1) as following:
        following.write(b"one\ntail", to="a.log")
        following.open()
        following.append(b"two", to="b.log")
        following.look()
        (tmp_path / "a.log").unlink()
        following.look()
        following.look()
        assert sorted(following.taken) == [b"one", b"two"]
        assert following.ledger["cut"] == 1


def test_a_file_that_cannot_be_read_ends_its_catching_up(tmp_path: Path) -> None:
    """The others must not wait for it; its source says what is wrong."""
    with rig(tmp_path, "*.log", start="beginning", max_open=1) as following:
        following.append(b"one", to="a.log")
        following.append(b"two", to="b.log")
        following.source.open()
        first, second = following.source.catch_up()
        (tmp_path / "a.log").unlink()
        (tmp_path / "a.log").symlink_to("a.log")
        assert not first.pump(1000)
        assert not second.pump(1000)
        assert following.taken == [b"two"]
        following.look()
        assert following.source.health().broken


def test_close_stops_what_is_under_way(following: Rig) -> None:
    """Neither a look nor a reading goes on afterwards."""
    following.append(b"one")
    following.source.tick()
    following.source.close()
    assert not following.clock.getDelayedCalls()
    assert following.taken == []
