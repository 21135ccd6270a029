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
from bisect import bisect_left
from dataclasses import dataclass
from itertools import islice, takewhile
from time import monotonic_ns

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


class Beside:
    """Finds what lies beside logs; a directory in which nothing changes is listed once."""

    def __init__(self) -> None:
        self._directory = ""
        self._names: list[str] = []
        self._changed_ns = -1
        self._seen_at_ns = 0
        self._final = False

    def siblings(self, path: str, *, compressed: bool = False) -> list[Sibling]:
        """The files that may be older generations of the log `path`, the oldest first.

        With `compressed` those of gzip too, unless it is still at work on one.
        """
        found = self._found(path, compressed)
        # A rotation renames them one after the other. Who looks meanwhile sees a file twice,
        # or nowhere: what was seen is believed when it is seen once more.
        for _ in range(_LOOKS):
            before, found = found, self._found(path, compressed)
            if before.keys() == found.keys():
                break
        return _ordered(list(found.values()))

    def _found(self, path: str, compressed: bool) -> dict[tuple[str, Identity], Sibling]:
        directory, base = os.path.split(path)
        stem, extension = os.path.splitext(base)
        names = set(self._beginning(directory or ".", stem))
        found = {}
        for name in names:
            plain = name.removesuffix(READABLE) if compressed else name
            named = _suffix(base, stem, extension, plain)
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

    def _beginning(self, directory: str, stem: str) -> list[str]:
        """The names in a directory that begin with `stem`."""
        try:
            self._list(directory)
        except OSError:
            self._final = False
            return []
        first = bisect_left(self._names, stem)
        rest = takewhile(lambda name: name.startswith(stem), islice(self._names, first, None))
        return list(rest)

    def _list(self, directory: str) -> None:
        """List a directory, unless it was and is as it was then.

        The time of its last change shows the next one only if that comes after the tick of
        the clock it was taken from: what was listed later than that is final.
        """
        changed_ns, now_ns = os.stat(directory).st_mtime_ns, monotonic_ns()
        if (directory, changed_ns) != (self._directory, self._changed_ns):
            self._directory, self._changed_ns = directory, changed_ns
            self._seen_at_ns, self._final = now_ns, False
        if self._final:
            return
        self._names = sorted(os.listdir(directory))
        whole_seconds = changed_ns % 1_000_000_000 == 0  # as some file systems count them
        self._final = not whole_seconds and now_ns - self._seen_at_ns > CLOCK_TICK_NS


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


def _suffix(base: str, stem: str, extension: str, name: str) -> tuple[str, int, str] | None:
    """Kind, number and text of what `name` has more than `base`; None if it is no sibling."""
    if name.startswith(base) and name[len(base) :][:1] in (".", "-", "_"):
        return _kind(name[len(base) :])
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
