"""Answers of the statistics service, as plain data with units in their names."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Share:
    """One key of a table: `hits`, its `share` of the total (0 to 1), and how far off it can be.

    `error` is an absolute number of hits that may be missing from `hits`; 0 for
    exact tables.
    """

    key: str
    hits: int
    share: float
    error: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """One row of ``stats by DIM``."""

    key: str
    hits: int
    hits_per_second: float
    share: float
    bytes: int
    ratio_4xx: float | None
    ratio_5xx: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What a window of traffic amounted to. Seconds are whole, (from, to] by evaluated second.

    `coverage` is "whole", "partial" or "empty"; ratios are None without hits;
    `duration` is {"p50", "p95", "p99"} in seconds, or None when no line had one.
    """

    window_s: int
    from_second: int
    to_second: int
    coverage: str
    hits: int
    hits_per_second: float
    bytes: int
    status: dict[str, int]
    ratio_4xx: float | None
    ratio_5xx: float | None
    duration: dict[str, float] | None
    distinct_clients: int | None
    sections: tuple[Share, ...]
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class TopTable:
    """The most frequent keys of one dimension over a window."""

    dimension: str
    window_s: int
    total: int
    rows: tuple[Share, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One statement of what changed: a key of a dimension and its share of the rise.

    `share` and `error` are fractions of 1; the true share lies in
    [share, share + error]. `name` is who the key says it is, of user agents that
    say so ("AI bot GPTBot"): then the share is that of all its versions.
    """

    dimension: str
    key: str
    share: float
    error: float = 0.0
    name: str | None = None
