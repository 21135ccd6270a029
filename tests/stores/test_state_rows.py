"""Changes that wait become one change, and lose nothing by it."""

import sqlite3
from contextlib import closing
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from merging import added

from logmond.stores.database import Database
from logmond.stores.rows import (
    INCIDENTS,
    MINUTES,
    SILENCES,
    Changes,
    FileRow,
    IncidentRow,
    SilenceRow,
)
from logmond.stores.schema import COLUMNS, read_sql

bodies = st.binary(max_size=3)
frame_keys = st.tuples(st.sampled_from(["second", "block"]), st.integers(0, 6))
names = st.sampled_from(["rules", "silences"])
files = st.builds(
    FileRow,
    source=st.sampled_from(["nginx", "apache"]),
    path=st.sampled_from(["/a", "/a.1"]),
    device=st.just(1),
    inode=st.integers(0, 2),
    fingerprint=bodies,
    fingerprint_length=st.integers(0, 3),
    offset=st.integers(0, 99),
)
incidents = st.builds(
    IncidentRow,
    id=st.sampled_from("abc"),
    rule=st.just("errors"),
    triggered_at=st.integers(0, 9),
    ended_at=st.none() | st.integers(0, 9),
    body=bodies,
)
silences = st.builds(
    SilenceRow,
    id=st.sampled_from("abc"),
    rule=st.just("errors"),
    since=st.integers(0, 9),
    until=st.integers(0, 9),
    body=bodies,
)
starts = st.integers(0, 6)
hits = st.integers(0, 9).map(lambda hits: b"%d" % hits)
messages = st.dictionaries(
    st.tuples(st.sampled_from(["ops", "irc"]), st.sampled_from("xy")), st.none() | bodies
)
dropped = st.sampled_from(["second", "block", INCIDENTS, MINUTES, SILENCES])
idempotent = {
    "files": st.lists(files, max_size=3),
    "frames": st.dictionaries(frame_keys, st.none() | bodies, max_size=4),
    "drop": st.dictionaries(dropped, st.integers(0, 8)),
    "values": st.dictionaries(names, st.none() | bodies),
    "incidents": st.lists(incidents, max_size=3),
    "outbox": messages,
    "minutes": st.dictionaries(starts, hits, max_size=3),
    "silences": st.lists(silences, max_size=3),
}
changes = st.builds(Changes, late_minutes=st.dictionaries(starts, hits, max_size=3), **idempotent)


def after(*written: Changes) -> dict[str, list[tuple[object, ...]]]:
    """What the tables hold after these transactions: the outbox in order, others by key."""
    with TemporaryDirectory() as folder:
        path = f"{folder}/state.db"
        database = Database(path, added)
        for change in written:
            database.write(change)
        with closing(sqlite3.connect(path)) as connection:
            kept = {table: connection.execute(read_sql(table)).fetchall() for table in COLUMNS}
        database.close()
    return {
        name: rows if name == "outbox" else sorted(rows, key=repr) for name, rows in kept.items()
    }


@settings(max_examples=50)
@given(changes, changes, changes)
def test_one_change_of_many_does_what_they_do(
    first: Changes, second: Changes, third: Changes
) -> None:
    """Commits that wait for each other leave the file as if none had waited."""
    expected = after(first, second, third)
    assert after(first.then(second, added).then(third, added)) == expected
    assert after(first.then(second.then(third, added), added)) == expected


@settings(max_examples=50)
@given(st.builds(Changes, **idempotent))
def test_a_change_written_twice_is_written_once(change: Changes) -> None:
    """A retry after a commit that did reach the disk does no harm."""
    assert after(change, change) == after(change)


def test_frames_no_longer_kept_do_not_wait() -> None:
    """An hour of commits that cannot be written stays as small as what is kept."""
    waiting = Changes()
    for second in range(3600):
        waiting = waiting.then(
            Changes(frames={("second", second): b"body"}, drop={"second": second - 300}), added
        )
    assert len(waiting.frames) == 301
