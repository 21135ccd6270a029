"""Faults of the world around a state file: kill -9, a full disk, damaged bytes."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random

import pytest
from counting_child import counted
from merging import added

import logmond
from logmond.stores.opening import open_database
from logmond.stores.rows import Restored

CHILD = Path(__file__).parent / "counting_child.py"
NOW = 1_795_456_930.0


@contextmanager
def started(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A child process, killed at the end if it still runs."""
    environment = {**os.environ, "PYTHONPATH": str(Path(logmond.__file__).parents[1])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.kill()


def counting(state: Path, *arguments: str) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """A child that counts into `state`."""
    return started(sys.executable, str(CHILD), str(state), *arguments)


def rounds(child: subprocess.Popen[bytes], number: int) -> bytes:
    """What the child tells of its next commits."""
    assert child.stdout is not None
    return child.stdout.read(number)


def until(child: subprocess.Popen[bytes], wanted: bytes) -> None:
    """Read on until the child tells `wanted`."""
    while (told := rounds(child, 1)) != wanted:
        assert told, "the child ended"


def tell(child: subprocess.Popen[bytes], line: str) -> None:
    """Write a line to the child."""
    assert child.stdin is not None
    child.stdin.write(line.encode() + b"\n")
    child.stdin.flush()


def stop(child: subprocess.Popen[bytes]) -> None:
    """Let the child close its state and end."""
    assert child.stdin is not None
    child.stdin.close()
    assert child.stdout is not None
    child.stdout.read()
    assert child.wait() == 0


def kept(state: Path) -> Restored:
    """What a start finds."""
    database, restored = open_database(str(state), NOW, added)
    database.close()
    return restored


def offset_of(restored: Restored) -> int:
    """How far the file was counted, after a look at everything else that must agree."""
    if not restored.files:
        return 0
    offset = restored.files[0].offset
    assert counted(dict(restored.frames)) == offset
    assert restored.values["offset"] == b"%d" % offset
    assert [row.body for row in restored.incidents] == [b"%d" % offset]
    return offset


def test_kill_nine_between_any_two_writes_leaves_offset_and_counts_equal(tmp_path: Path) -> None:
    """However often it is killed, the frames hold exactly the lines up to the offset."""
    state = tmp_path / "state.db"
    random = Random(7)
    before = 0
    for _ in range(10):
        with counting(state) as child:
            written = random.randrange(1, 60)
            assert rounds(child, written) == b"." * written
            child.send_signal(signal.SIGKILL)
        restored = kept(state)
        assert restored.warning is None
        offset = offset_of(restored)
        assert offset >= before + 5 * written
        before = offset


def test_a_full_disk_costs_nothing_once_there_is_room_again(tmp_path: Path) -> None:
    """Commits that could not be written go with the first one that can."""
    state = tmp_path / "state.db"
    with counting(state, str(400_000)) as child:
        until(child, b"!")
        tell(child, "lift")
        until(child, b".")
        stop(child)
    restored = kept(state)
    assert restored.warning is None
    assert offset_of(restored) > 0


def test_a_full_disk_at_the_end_leaves_the_last_whole_commit(tmp_path: Path) -> None:
    """What was written before the disk filled up is consistent."""
    state = tmp_path / "state.db"
    with counting(state, str(400_000)) as child:
        until(child, b"!")
        child.send_signal(signal.SIGKILL)
    assert offset_of(kept(state)) > 0


def can_mount() -> bool:
    """Whether this user may mount a file system in a name space of its own."""
    unshare = shutil.which("unshare")
    return (
        unshare is not None
        and not subprocess.run(
            [unshare, "-rm", "mount", "-t", "tmpfs", "none", "/mnt"],
            capture_output=True,
            check=False,
        ).returncode
    )


@pytest.mark.skipif(not can_mount(), reason="no unshare here, or no right to mount")
def test_a_full_file_system_is_told_and_survived(tmp_path: Path) -> None:
    """On a tmpfs too small for the state, the daemon goes on; with room it recovers."""
    room = tmp_path / "room"
    room.mkdir()
    script = (
        f"mount -t tmpfs -o size=300k none {room} && "
        f"{sys.executable} {CHILD} {room}/state.db && cp {room}/state.db {tmp_path}"
    )
    with started("unshare", "-rm", "sh", "-c", script) as child:
        until(child, b"!")
        tell(child, f"mount -o remount,size=20m {room}")
        until(child, b".")
        stop(child)
    assert offset_of(kept(tmp_path / "state.db")) > 0


@pytest.mark.skipif(not can_mount(), reason="no unshare here, or no right to mount")
def test_a_disk_that_is_full_at_the_start_hides_nothing(tmp_path: Path) -> None:
    """The daemon starts with all it wrote before, and goes on writing once there is room."""
    with counting(tmp_path / "state.db") as child:
        assert rounds(child, 3) == b"..."
        stop(child)
    before = offset_of(kept(tmp_path / "state.db"))
    room = tmp_path / "room"
    room.mkdir()
    script = (
        f"mount -t tmpfs -o size=400k none {room} && cp {tmp_path}/state.db {room} && "
        f"! cat /dev/zero 2>/dev/null >{room}/filler && "
        f"{sys.executable} {CHILD} {room}/state.db && cp {room}/state.db {tmp_path}"
    )
    with started("unshare", "-rm", "sh", "-c", script) as child:
        assert rounds(child, 1) == b"!"
        tell(child, f"mount -o remount,size=20m {room}")
        until(child, b".")
        stop(child)
    restored = kept(tmp_path / "state.db")
    assert restored.warning is None
    assert offset_of(restored) > before
