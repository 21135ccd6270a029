"""Values and limits in the unit of their metric, as people write them. No incidents, no clock."""

from __future__ import annotations

from logmond.telemetry import size


def quantity(unit: str, value: float) -> str:
    """A measured value: ``14.2``, ``1,704``, ``7.1%``, ``210ms``, ``1.0 MiB/s``."""
    if unit == "count":
        return f"{value:,.0f}"
    if unit == "share":
        return f"{100 * value:.1f}%"
    if unit == "bytes":
        return f"{size(value)}/s"
    if unit == "seconds":
        return f"{1000 * value:.0f}ms" if value < 1 else f"{value:.2f}s"
    return f"{value:,.1f}" if value >= 1 or value == 0 else f"{value:.2g}"


def bound(unit: str, limit: float) -> str:
    """A configured limit, as it was meant: ``10``, ``5%``, ``500ms``."""
    if unit == "share":
        return f"{100 * limit:.6g}%"
    if unit == "bytes":
        return f"{size(limit)}/s"
    if unit == "seconds":
        return f"{1000 * limit:.6g}ms" if limit < 1 else f"{limit:.6g}s"
    return f"{limit:,.0f}" if limit == int(limit) else f"{limit:.6g}"
