"""All outputs are told of everything, whatever one of them does."""

from __future__ import annotations

from typing import Any

import pytest
from twisted.logger import capturedLogs, formatEvent

from logmond.outputs.console import Console
from logmond.outputs.dispatch import Dispatch
from logmond.outputs.logfile import LogFile
from logmond.outputs.table import OUTPUTS, output_class
from logmond.stores.rows import Changes, Restored


class Told:
    """An output that remembers, and may fail."""

    name = "told"
    dropped = 0
    problem = None

    def __init__(self, *, fails: bool = False) -> None:
        self.calls: list[Any] = []
        self._fails = fails

    def _call(self, *call: object) -> None:
        self.calls.append(call)
        if self._fails:
            raise ZeroDivisionError

    def event(self, event: object) -> None:
        """Remember."""
        self._call("event", event)

    def tick(self, second: int) -> None:
        """Remember."""
        self._call("tick", second)

    def reopen(self) -> None:
        """Remember."""
        self._call("reopen")

    def close(self) -> None:
        """Remember."""
        self._call("close")


def test_a_failing_output_keeps_no_other_from_telling(logged_errors: Any) -> None:
    """It is loud in the log each time."""
    broken, sound = Told(fails=True), Told()
    dispatch = Dispatch([broken, sound])
    dispatch.event("event")  # type: ignore[arg-type]
    dispatch.tick(7)
    dispatch.reopen()
    dispatch.close()
    assert sound.calls == broken.calls == [("event", "event"), ("tick", 7), ("reopen",), ("close",)]
    assert len(logged_errors.flush(ZeroDivisionError)) == 4


@pytest.mark.parametrize(
    ("count", "told"),
    [(1, "1 message for it is dropped"), (1200, "1,200 messages for it are dropped")],
)
def test_messages_for_an_output_that_is_gone_leave_the_outbox_and_are_said(
    count: int, told: str
) -> None:
    """By the next commit; nobody would ever bring them."""
    outbox = {("ops", f"m{number}"): b"" for number in range(count)}
    dispatch = Dispatch()
    with capturedLogs() as events:
        dispatch.restore(Restored(outbox=outbox))
    assert [formatEvent(event) for event in events] == [f"output ops is gone, and {told}"]
    assert dispatch.joining(Changes()).outbox == dict.fromkeys(outbox)


def test_the_table_names_every_kind_of_output() -> None:
    """As the configuration's `type` does; a module is imported when it is named."""
    assert {kind: output_class(kind) for kind in OUTPUTS} == {"console": Console, "file": LogFile}
    with pytest.raises(KeyError):
        output_class("carrier-pigeon")
