"""The likely meaning of a word that is not known, put so that it ends a message."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 64
"""A longer word is not a slip of the keyboard, and comparing it would take long."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was most likely meant to be."""
    if len(word) > _LONGEST:
        return None
    by_shape = {name.lower().replace("_", "-"): name for name in known}
    shape = word.lower().replace("_", "-")
    found = get_close_matches(shape, by_shape, n=1, cutoff=0.6)
    return by_shape[found[0]] if found else None


def meant(word: str, known: Iterable[str]) -> str:
    """``; did you mean "window"?``, or nothing where nothing comes near."""
    guess = nearest(word, known)
    return f'; did you mean "{guess}"?' if guess is not None else ""


def hint(word: str, known: Iterable[str]) -> str:
    """The same, or ``; there are: ...`` where nothing comes near."""
    names = list(known)
    return meant(word, names) or (f"; there are: {', '.join(names)}" if names else "")
