"""What the traffic of a window was: `stats` and `top`."""

from __future__ import annotations

from collections.abc import Iterator

from logmond.alerts.quantities import quantity
from logmond.frame.frame import BLOCK_S, TOP_DIMENSIONS
from logmond.frame.selector import Selector
from logmond.interfaces.admin import text
from logmond.interfaces.admin.answer import Answer
from logmond.interfaces.admin.command import Asked, Command, misused
from logmond.interfaces.admin.words import (
    any_dimension,
    cell_dimension,
    condition,
    is_duration,
    seconds_of,
)
from logmond.stats.results import Group, Share, Summary, TopTable
from logmond.telemetry import moment, size, window

WINDOW_S = 120
"""The window of a question that names none: that of the default rule."""

ROWS = 10
MAX_ROWS = 1000

NO_LINES = 'no lines yet: see "sources"'


def run_stats(asked: Asked) -> Answer:
    """``stats [WINDOW] [dim=value...] [by DIM]``."""
    words = list(asked.words)
    labels = asked.surface.stats.labels
    by = None
    for at, word in enumerate(words):
        if word.lower() == "by":
            if at + 2 != len(words):
                raise STATS.wrong("by takes one dimension and stands last")
            by = cell_dimension(words[at + 1], labels)
            del words[at:]
            break
    window_s = WINDOW_S
    if words and "=" not in words[0]:
        window_s = seconds_of(words.pop(0))
    for word in words:
        if "=" not in word:
            raise STATS.wrong(f'cannot use "{word}"')
    where = condition(words, labels)
    found = asked.surface.stats.summary(window_s, where, by)
    observed = asked.surface.stats.evaluated is not None
    return Answer(_stats_data(found, observed), _stats_lines(found, where, by, observed))


def run_top(asked: Asked) -> Answer:
    """``top DIM [WINDOW] [N] [errors]``."""
    if not asked.words:
        raise misused(TOP.usage, "which dimension?")
    dimension = any_dimension(asked.words[0], asked.surface.stats.labels)
    window_s, count, errors = WINDOW_S, ROWS, False
    for word in asked.words[1:]:
        if word.isascii() and word.isdigit():
            count = int(word[:9])
        elif word.lower() == "errors":
            errors = True
        elif is_duration(word):
            window_s = seconds_of(word)
        else:
            raise TOP.wrong(f'cannot use "{word}"')
    if not 1 <= count <= MAX_ROWS:
        raise TOP.wrong(f"N is 1 to {MAX_ROWS}")
    found = asked.surface.stats.top(dimension, window_s, count, errors=errors)
    data = {
        "dimension": found.dimension,
        "window_s": found.window_s,
        "total": found.total,
        "rows": [
            {"key": row.key, "hits": row.hits, "share": row.share, "error": row.error}
            for row in found.rows
        ],
    }
    return Answer(data, _top_lines(found, errors))


def _stats_data(found: Summary, observed: bool) -> dict[str, object]:
    return {
        "window_s": found.window_s,
        "from": moment(found.from_second) if observed else None,
        "to": moment(found.to_second) if observed else None,
        "coverage": found.coverage,
        "hits": found.hits,
        "hits_per_second": found.hits_per_second,
        "bytes": found.bytes,
        "status": found.status,
        "ratio_4xx": found.ratio_4xx,
        "ratio_5xx": found.ratio_5xx,
        "duration": found.duration,
        "distinct_clients": found.distinct_clients,
        "sections": [
            {"key": row.key, "hits": row.hits, "share": row.share} for row in found.sections
        ],
        "groups": [_group_data(group) for group in found.groups],
    }


def _group_data(group: Group) -> dict[str, object]:
    return {
        "key": group.key,
        "hits": group.hits,
        "hits_per_second": group.hits_per_second,
        "share": group.share,
        "bytes": group.bytes,
        "ratio_4xx": group.ratio_4xx,
        "ratio_5xx": group.ratio_5xx,
    }


def _stats_lines(found: Summary, where: Selector, by: str | None, observed: bool) -> Iterator[str]:
    parts = [f"hits {found.hits:,} ({text.rate(found.hits_per_second)}/s)"]
    if found.ratio_5xx is not None:
        parts.append(f"errors {text.percent(found.ratio_5xx)} 5xx")
    parts.append(f"bytes {size(found.bytes)}")
    if found.duration and "p95" in found.duration:
        parts.append(f"p95 {quantity('seconds', found.duration['p95'])}")
    yield "  ".join([*parts, f"over {window(found.window_s)}"])
    yield from _caveat(found, where, observed)
    if by:
        yield from _groups_table(found.groups, by)
    elif found.sections:
        yield from _shares_table(found.sections, "section", ranked=False)


def _caveat(found: Summary, where: Selector, observed: bool) -> Iterator[str]:
    """What an operator must know before believing the numbers above."""
    if not observed or (found.coverage == "empty" and not found.hits):
        yield NO_LINES
    elif found.coverage != "whole":
        yield f'{found.coverage}: not every second of the window was observed, see "sources"'
    elif not found.hits:
        asked_for = " that match" if where.where else ""
        yield f'no requests{asked_for} in this window; "sources" shows when the last line came'


def _groups_table(groups: tuple[Group, ...], by: str) -> Iterator[str]:
    rows = [
        (
            f"{group.hits:,}",
            text.rate(group.hits_per_second),
            text.percent(group.share),
            size(group.bytes),
            text.percent(group.ratio_4xx),
            text.percent(group.ratio_5xx),
            group.key,
        )
        for group in groups
    ]
    if rows:
        yield from text.table(("hits", "/s", "share", "bytes", "4xx", "5xx", by), rows, ">>>>>><")


def _top_lines(found: TopTable, errors: bool) -> Iterator[str]:
    kind = "lines with status 400 and above" if errors else "lines"
    if not found.rows:
        yield f'no {kind} in the last {window(found.window_s)}; see "sources"'
        return
    # Tops are kept by block: a window takes in the whole of every block it touches.
    grid = f", whole {BLOCK_S} s blocks" if found.dimension in TOP_DIMENSIONS else ""
    yield f"{found.total:,} {kind} over {window(found.window_s)}{grid}"
    yield from _shares_table(found.rows, found.dimension, ranked=True)


def _shares_table(shares: tuple[Share, ...], dimension: str, *, ranked: bool) -> Iterator[str]:
    bounded = any(row.error for row in shares)
    rows = [
        (
            f"{rank}" if ranked else "",
            f"{row.hits:,}",
            text.percent(row.share),
            (f"+{row.error:,}" if row.error else "0") if bounded else "",
            row.key,
        )
        for rank, row in enumerate(shares, 1)
    ]
    # A bounded table may have missed hits, never invented them.
    header = ("rank" if ranked else "", "hits", "share", "error" if bounded else "", dimension)
    yield from text.table(header, rows, ">>>><")


STATS = Command(
    "stats",
    "stats [WINDOW] [dim=value...] [by DIM]",
    "traffic of a window",
    "stats 5m status=5xx by section",
    run_stats,
)

TOP = Command(
    "top",
    "top DIM [WINDOW] [N] [errors]",
    "most frequent paths, clients ...",
    "top client 5m 20",
    run_top,
)
