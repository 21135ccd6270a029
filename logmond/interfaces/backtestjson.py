"""The outcome of a backtest as JSON: always the same keys, null or empty when absent."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from logmond.alerts.render import fields
from logmond.interfaces.outcome import Count, Outcome, Ran
from logmond.telemetry import harmless, moment, visible


def as_json(outcome: Outcome) -> Iterator[str]:
    """One object, indented."""
    yield msgspec.json.format(harmless(msgspec.json.encode(document(outcome))), indent=2).decode()


def document(outcome: Outcome) -> dict[str, object]:
    """The keys and values of the object."""
    return {
        "v": 1,
        "config": outcome.config,
        "from": None if outcome.first is None else moment(outcome.first),
        "to": None if outcome.last is None else moment(outcome.last),
        "tested_s": outcome.tested_s,
        "interrupted": outcome.interrupted,
        "took_s": round(outcome.took_s, 3),
        "lines_per_second": round(outcome.lines_per_second),
        "lines": dict(outcome.totals),
        "logs": [
            {
                "path": visible(log.path),
                "source": log.source,
                "read_as": visible(log.read_as),
                "lines": log.lines,
                "rejected": log.rejected,
                "fault": log.fault or None,
            }
            for log in outcome.logs
        ],
        "rejects": [
            {
                "source": one.source,
                "kind": one.kind,
                "lines": one.lines,
                "sample": one.sample,
                "why": one.why or None,
            }
            for one in outcome.rejects
        ],
        "rules": [
            {
                "rule": one.rule,
                "metric": one.metric,
                **_count(one.count),
                "not_tested": one.not_tested or None,
            }
            for one in outcome.rules
        ],
        "incidents": [_incident(outcome, ran) for ran in outcome.incidents],
        "incidents_unlisted": outcome.unlisted,
        "sweeps": [
            {
                "name": sweep.name,
                "values": [{"value": value, **_count(count)} for value, count in sweep.counts],
                "hints": list(sweep.hints),
            }
            for sweep in outcome.sweeps
        ],
        "expectations": [
            {
                "rule": one.rule,
                "expected": one.wanted,
                "fired": one.fired,
                "held": one.held,
                "why": one.why or None,
            }
            for one in outcome.expectations
        ],
    }


def _count(count: Count) -> dict[str, object]:
    return {
        "fired": count.fired,
        "open": count.open,
        "total_s": count.total_s,
        "longest_s": count.longest_s,
        "shortest_gap_s": count.shortest_gap_s,
    }


def _incident(outcome: Outcome, ran: Ran) -> dict[str, object]:
    """The event object of the newest event, with the first value and the end."""
    return {
        **fields(ran.event),
        "first_value": fields(ran.opening)["value"],
        "ended_at": None if ran.ended_at is None else moment(ran.ended_at),
        "duration_s": ran.lasted_s(outcome.last or 0),
    }
