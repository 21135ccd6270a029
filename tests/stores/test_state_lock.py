"""A state file belongs to one daemon, under whatever name, as long as that one runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import pytest_twisted
from patience import within
from twisted.internet import reactor

import logmond
from logmond.errors import StateError
from logmond.stores.sqlite import SqliteState


@pytest_twisted.ensureDeferred
async def test_a_state_file_has_one_daemon(state: SqliteState, path: str) -> None:
    """The second one is refused with the process of the first and a way out."""
    script = (
        "import sys; from twisted.internet import reactor; "
        "from logmond.stores.sqlite import SqliteState; "
        "SqliteState(sys.argv[1], reactor).open()"
    )
    second = subprocess.run(
        [sys.executable, "-c", script, path],
        cwd=Path(logmond.__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"{path} is in use by another logmond (process {os.getpid()})" in second.stderr
    assert "--set history.url=" in second.stderr


@pytest_twisted.ensureDeferred
async def test_the_lock_ends_with_its_state(path: str, tmp_path: Path) -> None:
    """After a close, and after a start that failed, the next one may have the file."""
    state = SqliteState(path, reactor)
    state.open()
    await within(5, state.close())
    Path(path).unlink()
    Path(path).mkdir()
    for _ in range(2):
        with pytest.raises(StateError, match="cannot be written"):
            SqliteState(path, reactor).open()
    Path(path).rmdir()
    again = SqliteState(path, reactor)
    again.open()
    await within(5, again.close())


@pytest_twisted.ensureDeferred
async def test_two_names_of_one_file_are_one_state(state: SqliteState, tmp_path: Path) -> None:
    """A symbolic link does not get around the lock."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    with pytest.raises(StateError, match="in use by another logmond"):
        SqliteState(str(link / "state.db"), reactor).open()


@pytest_twisted.ensureDeferred
async def test_a_missing_directory_is_made(tmp_path: Path) -> None:
    """The first start on a machine needs nothing prepared."""
    state = SqliteState(str(tmp_path / "lib" / "logmond" / "state.db"), reactor)
    state.open()
    assert Path(state.path).exists()
    await within(5, state.close())


@pytest_twisted.ensureDeferred
async def test_a_directory_that_cannot_be_made_is_refused_with_the_fix(tmp_path: Path) -> None:
    """A wrong path is one line, not a traceback."""
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="writable for this user"):
        SqliteState(str(tmp_path / "file" / "state.db"), reactor).open()
