"""The scripts around the code say what is wrong, and what would work."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


def _run(path: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", path, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env=more or None,
    )


def _program(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_a_machine_without_python_is_told_what_is_needed(tmp_path: Path) -> None:
    """No Python at all: the version, and how to name one."""
    result = _run(_ROOT / "packaging/find-python", PATH=str(tmp_path))
    assert result.returncode == 1
    assert "needs Python 3.11 or newer" in result.stderr
    assert "none" in result.stderr
    assert "make run PYTHON=" in result.stderr


def test_an_old_python_is_shown_with_its_version(tmp_path: Path) -> None:
    """What was found and was not good enough is named."""
    # Asked for its version it answers; asked whether it is new enough it says no.
    _program(tmp_path, "python3", 'case "$2" in *print*) echo 3.9;; *) exit 1;; esac')
    result = _run(_ROOT / "packaging/find-python", PATH=str(tmp_path))
    assert result.returncode == 1
    assert f"{tmp_path}/python3 is Python 3.9" in result.stderr


def test_a_python_without_venv_is_shown_with_the_package_that_helps(tmp_path: Path) -> None:
    """Debian splits venv off: the message names the package."""
    _program(tmp_path, "python3", 'case "$2" in *print*) echo 3.12;; *ensurepip*) exit 1;; esac')
    result = _run(_ROOT / "packaging/find-python", PATH=str(tmp_path))
    assert result.returncode == 1
    assert "apt-get install python3-venv" in result.stderr


def test_a_newer_python_is_found_behind_an_old_one(tmp_path: Path) -> None:
    """python3 may be old while python3.11 is there; the program itself is printed."""
    _program(tmp_path, "python3", 'case "$2" in *print*) echo 3.9;; *) exit 1;; esac')
    _program(tmp_path, "python3.11", f'exec "{sys.executable}" "$@"')
    result = _run(_ROOT / "packaging/find-python", PATH=str(tmp_path))
    assert (result.returncode, result.stderr) == (0, "")
    assert Path(result.stdout.strip()).samefile(sys.executable)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the news checker and its folder."""
    (tmp_path / "packaging").mkdir()
    (tmp_path / "changelog.d").mkdir()
    shutil.copy(_ROOT / "packaging/check-news", tmp_path / "packaging")
    shutil.copy(_ROOT / "changelog.d/README.md", tmp_path / "changelog.d")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("Watch.md", "Text.", "not named"),
        ("watch.feature.md", "Text.", "not named"),
        ("watch_port.added.md", "Text.", "not named"),
        (".watch.added.md", "Text.", "not named"),
        ("watch.added.md", " \n", "empty"),
        ("watch.added.md", "# Watch\n", "heading"),
    ],
)
def test_a_fragment_that_breaks_the_rules_is_named(
    tree: Path, name: str, text: str, fault: str
) -> None:
    """The file and the fault are printed, and the exit status is 1."""
    (tree / "changelog.d" / name).write_text(text)
    result = _run(tree / "packaging/check-news")
    assert result.returncode == 1
    assert result.stderr.startswith(f"changelog.d/{name}: ")
    assert fault in result.stderr


def test_good_fragments_pass(tree: Path) -> None:
    """Every kind, and hyphens in the name."""
    for kind in ("added", "changed", "fixed", "removed", "security"):
        (tree / "changelog.d" / f"octet-counting.{kind}.md").write_text("TCP syslog reads both.\n")
    result = _run(tree / "packaging/check-news")
    assert (result.returncode, result.stderr) == (0, "")


def test_the_fragments_of_this_tree_pass() -> None:
    """What lies in changelog.d follows its README."""
    result = _run(_ROOT / "packaging/check-news")
    assert (result.returncode, result.stderr) == (0, "")
