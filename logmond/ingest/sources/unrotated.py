"""The name a log had before it was rotated: ``access.log`` for ``access.log.2.gz``. Pure.

`logmond.ingest.sources.rotation` finds the generations of a log that is known;
here one is known, and the log is looked for.
"""

from __future__ import annotations

import os
import re

from logmond.ingest.sources.rotation import READABLE

_ENDS = tuple(map(re.compile, (r"[.-]\d{1,5}$", r"[._-]\d[\d._:T-]{5,}$", r"\.old$")))


def unrotated(path: str) -> list[str]:
    """What a log may have been called before it was rotated and compressed.

    Numbers and dates stand behind the name or before its extension. The path
    itself comes last, less the ending of gzip.
    """
    path = path.removesuffix(READABLE)
    directory, name = os.path.split(path)
    stem, extension = os.path.splitext(name)
    found = []
    for text, kept in ((name, ""), (stem, extension)):
        for end in _ENDS:
            match = end.search(text)
            if match and match.start() and not end.search(kept):
                found.append(os.path.join(directory, text[: match.start()] + kept))
    return [*dict.fromkeys(found), path]
