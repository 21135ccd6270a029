"""The past is found by its time, rule and last digits, while somebody writes, damaged or not."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from merging import added

from logmond.errors import StateError
from logmond.stores.database import Database
from logmond.stores.history import MATCHES, History, open_history
from logmond.stores.rows import Changes, IncidentRow, SilenceRow
from logmond.stores.schema import summed

LONG = IncidentRow("00000000-0000-7000-8000-0000aaaa0001", "errors", 10, 500, b"long")
OPEN = IncidentRow("00000000-0000-7000-8000-0000aaaa0002", "slow", 20, None, b"open")
SHORT = IncidentRow("00000000-0000-7000-8000-0000bbbb0003", "errors", 100, 110, b"short")
LAST = IncidentRow("00000000-0000-7000-8000-0000bbbb0004", "errors", 600, 610, b"last")
PAST = Changes(
    incidents=[LONG, OPEN, SHORT, LAST],
    minutes={60 * n: b"%d" % n for n in range(1, 200)},
    silences=[
        SilenceRow("s-1", "errors", 0, 100, b"first"),
        SilenceRow("s-2", "slow", 50, 300, b"second"),
    ],
)


@pytest.fixture
def database(database: Database) -> Database:
    """Who writes it."""
    database.write(PAST)
    return database


@pytest.fixture
def history(path: str, database: Database) -> Iterator[History]:
    """Who reads it meanwhile."""
    with closing(History(path)) as history:
        history.connect()
        yield history


def damage(path: str, statement: str) -> None:
    """Change a row behind the back of its sum."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_minute_is_found_by_its_start(history: History) -> None:
    """Another start finds none."""
    assert history.minute(120) == b"2"
    assert history.minute(121) is None


def test_minutes_come_in_order_with_both_ends(history: History) -> None:
    """Also more of them than one statement reads."""
    assert list(history.minutes(120, 240)) == [(120, b"2"), (180, b"3"), (240, b"4")]
    assert list(history.minutes(0, 1 << 40)) == list(PAST.minutes.items())
    assert not list(history.minutes(61, 119))


def test_what_is_written_meanwhile_is_found_at_once(history: History, database: Database) -> None:
    """Between two minutes of one iterator too, which holds nothing open."""
    reading = history.minutes(60 * 199, 1 << 40)
    assert next(reading) == (60 * 199, b"199")
    database.write(Changes(minutes={60 * 200: b"200"}, late_minutes={60 * 199: b"1"}))
    assert list(reading) == [(60 * 200, b"200")]
    assert history.minute(60 * 199) == b"200"


@pytest.mark.parametrize(
    ("since", "until", "rule", "found"),
    [
        (0, None, None, [LAST, SHORT, OPEN, LONG]),
        (105, None, None, [LAST, SHORT, OPEN, LONG]),
        (111, None, None, [LAST, OPEN, LONG]),
        (501, None, None, [LAST, OPEN]),
        (611, None, None, [OPEN]),
        (0, 20, None, [LONG]),
        (0, 100, None, [OPEN, LONG]),
        (200, 300, None, [OPEN, LONG]),
        (200, 300, "errors", [LONG]),
        (0, None, "errors", [LAST, SHORT, LONG]),
        (0, None, "slow", [OPEN]),
        (0, None, "other", []),
        (50, 10, None, []),
    ],
)
def test_incidents_are_found_by_when_they_were_open(
    history: History, since: int, until: int | None, rule: str | None, found: list[IncidentRow]
) -> None:
    """Newest first, those that began before but had not ended included."""
    assert history.incidents(since, until, rule) == found


def test_of_too_many_incidents_the_newest_are_given(history: History) -> None:
    """The limit holds over those that began before as well."""
    assert history.incidents(105, limit=1) == [LAST]
    assert history.incidents(105, limit=3) == [LAST, SHORT, OPEN]


def test_an_incident_is_found_by_its_last_digits(history: History) -> None:
    """A suffix may mean several; none means none."""
    assert history.incident("0003") == [SHORT]
    assert history.incident(SHORT.id) == [SHORT]
    assert history.incident("bbbb0004") == [LAST]
    assert history.incident("x0004") == []
    assert history.incident("") == []
    assert history.incident("%") == []


def test_of_many_incidents_of_one_suffix_a_few_are_given(
    history: History, database: Database
) -> None:
    """Enough to say that several are meant."""
    alike = [IncidentRow(f"{n:04}-cccc", "errors", n, n, b"") for n in range(50)]
    database.write(Changes(incidents=alike))
    assert len(history.incident("-cccc")) == MATCHES


def test_silences_are_found_until_long_after_their_end(history: History) -> None:
    """The last to end first."""
    assert [row.id for row in history.silences(0)] == ["s-2", "s-1"]
    assert [row.id for row in history.silences(100)] == ["s-2"]
    assert [row.id for row in history.silences(0, limit=1)] == ["s-2"]


def test_a_damaged_row_is_left_out_and_counted(path: str, history: History) -> None:
    """The others are given; nothing is raised."""
    damage(path, "UPDATE minutes SET body = CAST('7' AS BLOB) WHERE start IN (120, 180)")
    damage(path, "UPDATE incidents SET triggered_at = 99 WHERE triggered_at = 100")
    assert [start for start, _ in history.minutes(60, 240)] == [60, 240]
    assert history.minute(120) is None
    assert history.incidents(0) == [LAST, OPEN, LONG]
    assert history.damaged == 4


def test_a_late_minute_replaces_a_damaged_one(
    path: str, history: History, database: Database
) -> None:
    """What is kept cannot be added to, so what came is all there is."""
    damage(path, "UPDATE minutes SET body = CAST('7' AS BLOB) WHERE start = 120")
    database.write(Changes(late_minutes={120: b"5", 180: b"5"}))
    assert list(history.minutes(120, 180)) == [(120, b"5"), (180, b"8")]


def test_a_file_that_is_gone_is_an_empty_past(tmp_path: Path) -> None:
    """A question is answered with nothing, and counted."""
    history = History(str(tmp_path / "none.db"))
    assert history.minute(60) is None
    history.connect()
    assert history.minute(60) is None
    assert history.damaged == 1


def test_the_past_of_a_stopped_daemon_is_read_without_a_trace(path: str, tmp_path: Path) -> None:
    """Also from a folder into which nobody may write: no side file is made."""
    database = Database(path, added)
    database.write(PAST)
    database.close()
    with closing(open_history(path)) as history:
        assert history.minute(120) == b"2"
        assert history.incident("0003") == [SHORT]
    assert [file.name for file in tmp_path.iterdir()] == ["state.db"]


def test_the_past_of_a_running_daemon_is_read(path: str, database: Database) -> None:
    """Without its lock, and with what only its write-ahead log holds."""
    with closing(open_history(path)) as history:
        assert list(history.minutes(0, 1 << 40)) == list(PAST.minutes.items())


def _newer(path: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE meta SET value = 7, sum = ?", summed(("schema_version", 7))[2:])
        connection.commit()


def _older(path: str) -> None:
    shutil.copy(Path(__file__).parent / "state-schema-1.db", path)


def _foreign(path: str) -> None:
    Path(path).unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE invoices (total)")


def _missing(path: str) -> None:
    Path(path).unlink()


def _cut(path: str) -> None:
    Path(path).write_bytes(Path(path).read_bytes()[:5000])


def _text(path: str) -> None:
    Path(path).write_text("no database" * 1000)


def _empty(path: str) -> None:
    Path(path).write_bytes(b"")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_newer, r"by a later logmond \(schema 7, this one knows 2\)"),
        (_older, r"by an earlier logmond \(schema 1, .* upgrades it"),
        (_foreign, "is not a state file of logmond"),
        (_missing, "there is no state file .*history.url"),
        (_cut, "cannot be read: .*malformed"),
        (_text, "cannot be read: file is not a database"),
        (_empty, "is not a state file of logmond"),
    ],
)
def test_a_file_without_a_past_is_refused_in_plain_words(
    path: str, spoil: Callable[[str], None], said: str
) -> None:
    """What is wrong, and where it helps what would work."""
    database = Database(path, added)
    database.write(PAST)
    database.close()
    spoil(path)
    with pytest.raises(StateError, match=said):
        open_history(path)


def test_the_extent_is_the_oldest_minute_and_what_the_file_uses(
    history: History, database: Database
) -> None:
    """Pages that are free again are not used; without a file there is nothing."""
    oldest, used = history.extent()
    assert oldest == 60
    assert used == database.bounds.used_bytes()
    database.write(Changes(minutes={0: b"older" * 20_000}))
    assert history.extent() == (0, database.bounds.used_bytes())
    assert database.bounds.used_bytes() > used
    history.close()
    assert history.extent() == (None, 0)
