"""The words every format is translated into. No regular expressions, no parsing.

Every server names its variables differently (``$request_time``, ``%D``,
``duration``); behind the compilers there is one vocabulary. A variable that has
no place in it is carried under its own name, so that `parse` can show it.
"""

from __future__ import annotations

from dataclasses import dataclass

COUNTED = (
    "client",
    "time",
    "request",
    "method",
    "uri",
    "path",
    "status",
    "bytes",
    "referrer",
    "user_agent",
    "vhost",
    "duration",
)
"""The fields the kernel counts by. A format has ``request`` (the whole request
line), or ``method`` with ``uri`` (query string included) or ``path`` (without)."""

FORWARDED = "forwarded_for"
"""Whom a proxy says it asks for: a list, the nearest last. Carried, and counted by
where proxies are trusted (`proxies`)."""

SHOWN = ("user", "protocol")
"""Fields `parse` shows under a name of their own, though nothing is counted by them."""

CANONICAL = frozenset(COUNTED) | frozenset(SHOWN)
"""Every name with a fixed meaning; all others are carried extras."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a variable of a server stands for.

    `field` is its canonical or carried name. `shape` says what its text looks
    like: "text" (anything up to the delimiter), "word" (the same without
    spaces), "host" (a word with a colon in brackets only), "list" (words joined
    by commas or colons), "path" (a target: begins with a slash), "status",
    "number", "decimal", "captures" (HAProxy's headers in braces) or "time". Where
    a format holds several variables of one field, the lowest `rank` is the one
    counted by.
    `time_kind` is one of `logmond.ingest.formats.values.TIME_KINDS`; `unit_s`
    is seconds per unit of a duration.
    """

    field: str
    shape: str = "text"
    rank: int = 0
    time_kind: str = ""
    unit_s: float = 1.0


def carried(name: str) -> Meaning:
    """The meaning of a variable we do not know: text under its own name.

    A name that has a fixed meaning here has none there: ``$client`` of a module
    is shown as ``client_``, and nothing is counted by it.
    """
    return Meaning(f"{name}_" if name in CANONICAL else name)
