"""Aligned text for people: tables, fields, quantities; 78 columns where that is possible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from logmond.alerts.quantities import bound, quantity
from logmond.alerts.rule import METRICS


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], align: str, *, most: int | None = None
) -> Iterator[str]:
    """Rows under a header; `align` has one of ``<>`` a column, the last column is not padded.

    A column whose cells and header are all empty is left out. No column becomes
    wider for a cell longer than `most`; in its own line the rest moves right.
    """
    lines = [header, *rows]
    shown = [i for i in range(len(header)) if any(line[i] for line in lines)]
    lengths = {i: [len(line[i]) for line in lines] for i in shown}
    widths = {i: max(n for n in lengths[i] if most is None or n <= most) for i in shown}
    if shown and align[shown[-1]] == "<":
        widths[shown[-1]] = 0
    for line in lines:
        yield "  ".join(f"{line[i]:{align[i]}{widths[i] or ''}}" for i in shown).rstrip()


def fields(pairs: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Names and values in two columns."""
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        yield f"{name:<{width}}  {value}"


def percent(share: float | None) -> str:
    """A share of 1: ``83%``, ``0.4%``, ``-`` when there is none."""
    if share is None:
        return "-"
    value = share * 100
    return f"{value:.0f}%" if value >= 9.95 or value == 0 else f"{value:.1f}%"


def rate(per_second: float) -> str:
    """A rate with the one decimal that lets a column of them be compared."""
    return f"{per_second:,.1f}"


def measured(metric: str, value: float | None) -> str:
    """A value of a metric as events write it, ``-`` when there is none."""
    return "-" if value is None else quantity(METRICS[metric].unit, value)


def limit(metric: str, value: float | None) -> str:
    """A limit of a metric as it was configured, ``-`` while none is known."""
    return "-" if value is None else bound(METRICS[metric].unit, value)
