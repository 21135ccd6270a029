"""Incidents and silences that are over: found in the history, told as those in memory are.

What memory still has is told from there; it is newer than what was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import msgspec

from logmond.alerts import render
from logmond.alerts.incident import Incident
from logmond.alerts.record import Life, read
from logmond.alerts.silences import Silence, target
from logmond.errors import QueryError
from logmond.interfaces.admin import text
from logmond.interfaces.admin.answer import Answer
from logmond.interfaces.admin.command import Asked
from logmond.interfaces.admin.words import seconds_of
from logmond.stores.rows import IncidentRow
from logmond.telemetry import moment, number, span, visible, window

LIMIT = 500
"""Incidents of one answer."""

_Found: TypeAlias = tuple[int, str, Incident | dict[str, Any]]
"""An incident by its trigger and id: itself where memory has it, else its record."""

_ENDS = ("recovered", "expired", "removed")


def since(asked: Asked, length: str, rule: str | None = None) -> Answer:
    """The incidents that were open at some time in the last `length`, oldest first."""
    return _listed(asked, int(asked.surface.now()) - seconds_of(length), rule)


def everything(asked: Asked) -> Answer:
    """All incidents that memory or history still has, as far as one answer goes."""
    return _listed(asked, 0, None)


def _listed(asked: Asked, first: int, rule: str | None) -> Answer:
    kept = asked.surface.history.incidents(first, rule=rule, limit=LIMIT + 1)
    here = {
        incident.id: incident
        for incident in asked.surface.alerts.incidents(all=True)
        if (incident.open or (incident.ended_at or 0) >= first) and rule in (None, incident.rule)
    }
    found: list[_Found] = [(one.triggered_at, id_, one) for id_, one in here.items()]
    for row in kept:
        told = None if row.id in here else _told(row)
        if told is not None:
            found.append((row.triggered_at, row.id, told))
    found.sort(key=lambda one: one[:2])
    more = len(found) > LIMIT
    return Answer(_data(found[-LIMIT:]), _lines(found[-LIMIT:], more=more))


def _data(found: Sequence[_Found]) -> Iterator[dict[str, Any]]:
    for _, _, one in found:
        yield render.fields(one.as_event()) if isinstance(one, Incident) else one


def _lines(found: Sequence[_Found], *, more: bool) -> Iterator[str]:
    if not found:
        yield "no incidents in that time"
        return
    rows = [_row(told) for told in _data(found)]
    header = ("id", "severity", "rule", "group", "state", "since", "lasted", "value", "peak")
    yield from text.table(header, rows, "<<<<<<>>>")
    if more:
        yield f"older ones are not shown; the newest {LIMIT} are, ask for less than that"


def _told(row: IncidentRow) -> dict[str, Any] | None:
    """What a row tells, None if this version cannot read it."""
    try:
        return read(row.body)
    except ValueError:
        return None


def _row(told: dict[str, Any]) -> tuple[str, ...]:
    requests = told["metric"] in ("hits", "hits_per_second")
    peak = told["peak_requests_per_second" if requests else "peak_value"]
    shown = "-" if peak is None else text.measured(told["metric"], peak["value"])
    if requests and peak is not None:
        shown = f"{number(peak['value'])}/s"
    return (
        told["short_id"],
        told["severity"],
        told["rule"],
        _group(told) or "-",
        told["state"],
        told["triggered_at"],
        span(told["duration_s"]),
        text.measured(told["metric"], told["value"]),
        shown,
    )


def _group(told: dict[str, Any]) -> str:
    return ", ".join(f"{dimension} {value}" for dimension, value in told["group"].items())


def one(asked: Asked, wanted: str, problem: QueryError) -> Answer:
    """The incident of an id's last digits, or the newest of a rule; `problem` if there is none."""
    history = asked.surface.history
    found = history.incident(wanted.lower()) or history.incidents(0, rule=wanted, limit=1)
    if len(found) > 1:
        ids = ", ".join(row.id[-8:] for row in found)
        raise QueryError("ambiguous", f"{wanted} means several incidents: {ids}")
    told = _told(found[0]) if found else None
    if told is None:
        raise problem
    return Answer(msgspec.Raw(found[0].body), _whole(told))


def _whole(told: dict[str, Any]) -> Iterator[str]:
    """Everything about one incident, as it was when it ended or when it was last written."""
    metric = told["metric"]
    over = f"{metric} over {window(told['window_s'])}"
    rows = [
        ("id", told["id"]),
        ("rule", f"{told['rule']}: {over}, limit {text.limit(metric, told['limit'])}"),
        ("state", f"{told['state']}, {told['severity']}, {span(told['duration_s'])}"),
    ]
    if told["group"]:
        rows.append(("group", _group(told)))
    rows.append(("triggered", told["triggered_at"]))
    if told["event"] in _ENDS:
        rows.append(("ended", told["time"]))
    rows.append(("value", text.measured(metric, told["value"])))
    if told["peak_value"] is not None and metric not in ("hits", "hits_per_second"):
        peak = told["peak_value"]
        rows.append(("peak", f"{text.measured(metric, peak['value'])} at {peak['at']}"))
    if told["peak_requests_per_second"] is not None:
        peak = told["peak_requests_per_second"]
        rows.append(("peak req/s", f"{number(peak['value'])} at {peak['at']}"))
    for part in told["evidence"]:
        share = text.percent(part["share"])
        rows.append(("evidence", f"{part['dimension']} {part['key']} {share}"))
    taken = told["acknowledged"]
    if taken is not None:
        said = f"{taken['by']} at {taken['at']} {taken['comment'] or ''}".rstrip()
        rows.append(("taken by", said))
    rows += [("sample", sample) for sample in told["samples"]]
    if told["runbook"]:
        rows.append(("runbook", told["runbook"]))
    rows += life_rows(told["life"])
    yield visible(
        f"{told['time']} {told['event'].upper()} {told['severity']} {told['rule']} "
        f"{told['short_id']} {told['node']}: {told['message']}"
    )
    yield from text.fields(rows)


def life(asked: Asked, incident: Incident) -> Life:
    """What happened to an incident so far, as far as it was written."""
    found = asked.surface.history.incident(incident.id)
    told = _told(found[0]) if found else None
    return told["life"] if told else ()


def life_rows(life: Life) -> list[tuple[str, str]]:
    """A line for each moment of it, the oldest first."""
    return [(one["event"], f"{one['time']} {one['message']}") for one in life]


def silence_data(silence: Silence) -> dict[str, Any]:
    """A silence as JSON has it."""
    return {
        "id": silence.id,
        "rule": silence.rule,
        "group": silence.group,
        "since": moment(silence.since),
        "until": moment(silence.until),
        "created_at": moment(silence.created_at),
        "who": silence.who,
        "comment": silence.comment,
    }


def silences(asked: Asked) -> Answer:
    """Every silence that memory or history has, in force or over, the last to end first."""
    kept = [msgspec.json.decode(row.body) for row in asked.surface.history.silences(0, LIMIT)]
    found = {one["id"]: one for one in kept}
    found.update((one.id, silence_data(one)) for one in asked.surface.alerts.silences())
    data = sorted(found.values(), key=lambda one: str(one["until"]), reverse=True)
    rows = [
        (
            one["id"],
            target(one["rule"], one["group"]),
            one["since"],
            one["until"],
            one["who"],
            one["comment"],
        )
        for one in data
    ]
    header = ("id", "rule", "since", "until", "by", "comment")
    lines = text.table(header, rows, "<<<<<<") if rows else ["nothing was ever silenced"]
    return Answer(data, lines)
