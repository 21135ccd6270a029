"""The record of an incident holds its last event and all that happened before."""

from __future__ import annotations

import msgspec
import pytest
from happened import happened

from logmond.alerts.event import Event
from logmond.alerts.record import LIFE_KEPT, Life, read, recorded, silence_record, went_on
from logmond.alerts.render import encoded
from logmond.alerts.silences import Silence


def event(kind: str, at: int) -> Event:
    """Something that happened, said in words nobody should trust."""
    message, samples = f"{kind} \x1b[31m", ("GET /\x9b 200",)
    return happened(at, kind=kind, triggered_at=10, message=message, samples=samples)


def test_a_record_is_its_event_and_what_else_is_known() -> None:
    """On one line that can do nothing to a terminal."""
    last = event("recovered", 20)
    life = went_on(went_on((), event("alert", 10)), last)
    record = recorded(last, life)
    assert record.isascii()
    assert b"\n" not in record
    told = read(record)
    assert msgspec.json.decode(encoded(last)).items() <= told.items()
    assert told["samples"] == ["GET /\x9b 200"]
    assert told["life"] == [
        {"time": "1970-01-01T00:00:10Z", "event": "alert", "message": "alert \\x1b[31m"},
        {"time": "1970-01-01T00:00:20Z", "event": "recovered", "message": "recovered \\x1b[31m"},
    ]


def test_of_a_long_life_the_beginning_and_the_newest_are_kept() -> None:
    """A rule that loses its source every minute for a week fills no disk."""
    life: Life = ()
    for second in range(1000):
        life = went_on(life, event("nodata" if second else "alert", second))
    assert len(life) == LIFE_KEPT
    assert life[0]["event"] == "alert"
    assert life[-1]["time"] == "1970-01-01T00:16:39Z"
    assert life[1]["time"] == "1970-01-01T00:15:01Z"


def test_a_record_of_before_there_were_lives_is_read() -> None:
    """It was the event alone."""
    told = read(encoded(event("recovered", 20)))
    assert (told["acknowledged"], told["samples"], told["life"]) == (None, [], [])


@pytest.mark.parametrize("damaged", [b"", b"\xff", b"[]", b'{"v":1'])
def test_what_is_no_record_is_told(damaged: bytes) -> None:
    """For whoever shows it to leave it out."""
    with pytest.raises(ValueError, match=r"[a-z]"):
        read(damaged)


def test_a_silence_is_one_object() -> None:
    """With its times as people read them."""
    silence = Silence("5b", "errors", {"vhost": "shop"}, 0, 60, "deploy \x1b", "eva")
    whole = {
        "id": "5b",
        "rule": "errors",
        "group": {"vhost": "shop"},
        "since": "1970-01-01T00:00:00Z",
        "until": "1970-01-01T00:01:00Z",
        "comment": "deploy \x1b",
        "who": "eva",
    }
    assert whole.items() <= msgspec.json.decode(silence_record(silence)).items()
