"""A damaged state file never keeps the daemon from starting, and is never counted on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from shutil import copyfile

import pytest
from daemon import Daemon
from numbered import Account, assert_counted_once, lines
from patience import until
from programs import soaking

from logmond.frame.minutes import merge_minutes
from logmond.stores.history import open_history
from logmond.stores.opening import open_database
from logmond.stores.rows import Changes, IncidentRow, Restored, SilenceRow

Start = Callable[..., Daemon]

FLIPS, CUTS, STARTS = (1000, 400, 40) if soaking() else (150, 40, 1)

NOW = 1_795_456_930.0
MINUTES = {60 * n: b"minute %d " % n * 100 for n in range(300)}
INCIDENTS = [IncidentRow(f"id-{n:04}", "errors", n, n + 5, b"body" * 300) for n in range(100)]
CONTENT = Changes(
    frames={("second", n): bytes([n]) * 400 for n in range(200)},
    values={"alerts": b"states" * 50},
    incidents=INCIDENTS,
    outbox={("ops", f"m-{n}"): b"message" * 40 for n in range(40)},
    minutes=MINUTES,
    silences=[SilenceRow(f"s-{n}", "errors", n, n + 5, b"deploy") for n in range(30)],
)


@pytest.fixture
def sound(tmp_path: Path) -> bytes:
    """A state file with something in every table, closed in order."""
    path = tmp_path / "sound.db"
    database, _ = open_database(str(path), NOW, merge_minutes)
    database.write(CONTENT)
    database.close()
    return path.read_bytes()


def _survived(path: Path, damaged: bytes) -> tuple[str, int]:
    """Start on a damaged file: what became of it, and how many rows of the past were left out.

    Either it is aside as it was and a new one is begun, or all that is counted
    on is as it was written, and of the past nothing is told that was not.
    """
    for file in path.parent.glob("state.db*"):
        file.unlink()
    path.write_bytes(damaged)
    database, restored = open_database(str(path), NOW, merge_minutes)
    try:
        if list(path.parent.glob("state.db.corrupt-*")):
            [aside] = path.parent.glob("state.db.corrupt-*")
            assert aside.read_bytes() == damaged
            assert restored == Restored(warning=restored.warning)
            assert restored.warning is not None
            assert aside.name in restored.warning
            database.write(CONTENT)
            return "moved aside", 0
        assert restored.frames == CONTENT.frames
        assert restored.values == CONTENT.values
        lost = len(CONTENT.outbox) - len(restored.outbox)
        assert restored.outbox.items() <= CONTENT.outbox.items()
        assert (lost == 0) == (restored.warning is None)
        database.write(Changes(values={"later": b"commit"}))
        with closing(open_history(str(path))) as history:
            minutes = dict(history.minutes(0, 1 << 40))
            incidents = history.incidents(0)
            assert minutes.items() <= MINUTES.items()
            assert set(incidents) <= set(INCIDENTS)
            missing = len(MINUTES) - len(minutes) + len(INCIDENTS) - len(incidents)
            assert missing == history.damaged
            return ("messages left out" if lost else "kept"), missing
    finally:
        database.close()


def test_flipped_bits_are_found_wherever_they_are(tmp_path: Path, sound: bytes) -> None:
    """One at a time: the file is moved aside, or what was hit is left out, or nothing was hit."""
    random = Random(14)
    became = []
    for _ in range(FLIPS):
        damaged = bytearray(sound)
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
        became.append(_survived(tmp_path / "state.db", bytes(damaged)))
    assert {what for what, _ in became} == {"moved aside", "messages left out", "kept"}
    assert {missing for _, missing in became} == {0, 1}


def test_a_cut_file_is_moved_aside(tmp_path: Path, sound: bytes) -> None:
    """Wherever it is cut."""
    random = Random(15)
    for _ in range(CUTS):
        cut = random.randrange(2, len(sound) - 4096)
        assert _survived(tmp_path / "state.db", sound[:cut]) == ("moved aside", 0)


def _write(folder: Path, *parts: range) -> None:
    with (folder / "access.log").open("ab") as log:
        for part in parts:
            log.write(lines(part))


@pytest.fixture
def stopped(prepared_daemon: Start, tmp_path: Path) -> Daemon:
    """A daemon that has counted a hundred lines, and stopped."""
    (tmp_path / "access.log").touch()
    daemon = prepared_daemon({"sources": [{"name": "web", "files": [f"{tmp_path}/access.log"]}]})
    daemon.start()
    _write(tmp_path, range(100))
    assert_counted_once(daemon, range(100))
    assert daemon.stop() == 0
    return daemon


def _commits(daemon: Daemon) -> bool:
    """Whether its state file is written."""
    with closing(sqlite3.connect(f"file:{daemon.folder}/state.db?mode=ro", uri=True)) as state:
        return bool(state.execute("SELECT 1 FROM snapshots WHERE name = 'evaluated'").fetchall())


@pytest.mark.parametrize("how", ["cut", "flipped"])
def test_the_daemon_starts_on_a_damaged_file(stopped: Daemon, tmp_path: Path, how: str) -> None:
    """It says where the old one is, begins a new one and counts what comes from now on."""
    state = stopped.folder / "state.db"
    copyfile(state, tmp_path / "sound.db")
    sound = (tmp_path / "sound.db").read_bytes()
    random = Random(how)
    written = 100
    for _ in range(STARTS):
        for file in stopped.folder.glob("state.db*"):
            file.unlink()
        damaged = bytearray(sound)
        if how == "cut":
            del damaged[random.randrange(2, len(sound) - 4096) :]
        else:
            for _ in range(1000):
                damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
        state.write_bytes(damaged)
        stopped.start()
        until(20, lambda: _commits(stopped), lambda: stopped.process.output)
        assert " warn state file " in stopped.process.output
        assert "is damaged" in stopped.process.output
        [aside] = stopped.folder.glob("state.db.corrupt-*")
        assert aside.read_bytes() == damaged
        _write(tmp_path, range(written, written + 20))
        assert_counted_once(stopped, range(written, written + 20))
        written += 20
        assert stopped.ask("status")[0] == "ok"
        assert stopped.stop() == 0


def test_damaged_history_and_messages_cost_the_daemon_nothing_else(
    stopped: Daemon, tmp_path: Path
) -> None:
    """A minute, an incident and a message are not what was written: it goes on where it was."""
    with closing(sqlite3.connect(stopped.folder / "state.db")) as state:
        state.execute("INSERT INTO minutes VALUES (60, x'00', 7)")
        state.execute("INSERT INTO outbox VALUES ('ops', 'm', x'00', 7)")
        state.execute("INSERT INTO incidents VALUES ('a', 'a', 'errors', 1, NULL, x'00', 7)")
        state.commit()
    _write(tmp_path, range(100, 120))
    stopped.start()
    assert_counted_once(stopped, range(120))
    assert not list(stopped.folder.glob("state.db.corrupt-*"))
    assert "damaged and left out: messages still to be delivered 1, open incidents 1" in (
        stopped.process.output
    )
    assert Account.told(stopped).hits == 120
