"""When something begins, as people type it: ``from 22:00``, ``in 3h``.

Times are UTC, as everywhere in logmond's output. No clock: now is an argument.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Sequence
from time import strptime

from logmond.errors import QueryError
from logmond.interfaces.admin.words import is_duration, quoted, seconds_of

DAY_S = 86400

_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?Z?", re.IGNORECASE)
_FORMS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M")


def beginning(words: Sequence[str], now: int) -> tuple[int | None, tuple[str, ...]]:
    """The second that words begin with, None for at once; and the words behind.

    ``from`` and ``in`` that no time follows are ordinary words: comments begin
    as they like.
    """
    match words:
        case [word, when, *rest] if word.lower() == "in" and is_duration(when):
            return now + seconds_of(when), tuple(rest)
        case [word, when, *rest] if word.lower() == "from" and when[:1].isdigit():
            return moment_of(when, now), tuple(rest)
    return None, tuple(words)


def moment_of(word: str, now: int) -> int:
    """The second of ``22:00`` (the next one there is) or of ``2026-11-24T02:00:00Z``.

    Raises:
        QueryError: it is neither.
    """
    of_day = _OF_DAY.fullmatch(word)
    if of_day is not None:
        hours, minutes, seconds = (int(part or 0) for part in of_day.groups())
        at = now - now % DAY_S + 3600 * hours + 60 * minutes + seconds
        return at if at > now else at + DAY_S
    for form in _FORMS:
        try:
            return timegm(strptime(word.upper(), form))
        except ValueError:
            continue
    raise QueryError(
        "bad_time", f"{quoted(word)} is no time (UTC) such as 22:00 or 2026-11-24T02:00:00Z"
    )
