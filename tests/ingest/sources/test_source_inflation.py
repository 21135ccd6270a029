"""Gzip files are read forward in bounded pieces, whatever they hold."""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logmond.ingest.sources import inflation
from logmond.ingest.sources.inflation import Inflation, announced_bytes, beginning


@contextmanager
def _opened(folder: Path, data: bytes) -> Iterator[int]:
    path = folder / "file.gz"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.data())
def test_any_pieces_of_any_members_are_the_content(
    tmp_path_factory: pytest.TempPathFactory, members: list[bytes], data: st.DataObject
) -> None:
    """Files may be joined (cat a.gz b.gz), and padded with NUL bytes."""
    content = b"".join(members)
    packed = b"".join(map(gzip.compress, members)) + bytes(data.draw(st.integers(0, 9)))
    with _opened(tmp_path_factory.mktemp("gz"), packed) as descriptor:
        found, place = Inflation(), 0
        while not found.ended or place < found.end:
            step = data.draw(st.integers(1, 2000))
            if data.draw(st.booleans()):
                place = min(len(content), place + data.draw(st.integers(0, 2000)))
                while not found.pass_by(descriptor, place, 500):
                    assert found.end < place
            piece = found.at(descriptor, place, step)
            assert piece == content[place : place + step]
            place += len(piece)
        assert (place, found.fault) == (len(content), "")


def test_passing_by_is_bounded_and_keeps_nothing(tmp_path: Path) -> None:
    """What is before the place is not held."""
    content = os.urandom(500_000)
    with _opened(tmp_path, gzip.compress(content)) as descriptor:
        found, turns = Inflation(), 1
        while not found.pass_by(descriptor, 400_000, 50_000):
            assert found.end == turns * 50_000
            turns += 1
        assert turns == 8
        assert found.begin == 400_000
        assert found.at(descriptor, 400_000, 10) == content[400_000:400_010]


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda packed: packed[:-9], "its end is missing"),
        (lambda packed: packed[:500] + b"\xff" * 50 + packed[550:], "it is damaged"),
        (lambda packed: b"plain text\n", "it is damaged"),
        (lambda packed: b"", "its end is missing"),
    ],
)
def test_a_broken_file_ends_and_says_why(tmp_path: Path, spoil: object, fault: str) -> None:
    """What can be read of it is."""
    content = os.urandom(2000)
    with _opened(tmp_path, spoil(gzip.compress(content))) as descriptor:  # type: ignore[operator]
        found = Inflation()
        assert content.startswith(found.at(descriptor, 0, 10_000))
        assert found.ended
        assert found.fault == fault
        assert content.startswith(beginning(descriptor, 16))


def test_a_bomb_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No log swells like that."""
    monkeypatch.setattr(inflation, "_FREE_BYTES", 100_000)
    with _opened(tmp_path, gzip.compress(bytes(50_000_000))) as descriptor:
        found = Inflation()
        while not found.pass_by(descriptor, 50_000_000, 1_000_000):
            assert found.end - found.begin <= 65536
        assert found.fault == "it swells more than 400 times"
        assert found.end < 30_000_000


def test_the_size_is_announced_at_the_end(tmp_path: Path) -> None:
    """A file that is too short for it announces nothing."""
    packed = gzip.compress(b"x" * 12345)
    with _opened(tmp_path, packed) as descriptor:
        assert announced_bytes(descriptor, len(packed)) == 12345
        assert announced_bytes(descriptor, 17) == 0
