"""Who is told, and whether they can be: `outputs`, `test-output`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from logmond.errors import LogmondError, QueryError
from logmond.interfaces.admin import text
from logmond.interfaces.admin.answer import Answer
from logmond.interfaces.admin.command import Asked, Command, always
from logmond.outputs.status import OutputStatus
from logmond.telemetry import moment, span


def run_outputs(asked: Asked) -> Answer:
    """``outputs``."""
    if asked.words:
        raise OUTPUTS.wrong()
    found = asked.surface.outputs()
    data = [
        {
            "name": output.name,
            "type": output.kind,
            "state": output.state,
            "reason": output.reason or None,
            "since": _moment(output.since),
            "queued": output.queued,
            "sent": output.sent,
            "failed": output.failed,
            "dropped": output.dropped,
            "last_sent_at": _moment(output.last_sent_at),
            "hanging": output.hanging,
        }
        for output in found
    ]
    return Answer(data, _lines(found, asked.surface.now()))


def run_test(asked: Asked) -> Deferred[Answer]:
    """``test-output NAME [text]``."""
    if not asked.words:
        raise TEST_OUTPUT.wrong("which output?")
    name, *said = asked.words
    begin = asked.surface.now()

    def took() -> float:
        return round(max(0.0, asked.surface.now() - begin), 3)

    def delivered(_: None) -> Answer:
        seconds = took()
        data = {"name": name, "delivered": True, "seconds": seconds}
        return Answer(data, [f"delivered in {seconds:.1f}s"])

    def failed(failure: Failure) -> Answer:
        try:
            failure.raiseException()
        except LogmondError as problem:
            told = f"not delivered after {took():.1f}s: {problem}"
            raise QueryError("not_delivered", told) from problem

    return asked.surface.test_output(name, " ".join(said)).addCallbacks(delivered, failed)


def _lines(outputs: Sequence[OutputStatus], now: float) -> Iterator[str]:
    if not outputs:
        yield "no outputs are configured"
        return
    rows = [
        (
            output.name,
            output.kind,
            output.state,
            f"{output.queued:,}",
            f"{output.sent:,}",
            f"{output.failed:,}",
            f"{output.dropped:,}",
            "-" if output.last_sent_at is None else f"{span(now - output.last_sent_at)} ago",
            _why(output, now),
        )
        for output in outputs
    ]
    header = ("output", "type", "state", "queued", "sent", "failed", "dropped", "last sent")
    why = "why" if any(row[-1] for row in rows) else ""
    yield from text.table((*header, why), rows, "<<<>>>>><")


def _why(output: OutputStatus, now: float) -> str:
    since = "" if output.since is None else f"for {span(now - output.since)}"
    those = "1 attempt has" if output.hanging == 1 else f"{output.hanging} attempts have"
    hang = f"{those} not returned" if output.hanging else ""
    return ": ".join(part for part in (since, output.reason, hang) if part)


def _moment(second: float | None) -> str | None:
    return None if second is None else moment(second)


OUTPUTS = Command("outputs", "outputs", "who is told, and if it works", "outputs", run_outputs)
TEST_OUTPUT = Command(
    "test-output",
    "test-output NAME [text]",
    "tell an output a marked test",
    "test-output ops-chat",
    run_test,
    writes=always,
)
