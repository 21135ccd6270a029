"""The JSON form of an event: the same keys in the same order, whatever happened."""

from __future__ import annotations

import json

from fake_stats import START
from happened import happened
from hypothesis import given
from hypothesis import strategies as st

from logmond.alerts.event import Event, Evidence, Peak
from logmond.alerts.render import encoded, journal, line

KEYS = [
    "v", "event", "time", "id", "short_id", "node", "rule", "group", "severity", "state",
    "metric", "window_s", "value", "limit", "triggered_at", "recovered_at", "reason",
    "duration_s", "peak_value", "peak_requests_per_second", "evidence", "runbook", "acknowledged",
    "message",
]  # fmt: skip


def event(**changes: object) -> Event:
    """An alert, with some fields changed."""
    fields = {
        "rule": "high-traffic",
        "metric": "hits_per_second",
        "window_s": 120,
        "value": 14.208333,
        "limit": 10.0,
        "peak_value": Peak(31, START - 6),
        "peak_requests_per_second": Peak(31.0, START - 6),
        "evidence": (Evidence("section", "/api", 0.83),),
        "message": "High traffic generated an alert - hits = 14.2",
    }
    return happened(**{"at": START, **fields, **changes})


def test_an_alert_has_the_keys_of_the_specification_in_their_order() -> None:
    """Programs may rely on every key being there, people on the order."""
    decoded = json.loads(encoded(event()))
    assert list(decoded) == KEYS
    assert decoded == {
        "v": 1,
        "event": "alert",
        "time": "2026-11-23T17:00:00Z",
        "id": "019ab1c2-0000-7000-8000-00009f3c21ab",
        "short_id": "9f3c21ab",
        "node": "web1",
        "rule": "high-traffic",
        "group": {},
        "severity": "warning",
        "state": "firing",
        "metric": "hits_per_second",
        "window_s": 120,
        "value": 14.2083,
        "limit": 10,
        "triggered_at": "2026-11-23T17:00:00Z",
        "recovered_at": None,
        "reason": None,
        "duration_s": 0,
        "peak_value": {"value": 31, "at": "2026-11-23T16:59:54Z"},
        "peak_requests_per_second": {"value": 31, "at": "2026-11-23T16:59:54Z"},
        "evidence": [
            {"dimension": "section", "key": "/api", "share": 0.83, "error": 0.0, "name": None}
        ],
        "runbook": None,
        "acknowledged": None,
        "message": "High traffic generated an alert - hits = 14.2",
    }


def test_whole_numbers_have_no_fraction() -> None:
    """A limit of 10 is written as it was configured."""
    assert b'"limit":10,' in encoded(event())


def test_absent_values_are_null() -> None:
    """The keys stay when there is nothing to say."""
    decoded = json.loads(
        encoded(event(value=None, peak_value=None, peak_requests_per_second=None, evidence=()))
    )
    assert list(decoded) == KEYS
    assert decoded["value"] is decoded["peak_value"] is None
    assert decoded["evidence"] == []


def test_a_recovery_lasted_from_trigger_to_end() -> None:
    """`duration_s` does not grow afterwards."""
    ended = event(at=START + 400, triggered_at=START, recovered_at=START + 270)
    decoded = json.loads(encoded(ended))
    assert decoded["duration_s"] == 270
    assert decoded["recovered_at"] == "2026-11-23T17:04:30Z"


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=30))
def test_no_text_of_a_client_acts_on_a_terminal(text: str) -> None:
    """Line and JSON hold no raw control byte, and the JSON still means the same key."""
    hostile = event(group={"vhost": text}, message=text, evidence=(Evidence("path", text, 0.5),))
    raw = encoded(hostile)
    acting = {*range(0x20), 0x7F, *range(0x80, 0xA0), 0x200E, 0x200F, 0x61C, 0xFEFF}
    acting |= {*range(0x2028, 0x202F), *range(0x2066, 0x206A)}
    assert not acting & set(map(ord, raw.decode()))
    assert not acting & set(map(ord, line(hostile)))
    decoded = json.loads(raw)
    assert decoded["group"] == {"vhost": text}
    assert decoded["evidence"][0]["key"] == text


def test_the_journal_reads_the_priority_from_the_line() -> None:
    """Critical alerts stand out, updates do not."""
    assert journal(event(severity="critical")).startswith("<2>2026-11-23T17:00:00Z ALERT critical")
    assert journal(event()).startswith("<4>")
    assert journal(event(kind="recovered")).startswith("<5>")
    assert journal(event(kind="update")).startswith("<6>")
    assert journal(event(kind="nodata")).startswith("<4>")
