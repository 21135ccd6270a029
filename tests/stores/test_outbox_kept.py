"""Messages still to be delivered come back in the order they were entered."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from merging import added

from logmond.stores.database import Database
from logmond.stores.opening import open_database
from logmond.stores.rows import Changes, FileRow, IncidentRow, OutboxKey

NOW = 1_795_456_930.0
POSITION = FileRow("nginx", "/a", 1, 2, b"", 0, 5)


def kept(database: Database) -> list[tuple[OutboxKey, bytes]]:
    """The outbox in order."""
    return list(database.read().outbox.items())


def test_messages_come_back_in_the_order_of_their_entry(database: Database) -> None:
    """Within one commit and over several, of whatever output."""
    database.write(Changes(outbox={("ops", "b"): b"1", ("irc", "a"): b"2"}))
    database.write(Changes(outbox={("ops", "a"): b"3"}))
    assert kept(database) == [(("ops", "b"), b"1"), (("irc", "a"), b"2"), (("ops", "a"), b"3")]


def test_a_message_written_again_keeps_its_place(database: Database) -> None:
    """Its recovery must not be delivered before it because it was tried once."""
    database.write(Changes(outbox={("ops", "alert"): b"1", ("ops", "recovered"): b"2"}))
    database.write(Changes(outbox={("ops", "alert"): b"tried once"}))
    assert [body for _, body in kept(database)] == [b"tried once", b"2"]


def test_a_delivered_message_is_gone(database: Database) -> None:
    """One that is entered again later stands at the end."""
    database.write(Changes(outbox={("ops", "a"): b"1", ("ops", "b"): b"2"}))
    database.write(Changes(outbox={("ops", "a"): None, ("ops", "never"): None}))
    assert [body for _, body in kept(database)] == [b"2"]
    database.write(Changes(outbox={("ops", "a"): b"3"}))
    assert [body for _, body in kept(database)] == [b"2", b"3"]


def test_a_damaged_message_is_left_out_and_everything_else_stays(
    path: str, database: Database
) -> None:
    """It stops no start, is told once, and gone with the next commit."""
    database.write(
        Changes(
            files=[POSITION],
            outbox={("ops", "a"): b"1", ("ops", "b"): b"2", ("ops", "c"): b"3"},
            incidents=[IncidentRow("one", "errors", 1, None, b"")],
        )
    )
    database.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE outbox SET body = CAST('x' AS BLOB) WHERE id = 'b'")
        connection.execute("UPDATE incidents SET rule = 'other'")
        connection.commit()
    again, restored = open_database(path, NOW, added)
    assert list(restored.outbox) == [("ops", "a"), ("ops", "c")]
    assert restored.files == [POSITION]
    assert restored.incidents == []
    assert restored.warning == (
        f"state file {path}: damaged and left out: messages still to be delivered 1, "
        "open incidents 1"
    )
    again.write(Changes())
    again.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT id FROM outbox").fetchall() == [("a",), ("c",)]
