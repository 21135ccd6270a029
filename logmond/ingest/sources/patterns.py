"""Which paths a pattern means: the path itself, or what a glob finds now.

``*``, ``?`` and ``[...]`` match within one part of a path, names that begin
with a dot only when the pattern's part does. Compressed files never match. A
search is a generator with pauses, so that a directory of many thousand names
does not hold the reactor.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from fnmatch import translate
from functools import lru_cache

from logmond.ingest.sources.rotation import COMPRESSED

_MAGIC = re.compile(r"[*?\[]")


def is_glob(pattern: str) -> bool:
    """Whether a pattern can mean more than one path."""
    return _MAGIC.search(pattern) is not None


def covers(pattern: str, path: str) -> bool:
    """Whether `path` is one of the paths `pattern` means."""
    if not is_glob(pattern):
        return pattern == path
    parts, names = pattern.split("/"), path.split("/")
    return (
        len(parts) == len(names)
        and all(_fits(part, name) for part, name in zip(parts, names, strict=True))
        and not path.endswith(COMPRESSED)
    )


def find(pattern: str, failed: Callable[[str, OSError], None]) -> Iterator[str | None]:
    """The paths a pattern means now, those of a glob in the order of their names.

    None is a pause. A path whose last part is no glob is given whether it exists
    or not. `failed` is told of directories that cannot be read.
    """
    if not is_glob(pattern):
        yield pattern
        return
    parts = pattern.split("/")
    yield from _descend("", parts, failed) if parts[0] else _descend("/", parts[1:], failed)


def _descend(
    base: str, parts: list[str], failed: Callable[[str, OSError], None]
) -> Iterator[str | None]:
    part, *rest = parts
    if not is_glob(part):
        names = [part]
    else:
        try:
            names = sorted(os.listdir(base or "."))
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            failed(base, error)
            return
        yield None
    for name in names:
        if not _fits(part, name):
            yield None
        elif rest:
            yield from _descend(os.path.join(base, name), rest, failed)
        elif not name.endswith(COMPRESSED):
            yield os.path.join(base, name)


def _fits(part: str, name: str) -> bool:
    if not is_glob(part):
        return part == name
    if name.startswith(".") and not part.startswith("."):
        return False
    return _compiled(part).match(name) is not None


@lru_cache(maxsize=256)
def _compiled(part: str) -> re.Pattern[str]:
    return re.compile(translate(part))
