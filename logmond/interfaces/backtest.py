"""The outcome of a backtest for people: text within 100 columns, or Markdown. JSON beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from textwrap import wrap

from logmond.alerts.evidence import statements
from logmond.alerts.quantities import bound, quantity
from logmond.alerts.rule import METRICS
from logmond.interfaces.backtestjson import as_json
from logmond.interfaces.outcome import Count, Outcome, Ran, RuleOutcome
from logmond.telemetry import moment, size, span, visible

COLUMNS = 100

Rows = Sequence[Sequence[str]]

_NO_MOST: Mapping[int, int] = {}


def as_text(outcome: Outcome) -> Iterator[str]:
    """Incidents, a line a rule, sweeps, expectations, and what the logs were like."""
    for indent, line in _about(outcome):
        yield from _wrapped(line, indent)
    yield ""
    if outcome.incidents:
        head: tuple[str, ...]
        head = ("start (UTC)", "end", "lasted", "severity", "rule", "peak", "limit")
        rows = [_incident(outcome, ran) for ran in outcome.incidents]
        table = list(_table(head, rows, right=(2, 5, 6), most={4: 28}))
        yield table[0]
        for ran, row in zip(outcome.incidents, table[1:], strict=True):
            yield row
            yield from _wrapped(_detail(ran), "    ")
        yield from _unlisted(outcome)
        yield ""
    head = ("rule", "fired", "total", "longest", "shortest gap", "")
    rows = [_rule(one) for one in outcome.rules]
    table = list(_table(head, rows, right=(1, 2, 3, 4), most={0: 28}))
    yield table[0]
    for one, row in zip(outcome.rules, table[1:], strict=True):
        yield row
        if one.not_tested:
            yield from _wrapped(f"not tested: {one.not_tested}", "    ")
    for sweep in outcome.sweeps:
        yield ""
        key = sweep.name.partition(".")[2]
        head = (key, "fired", "a day", "total", "longest", "shortest gap", "")
        yield f"{sweep.name} by value"
        rows = [_swept(outcome, value, count) for value, count in sweep.counts]
        yield from _table(head, rows, right=(0, 1, 2, 3, 4, 5))
        for hint in sweep.hints:
            yield from _wrapped(hint, "  ")
    yield from _expected(outcome)


def as_markdown(outcome: Outcome) -> Iterator[str]:
    """The same as tables of Markdown, for a merge request or a ticket."""
    yield "## Backtest"
    yield ""
    for _, line in _about(outcome):
        yield f"- {_escaped(line)}"
    yield ""
    head: tuple[str, ...] = ("Rule", "Fired", "Total", "Longest", "Shortest gap", "Note")
    yield from _markdown(head, [_noted(one) for one in outcome.rules])
    if outcome.incidents:
        yield ""
        yield "### Incidents"
        yield ""
        head = ("Start (UTC)", "End", "Lasted", "Severity", "Rule", "Peak", "Limit", "Detail")
        rows = [(*_incident(outcome, ran), _detail(ran)) for ran in outcome.incidents]
        yield from _markdown(head, rows)
        yield from _unlisted(outcome)
    for sweep in outcome.sweeps:
        yield ""
        yield f"### `{sweep.name}`"
        yield ""
        key = sweep.name.partition(".")[2]
        head = (key, "Fired", "A day", "Total", "Longest", "Shortest gap", "Note")
        rows = [_swept(outcome, value, count) for value, count in sweep.counts]
        yield from _markdown(head, rows)
        yield from (f"\n{_escaped(hint)}" for hint in sweep.hints)
    yield from _expected(outcome)


FORMS: dict[str, Callable[[Outcome], Iterator[str]]] = {
    "text": as_text,
    "json": as_json,
    "markdown": as_markdown,
}
"""Forms of the outcome by name."""


def _about(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What was tested, and what the logs were like: (indent, line)."""
    if outcome.interrupted:
        yield "", "Interrupted: this is what is known so far."
    if outcome.first is None or outcome.last is None:
        yield "", f"{_many(len(outcome.logs), 'log')}, nothing to test"
    else:
        yield (
            "",
            f"{moment(outcome.first)} to {moment(outcome.last)} ({span(outcome.tested_s)}), "
            f"{_many(len(outcome.logs), 'log')}, rules of {outcome.config}",
        )
    totals = outcome.totals
    counted, received = totals.get("counted", 0), totals.get("received", 0)
    told = [f"{received:,} lines at {outcome.lines_per_second:,.0f} a second"]
    if received > counted:
        told.append(f"{received - counted:,} not counted")
    told += [f"{totals[name]:,} {name}" for name in ("late", "skewed") if totals.get(name)]
    yield "", ", ".join(told)
    for one in outcome.rejects:
        why = f": {one.why}" if one.why else ""
        yield (
            "  ",
            f'{one.lines:,} {one.kind} of {one.source}{why}, for example "{one.sample}"',
        )
    for log in outcome.faults:
        yield "  ", f"{visible(log.path)}: {visible(log.fault)}"


def _incident(outcome: Outcome, ran: Ran) -> tuple[str, ...]:
    event = ran.event
    start = moment(event.triggered_at)
    return (
        start[:-1].replace("T", " "),
        _end(start, ran.ended_at),
        span(ran.lasted_s(outcome.last or 0)),
        event.severity,
        event.rule,
        _peak(ran),
        bound(METRICS[event.metric].unit, event.limit),
    )


def _end(start: str, ended_at: int | None) -> str:
    """The time of the end, with its day where that is another."""
    if ended_at is None:
        return "open"
    end = moment(ended_at)[:-1]
    return end[11:] if end[:10] == start[:10] else end[5:].replace("T", " ")


def _peak(ran: Ran) -> str:
    event, metric = ran.event, METRICS[ran.event.metric]
    if event.peak_value is None:
        return "-"
    if metric.name in ("hits", "hits_per_second") and event.peak_requests_per_second is not None:
        return f"{event.peak_requests_per_second.value:,.0f}/s"
    if metric.unit == "bytes":
        return f"{size(event.peak_value.value)}/s"
    return quantity(metric.unit, event.peak_value.value)


def _detail(ran: Ran) -> str:
    """What stands below an incident: its group, the value it fired with, and its evidence."""
    event, opening = ran.event, ran.opening
    metric = METRICS[event.metric]
    parts = [f"{name} {value}" for name, value in event.group.items()]
    if opening.value is not None:
        parts.append(f"{metric.label} = {quantity(metric.unit, opening.value)}")
    elif opening.reason:
        parts.append(opening.reason)
    if event.state == "expired":
        parts.append("ended without data")
    evidence = statements(event.evidence)
    told = ", ".join(parts)
    return visible(f"{told}; {evidence}" if evidence and told else told or evidence)


def _unlisted(outcome: Outcome) -> Iterator[str]:
    if outcome.unlisted:
        yield f"and {outcome.unlisted:,} more"


def _rule(one: RuleOutcome) -> tuple[str, ...]:
    if one.not_tested:
        return one.rule, "-", "", "", "", ""
    return one.rule, *_counted(one.count)


def _noted(one: RuleOutcome) -> tuple[str, ...]:
    *cells, note = _rule(one)
    return *cells, f"not tested: {one.not_tested}" if one.not_tested else note


def _swept(outcome: Outcome, value: str, count: Count) -> tuple[str, ...]:
    fired, *rest = _counted(count)
    days = outcome.tested_s / 86400
    return value, fired, f"{count.fired / days:.1f}" if days >= 1 else "", *rest


def _counted(count: Count) -> tuple[str, ...]:
    if not count.fired:
        return "never", "", "", "", ""
    gap = "" if count.shortest_gap_s is None else span(count.shortest_gap_s)
    note = f"{count.open:,} open at the end" if count.open else ""
    return f"{count.fired:,}", span(count.total_s), span(count.longest_s), gap, note


def _expected(outcome: Outcome) -> Iterator[str]:
    if outcome.expectations:
        yield ""
    for one in outcome.expectations:
        whom = one.rule or "all rules"
        held = "holds" if one.held else "FAILED"
        fired = f"not tested: {one.why}" if one.why else f"fired {one.fired:,}"
        yield f"expected {one.wanted} of {whom}: {fired}, {held}"


def _table(
    head: Sequence[str], rows: Rows, right: Sequence[int], most: Mapping[int, int] = _NO_MOST
) -> Iterator[str]:
    """Columns as wide as what they hold, at the `most` so wide; `right` are those of numbers."""
    cut = [[_clipped(cell, most.get(at, COLUMNS)) for at, cell in enumerate(row)] for row in rows]
    widths = [max(len(row[at]) for row in (head, *cut)) for at in range(len(head))]
    for row in (head, *cut):
        cells = [
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _markdown(head: Sequence[str], rows: Rows) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(_escaped, row))} |"


def _escaped(text: str) -> str:
    """Text that says the same in a cell of Markdown: what strangers sent makes no markup."""
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, "\\" + mark)
    return text


def _wrapped(text: str, indent: str) -> list[str]:
    return wrap(text, COLUMNS, initial_indent=indent, subsequent_indent=indent + "  ")


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
