"""Cutting chunks into whole lines: what fits, what is too long, what is a hole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.ingest.sources.cursor import CHUNK_BYTES, Cursor
from logmond.ingest.sources.wholelines import pieces
from logmond.testing import RecordingIntake

CAP = 10

LINES = st.lists(
    st.tuples(st.integers(0, 3), st.text("ab", max_size=25)).map(
        lambda parts: b"\0" * parts[0] + parts[1].encode()
    ),
    max_size=12,
)


def given_all(cursor: Cursor, data: bytes, chunk_bytes: int) -> None:
    """Give a cursor everything, as a reader of a file does."""
    while True:
        place = cursor.offset + cursor.ahead
        chunk = data[place : place + chunk_bytes]
        cursor.take(chunk)
        if place + len(chunk) == len(data) and cursor.offset + cursor.ahead == place:
            return
        if cursor.offset + cursor.ahead == len(data):
            return


@given(lines=LINES, tail=st.text("ab", max_size=9), chunk_bytes=st.integers(40, 200))
@settings(max_examples=200)
def test_each_line_is_handed_over_or_oversize_however_chunks_fall(
    lines: list[bytes], tail: str, chunk_bytes: int
) -> None:
    """Lines that fit come in order without the NULs before them, the others are counted once."""
    data = b"".join(line + b"\n" for line in lines) + tail.encode()
    intake = RecordingIntake()
    cursor = Cursor(intake, CAP)
    given_all(cursor, data, chunk_bytes)
    bare = [line.lstrip(b"\0") for line in lines]
    assert intake.taken == [line for line in bare if len(line) <= CAP]
    assert intake.ledger.totals["oversize"] == sum(len(line) > CAP for line in bare)
    assert cursor.offset == len(data) - len(tail)


@given(lines=LINES)
@settings(max_examples=100)
def test_pieces_follow_each_other_and_end_with_lf(lines: list[bytes]) -> None:
    """Together the pieces are all whole lines."""
    data = b"".join(line + b"\n" for line in lines) + b"tail"
    position = 0
    for begin, end, _ in pieces(data, CAP):
        assert begin == position
        assert data[end - 1 : end] == b"\n"
        position = end
    assert data[position:] == b"tail"


def test_a_line_longer_than_a_chunk_is_counted_when_it_ends() -> None:
    """Until its LF comes the offset stays before it, so a restart does not count it twice."""
    intake = RecordingIntake()
    cursor = Cursor(intake)
    cursor.take(b"first\n" + b"x" * (CHUNK_BYTES - 6))
    assert (cursor.offset, cursor.ahead) == (6, CHUNK_BYTES - 6)
    for _ in range(100):
        cursor.take(b"x" * CHUNK_BYTES)
    assert intake.ledger.totals["oversize"] == 0
    cursor.take(b"xx\nlast\n")
    assert (cursor.offset, cursor.ahead) == (6 + 101 * CHUNK_BYTES - 6 + 3, 0)
    assert intake.ledger.totals["oversize"] == 1
    assert intake.ledger.samples["oversize"][0].startswith(b"xxx")
    cursor.take(b"last\n")
    assert intake.taken == [b"first", b"last"]


def test_a_hole_is_passed_and_counted_as_nothing() -> None:
    """NUL bytes left by a truncation under a writer that does not append are no line."""
    intake = RecordingIntake()
    cursor = Cursor(intake)
    cursor.take(b"\0" * CHUNK_BYTES)
    cursor.take(b"\0" * CHUNK_BYTES)
    assert cursor.offset == 0
    cursor.take(b"\0" * 10 + b"line\n")
    assert cursor.offset == 2 * CHUNK_BYTES + 10
    cursor.take(b"line\n")
    assert intake.taken == [b"line"]
    assert intake.ledger.totals["received"] == 1


def test_a_short_hole_at_the_end_is_looked_at_again() -> None:
    """Somebody may write into space that was only reserved."""
    intake = RecordingIntake()
    cursor = Cursor(intake)
    cursor.take(b"one\n\0\0\0\0")
    assert (cursor.offset, cursor.ahead) == (4, 0)
    cursor.take(b"two\n")
    assert intake.taken == [b"one", b"two"]


def test_a_forsaken_tail_is_cut_and_a_forsaken_long_one_oversize() -> None:
    """What was seen of the last line decides what it counts as; a hole counts as nothing."""
    intake = RecordingIntake()
    for data in (b"tail", b"x" * CHUNK_BYTES, b"\0" * CHUNK_BYTES, b""):
        cursor = Cursor(intake)
        cursor.take(data)
        cursor.forsake_tail()
        cursor.forsake_tail()
    assert intake.ledger.totals == {"received": 2, "cut": 1, "oversize": 1}


def test_the_newest_second_never_goes_back() -> None:
    """It is the newest of all that was handed over."""
    cursor = Cursor(RecordingIntake(second_of=lambda line: int(line) if line.isdigit() else None))
    seconds = []
    for line in (b"x\n", b"5\n", b"3\n", b"9\n"):
        cursor.take(line)
        seconds.append(cursor.newest)
    assert seconds == [None, 5, 5, 9]


def test_lines_longer_than_a_chunk_cannot_be_allowed() -> None:
    """The cap must leave room for a whole line in a chunk."""
    with pytest.raises(ValueError, match="does not fit"):
        Cursor(RecordingIntake(), CHUNK_BYTES)
