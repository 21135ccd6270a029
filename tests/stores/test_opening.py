"""Opening a state file: damaged ones are moved aside, others refused with the fix."""

import os
import sqlite3
from pathlib import Path
from random import Random

import pytest
from merging import added

from logmond.errors import StateError
from logmond.stores.database import Database
from logmond.stores.opening import open_database
from logmond.stores.rows import Changes, FileRow, IncidentRow, Restored
from logmond.stores.schema import summed

NOW = 1_795_456_930.0
ASIDE = "state.db.corrupt-20261123T180210Z"

CONTENT = Changes(
    files=[FileRow("nginx", f"/logs/{n}", 1, n, b"first line", 10, 1000 * n) for n in range(1, 30)],
    frames={("second", n): bytes([n]) * 40 * n for n in range(100)},
    values={"rules": b"states" * 50},
    incidents=[IncidentRow(f"id-{n}", "errors", n, n + 5, b"body" * 30) for n in range(30)],
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A state file with content, closed in order."""
    path = tmp_path / "state.db"
    database = Database(str(path), added)
    database.write(CONTENT)
    database.close()
    return path


def opened(path: Path) -> Restored:
    """What a start finds."""
    database, restored = open_database(str(path), NOW, added)
    database.close()
    return restored


def assert_survived(path: Path, intact: Restored, original: bytes) -> None:
    """Either nothing that matters changed, or the file is aside and a new one works."""
    database, restored = open_database(str(path), NOW, added)
    if restored.warning is None:
        assert restored == intact
    else:
        assert restored == Restored(warning=restored.warning)
        assert str(path) in restored.warning
        assert (path.parent / ASIDE).read_bytes() == original
        assert ASIDE in restored.warning
    database.write(CONTENT)
    database.close()
    assert opened(path).frames == CONTENT.frames


@pytest.mark.parametrize("flips", [1, 2, 20, 1000])
def test_flipped_bits_never_change_what_is_counted(path: Path, flips: int) -> None:
    """After any bit flips a start finds all that was written, or begins anew with a warning."""
    intact = opened(path)
    sound = path.read_bytes()
    moved = 0
    for seed in range(25):
        random = Random(f"{flips} {seed}")
        damaged = bytearray(sound)
        for _ in range(flips):
            damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
        path.write_bytes(damaged)
        assert_survived(path, intact, bytes(damaged))
        aside = path.parent / ASIDE
        moved += aside.exists()
        for file in path.parent.iterdir():
            file.unlink()
    assert moved


def test_every_byte_of_the_header_may_be_damaged(path: Path) -> None:
    """No damage to the file's own header keeps the daemon from starting."""
    intact = opened(path)
    sound = path.read_bytes()
    for place in range(100):
        for change in (0x01, 0x80, 0xFF):
            damaged = bytearray(sound)
            damaged[place] ^= change
            path.write_bytes(damaged)
            assert_survived(path, intact, bytes(damaged))
            for file in path.parent.iterdir():
                file.unlink()


@pytest.mark.parametrize("kept", [2, 50, 100, 512, 4096, 4097, 20_000, -4096])
def test_a_truncated_file_is_moved_aside(path: Path, kept: int) -> None:
    """A file cut anywhere is not trusted, and the daemon starts."""
    intact = opened(path)
    cut = path.read_bytes()[:kept]
    path.write_bytes(cut)
    assert_survived(path, intact, cut)
    assert (path.parent / ASIDE).exists()


@pytest.mark.parametrize("content", [b"", b"S"])
def test_an_empty_file_is_a_first_start(tmp_path: Path, content: bytes) -> None:
    """A file cut to nothing, or to the byte SQLite itself may begin with, was never written."""
    path = tmp_path / "state.db"
    path.write_bytes(content)
    assert opened(path) == Restored()


def test_a_damaged_log_falls_back_to_an_earlier_commit(tmp_path: Path) -> None:
    """Bits that flip in the write-ahead log lose the last commits, never half of one."""
    path = tmp_path / "state.db"
    database = Database(str(path), added)
    for number in range(1, 30):
        frames = {("second", 0): b"%d" % number * 500}
        database.write(Changes([FileRow("nginx", "/a", 1, 2, b"", 0, number)], frames))
    main, log = path.read_bytes(), (tmp_path / "state.db-wal").read_bytes()
    database.close()
    for seed in range(40):
        random = Random(seed)
        damaged = bytearray(log)
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
        for file in tmp_path.iterdir():
            file.unlink()
        path.write_bytes(main)
        (tmp_path / "state.db-wal").write_bytes(damaged)
        restored = opened(path)
        assert restored.warning is None
        if restored.files:
            assert restored.frames == {("second", 0): b"%d" % restored.files[0].offset * 500}


def test_a_new_file_does_not_inherit_the_log_of_the_damaged_one(path: Path) -> None:
    """What begins anew is empty, whatever the write-ahead log of the damaged file held."""
    database = Database(str(path), added)
    database.write(Changes(values={"later": b"in the log only"}))
    log = (path.parent / "state.db-wal").read_bytes()
    database.close()
    (path.parent / "state.db-wal").write_bytes(log)
    path.write_bytes(b"not a database" * 1000)
    assert opened(path).warning is not None
    assert opened(path) == Restored()


def test_files_moved_aside_in_the_same_second_do_not_overwrite_each_other(path: Path) -> None:
    """Every damaged file is kept."""
    for content in (b"first" * 100, b"second" * 100):
        path.write_bytes(content)
        assert opened(path).warning is not None
    assert (path.parent / ASIDE).read_bytes() == b"first" * 100
    assert (path.parent / f"{ASIDE}-2").read_bytes() == b"second" * 100


def test_only_its_user_can_read_it(tmp_path: Path) -> None:
    """Client addresses are nobody else's business, in the log of the file neither."""
    path = tmp_path / "state.db"
    path.touch(mode=0o644)
    database, _ = open_database(str(path), NOW, added)
    database.write(CONTENT)
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    database.close()
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}


def test_a_file_of_a_later_version_is_refused_and_left_alone(path: Path) -> None:
    """The message names both versions and the way out."""
    connection = sqlite3.connect(path)
    connection.execute("UPDATE meta SET value = 7, sum = ?", summed(("schema_version", 7))[2:])
    connection.execute("DROP TABLE frames")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StateError, match=r"later logmond \(schema 7, this one knows 2\)"):
        opened(path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    """A wrong path in the configuration destroys nothing."""
    path = tmp_path / "state.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE invoices (total)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StateError, match="another program"):
        opened(path)
    assert path.read_bytes() == before


def test_a_path_that_cannot_be_written_is_refused_with_the_fix(tmp_path: Path) -> None:
    """A directory in its place is neither moved nor a traceback."""
    path = tmp_path / "state.db"
    path.mkdir()
    with pytest.raises(StateError, match=r"cannot be written: .*writable for this user"):
        opened(path)
    assert path.is_dir()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_without_rights_is_refused_and_not_moved(path: Path) -> None:
    """Missing rights are the operator's to give, not damage."""
    path.chmod(0o400)
    with pytest.raises(StateError, match="writable for this user"):
        opened(path)
    assert path.exists()


def test_a_file_locked_for_the_moment_is_refused_and_not_moved(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's open transaction is not damage."""
    monkeypatch.setattr("logmond.stores.database._BUSY_TIMEOUT_S", 0.01)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StateError, match=r"cannot be used now .*locked"):
        opened(path)
    connection.close()
    assert opened(path).warning is None
