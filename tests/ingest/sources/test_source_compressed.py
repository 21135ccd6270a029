"""What was rotated and compressed while nobody looked is read once, in order."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from filerig import Rig


def compress(path: Path) -> None:
    """What gzip does: another inode, the time of the last write kept, the original gone."""
    status = path.stat()
    packed = Path(f"{path}.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    os.utime(packed, ns=(status.st_atime_ns, status.st_mtime_ns))
    path.unlink()


def rotate(following: Rig, *, delayed: bool = False) -> None:
    """Rename and compress, as logrotate does with compress, or delaycompress."""
    log = following.path
    for number in range(9, 0, -1):
        for ending in ("", ".gz"):
            if os.path.exists(f"{log}.{number}{ending}"):
                os.rename(f"{log}.{number}{ending}", f"{log}.{number + 1}{ending}")
    os.rename(log, f"{log}.1")
    log.touch()
    victim = Path(f"{log}.{2 if delayed else 1}")
    if victim.exists():
        compress(victim)


def begin(following: Rig) -> None:
    """One line is counted, then the daemon is gone."""
    following.append(b"0")
    following.look()
    following.commit()
    following.kill()


@pytest.mark.parametrize("delayed", [False, True])
def test_three_compressed_rotations_while_down_lose_nothing(following: Rig, delayed: bool) -> None:
    """The rest of the saved file, then each generation, then the live file."""
    begin(following)
    for number in (1, 2, 3):
        following.append(b"rest of %d" % (number - 1))
        rotate(following, delayed=delayed)
        following.append(b"%d" % number)
    following.open()
    assert following.taken == [b"0", b"rest of 0", b"1", b"rest of 1", b"2", b"rest of 2", b"3"]
    following.commit()
    following.restart()
    following.look()
    assert following.taken[-1] == b"3"
    assert len(following.taken) == 7
    assert following.intake.ledger.balanced


def test_dates_order_compressed_generations(following: Rig) -> None:
    """logrotate's dateext, compressed."""
    begin(following)
    for day in (21, 22, 23):
        following.append(b"%d" % day)
        os.rename(following.path, f"{following.path}-202611{day}")
        compress(Path(f"{following.path}-202611{day}"))
        following.path.touch()
    following.open()
    assert following.taken == [b"0", b"21", b"22", b"23"]


def test_a_file_of_which_nothing_was_counted_is_read_whole(following: Rig) -> None:
    """It has no fingerprint; that it was written to since the last look is enough."""
    following.kill()
    following.append(b"first")
    rotate(following)
    following.append(b"second")
    following.open()
    assert following.taken == [b"first", b"second"]


def test_what_was_counted_before_it_was_compressed_is_not_again(following: Rig) -> None:
    """Rotated and compressed under our eyes, over restarts too."""
    for number in range(4):
        following.append(b"%d" % number)
        following.look()
        rotate(following)
        following.look()
        following.commit()
        following.restart()
        following.look()
    following.append(b"last")
    following.look()
    assert following.taken == [b"0", b"1", b"2", b"3", b"last"]


def test_what_was_there_before_the_first_start_stays_uncounted(following: Rig) -> None:
    """Older generations are nobody's rest."""
    old = Path(f"{following.path}.1")
    old.write_bytes(b"before\n")
    os.utime(old, (1000, 1000))
    compress(old)
    begin(following)
    following.append(b"rest")
    rotate(following)
    following.open()
    assert following.taken == [b"0", b"rest"]


def test_copies_that_were_compressed_are_continued(following: Rig) -> None:
    """copytruncate with compress: the live file keeps its inode."""
    begin(following)
    following.append(b"rest")
    shutil.copyfile(following.path, f"{following.path}.1")
    compress(Path(f"{following.path}.1"))
    os.truncate(following.path, 0)
    following.append(b"new")
    following.open()
    assert following.taken == [b"0", b"rest", b"new"]


def test_the_original_is_read_while_gzip_is_at_work(following: Rig) -> None:
    """Its output is not whole yet."""
    begin(following)
    following.append(b"rest")
    os.rename(following.path, f"{following.path}.1")
    following.path.touch()
    packed = gzip.compress(b"0\nrest\n")
    Path(f"{following.path}.1.gz").write_bytes(packed[:15])
    following.open()
    assert following.taken == [b"0", b"rest"]
    Path(f"{following.path}.1.gz").write_bytes(packed)
    os.unlink(f"{following.path}.1")
    following.append(b"new")
    following.look()
    following.commit()
    following.restart()
    following.look()
    assert following.taken == [b"0", b"rest", b"new"]


def _many(following: Rig) -> list[bytes]:
    lines = [b"%07d " % number + b"x" * 90 for number in range(20_000)]
    following.append(*lines[:10_000])
    return lines


def test_a_kill_while_it_is_read_counts_the_rest_once(following: Rig) -> None:
    """The position is one of the compressed file now."""
    lines = _many(following)
    following.look()
    following.commit()
    following.kill()
    following.append(*lines[10_000:])
    rotate(following)
    following.source.open()
    (behind,) = following.source.catch_up()
    while behind.pump(32 * 1024) and len(following.taken) < 15_000:
        pass
    assert 15_000 <= len(following.taken) < 20_000
    following.commit()
    following.restart()
    following.look()
    assert following.taken == lines


def test_a_slice_stays_a_slice(following: Rig) -> None:
    """Neither passing by what was counted nor reading the rest is done in one go."""
    lines = _many(following)
    following.look()
    following.commit()
    following.kill()
    following.append(*lines[10_000:])
    rotate(following)
    following.source.open()
    (behind,) = following.source.catch_up()
    counted = [len(following.taken)]
    while behind.pump(16 * 1024):
        counted.append(len(following.taken))
    assert max(b - a for a, b in pairwise(counted)) < 1500
    assert counted.count(10_000) > 5
    assert following.taken == lines


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-12])


def _no_gzip(path: Path) -> None:
    path.write_bytes(b"something else\n")


@pytest.mark.parametrize("spoil", [_cut, _no_gzip])
def test_a_broken_file_does_not_stop_the_rest(
    following: Rig, spoil: Callable[[Path], None]
) -> None:
    """What it holds may be lost; what comes after is not."""
    begin(following)
    following.append(b"rest")
    rotate(following)
    spoil(Path(f"{following.path}.1.gz"))
    following.append(b"new")
    following.open()
    assert following.taken[0] == b"0"
    assert following.taken[-1] == b"new"
    assert set(following.taken) <= {b"0", b"rest", b"new"}
    assert following.source.health().state == "ok"


def test_an_unterminated_last_line_is_cut(following: Rig) -> None:
    """Nobody will complete it."""
    begin(following)
    following.write(b"rest\nhal")
    rotate(following)
    following.append(b"new")
    following.open()
    for _ in range(3):
        following.look(60)
    assert following.taken == [b"0", b"rest", b"new"]
    assert following.ledger["cut"] == 1
    following.commit()
    following.restart()
    following.look(120)
    assert following.ledger["cut"] == 1
    assert following.intake.ledger.balanced
