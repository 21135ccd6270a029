"""Patterns: a path as it is, a glob by what lies there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from logmond.ingest.sources.patterns import covers, find

FILES = [
    "a/access.log",
    "a/error.log",
    "a/access.log.1",
    "a/access.log.2.gz",
    "a/.hidden.log",
    "b/access.log",
    "b/c/access.log",
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A directory of logs."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def found(tree: Path, pattern: str) -> list[str]:
    """The files a pattern finds, relative to the tree."""
    refused: list[str] = []
    paths = list(find(f"{tree}/{pattern}", lambda path, _: refused.append(path)))
    assert not refused
    return [str(Path(path).relative_to(tree)) for path in paths if path and os.path.exists(path)]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a/access.log", ["a/access.log"]),
        ("a/missing.log", []),
        ("a/*.log", ["a/access.log", "a/error.log"]),
        ("a/access.log*", ["a/access.log", "a/access.log.1"]),
        ("a/.*.log", ["a/.hidden.log"]),
        ("[ab]/acc?ss.log", ["a/access.log", "b/access.log"]),
        ("*/*/access.log", ["b/c/access.log"]),
        ("none/*.log", []),
        ("a/access.log/*", []),
    ],
)
def test_patterns_find_and_cover_the_same(tree: Path, pattern: str, expected: list[str]) -> None:
    """What is found is covered, what lies there and is not found is not."""
    assert found(tree, pattern) == expected
    for name in FILES:
        assert covers(f"{tree}/{pattern}", f"{tree}/{name}") == (name in expected)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.log", ["here.log"]),
        ("a/acc*.log", ["a/access.log"]),
        ("?/access.log", ["a/access.log", "b/access.log"]),
        ("./*.log", ["./here.log"]),
    ],
)
def test_a_pattern_may_begin_in_the_working_directory(
    tree: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, expected: list[str]
) -> None:
    """As any path may; it is of use to somebody who runs logmond by hand."""
    monkeypatch.chdir(tree)
    Path("here.log").touch()
    paths = [path for path in find(pattern, lambda *_: None) if path and os.path.exists(path)]
    assert paths == expected
    assert all(covers(pattern, path) for path in paths)


def test_a_directory_that_cannot_be_read_is_told(tree: Path) -> None:
    """Anything but absence is somebody's to mend."""
    refused: list[tuple[str, str]] = []
    (tree / "loop").symlink_to(tree / "loop")
    paths = find(f"{tree}/loop/*.log", lambda path, error: refused.append((path, str(error))))
    assert [path for path in paths if path] == []
    assert refused[0][0] == f"{tree}/loop"


def test_a_search_pauses(tree: Path) -> None:
    """Names that do not match are pauses, so that no directory is too long."""
    for number in range(500):
        (tree / "a" / f"{number}.txt").touch()
    steps = list(find(f"{tree}/a/*.log", lambda *_: None))
    assert steps.count(None) > 500
