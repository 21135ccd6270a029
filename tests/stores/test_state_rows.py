"""Changes that wait become one change, and lose nothing by it."""

from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.stores.database import Database
from logmond.stores.rows import INCIDENTS, Changes, FileRow, IncidentRow, Restored

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
changes = st.builds(
    Changes,
    files=st.lists(files, max_size=3),
    frames=st.dictionaries(frame_keys, st.none() | bodies, max_size=4),
    drop=st.dictionaries(st.sampled_from(["second", "block", INCIDENTS]), st.integers(0, 8)),
    values=st.dictionaries(names, st.none() | bodies),
    incidents=st.lists(incidents, max_size=3),
)


def after(*written: Changes) -> Restored:
    """What a start finds after these transactions, its rows sorted by key."""
    database = Database(":memory:")
    for change in written:
        database.write(change)
    kept = database.read()
    database.close()
    return Restored(
        sorted(kept.files, key=lambda row: row.key),
        kept.frames,
        kept.values,
        sorted(kept.incidents, key=lambda row: row.id),
    )


@settings(max_examples=50)
@given(changes, changes, changes)
def test_one_change_of_many_does_what_they_do(
    first: Changes, second: Changes, third: Changes
) -> None:
    """Commits that wait for each other leave the file as if none had waited."""
    expected = after(first, second, third)
    assert after(first.then(second).then(third)) == expected
    assert after(first.then(second.then(third))) == expected


@settings(max_examples=50)
@given(changes)
def test_a_change_written_twice_is_written_once(change: Changes) -> None:
    """A retry after a commit that did reach the disk does no harm."""
    assert after(change, change) == after(change)


def test_frames_no_longer_kept_do_not_wait() -> None:
    """An hour of commits that cannot be written stays as small as what is kept."""
    waiting = Changes()
    for second in range(3600):
        waiting = waiting.then(
            Changes(frames={("second", second): b"body"}, drop={"second": second - 300})
        )
    assert len(waiting.frames) == 301
