"""The older generations of a log file, as rotation leaves them beside it.

logrotate, newsyslog, savelog and cronolog name them by a number
(``access.log.1``), a date (``access.log-20261123``, also before the extension:
``access-20261123.log``) or ``.old``. Numbers and dates tell the order; where
both kinds lie together the time of the last write does. Compressed ones are
left alone, but for those that gzip made while nobody looked.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass

from logmond.ingest.sources.identity import Identity, identity_of

COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".lz4", ".Z", ".zip")
"""Endings of files that are no text."""

READABLE = ".gz"
"""The one of them that is read."""

CLOCK_TICK_NS = 50_000_000
"""How far the time of a file's last write may be behind the clock, generously."""

_LOOKS = 5
"""Times names are looked at again while they move."""

_NUMBER = re.compile(r"[.-](\d{1,5})")
_DATE = re.compile(r"[._-](\d[\d._:T-]{5,})")


@dataclass(frozen=True, slots=True)
class Sibling:
    """A file beside a log: `kind` is "number", "date", or "other" for any other ending."""

    path: str
    kind: str
    number: int
    suffix: str
    status: os.stat_result

    @property
    def identity(self) -> Identity:
        """Its device and inode."""
        return identity_of(self.status)


def siblings(path: str, *, compressed: bool = False) -> list[Sibling]:
    """The files that may be older generations of the log `path`, the oldest first.

    With `compressed` those of gzip too, unless it is still at work on one.
    """
    found = _listed(path, compressed)
    # A rotation renames them one after the other. Who looks meanwhile sees a file twice,
    # or nowhere: what was seen is believed when it is seen once more.
    for _ in range(_LOOKS):
        before, found = found, _listed(path, compressed)
        if before.keys() == found.keys():
            break
    return _ordered(list(found.values()))


def _listed(path: str, compressed: bool) -> dict[tuple[str, Identity], Sibling]:
    directory, base = os.path.split(path)
    found = {}
    try:
        names = set(os.listdir(directory or "."))
    except OSError:
        return {}
    for name in names:
        plain = name.removesuffix(READABLE) if compressed else name
        named = _suffix(base, plain)
        if named is None or plain.endswith(COMPRESSED):
            continue
        if plain != name and plain in names:
            continue
        place = os.path.join(directory, name)
        try:
            status = os.stat(place)
        except OSError:
            continue  # gone since, or a dangling link
        if stat.S_ISREG(status.st_mode):
            found[place, identity_of(status)] = Sibling(place, *named, status)
    return found


def newer(found: list[Sibling], identity: Identity | None, since_ns: int | None) -> list[Sibling]:
    """The generations after the one with `identity`, and any written to since `since_ns`.

    Args:
        found: what lies beside a log, the oldest first; the result is in the same order.
        identity: of a file that is known; it need not be there any more.
        since_ns: when every file that lay there was known; None for never.
            Then, without `identity`, nothing is new: counting old lines again
            would be worse than what is missed.
    """
    generations = [sibling for sibling in found if sibling.kind != "other"]
    order = [sibling.identity for sibling in generations]
    after = order.index(identity) if identity in order else len(order)
    return [
        sibling
        for index, sibling in enumerate(generations)
        if index > after
        or (since_ns is not None and sibling.status.st_mtime_ns >= since_ns - CLOCK_TICK_NS)
    ]


def _suffix(base: str, name: str) -> tuple[str, int, str] | None:
    """Kind, number and text of what `name` has more than `base`; None if it is no sibling."""
    if name.startswith(base) and name[len(base) :][:1] in (".", "-", "_"):
        return _kind(name[len(base) :])
    stem, extension = os.path.splitext(base)
    if extension and name.startswith(stem) and name.endswith(extension):
        kind, number, suffix = _kind(name[len(stem) : -len(extension)])
        return None if kind == "other" else (kind, number, suffix)
    return None


def _kind(suffix: str) -> tuple[str, int, str]:
    if suffix == ".old":
        return "number", 1, suffix
    numbered = _NUMBER.fullmatch(suffix)
    if numbered:
        return "number", int(numbered[1]), suffix
    return ("date" if _DATE.fullmatch(suffix) else "other"), 0, suffix


def _ordered(found: list[Sibling]) -> list[Sibling]:
    """Oldest first. A number grows with age; times decide only between different schemes.

    A writer may go on in a file after its rotation, so that it is last written
    after its successor; numbers do not suffer from that.
    """
    kinds = {sibling.kind for sibling in found} - {"other"}
    if kinds == {"number"}:
        # ".old" has the place of ".1": times decide where both are.
        return sorted(
            found, key=lambda each: (each.kind != "other", -each.number, each.status.st_mtime_ns)
        )
    if kinds == {"date"}:
        return sorted(found, key=lambda each: (each.kind != "other", each.suffix))
    return sorted(found, key=lambda each: (each.status.st_mtime_ns, -each.number))
