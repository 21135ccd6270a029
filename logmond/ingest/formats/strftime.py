"""Stamps in a form the operator chose: Apache's ``%{format}t``. No clock, no locale.

A strftime format becomes an expression of exactly its shape, so that a stamp with
spaces in it ends where it ends. Names of months are English, which is what
servers write in the C locale they run in.
"""

from __future__ import annotations

import re
from functools import lru_cache

from logmond.errors import FormatError

PREFIX = "strftime:"
"""What a time kind begins with when the rest of it is a strftime format.

Beyond strftime, ``%f`` is a fraction of digits (Apache's ``msec_frac``)."""

_ALIASES = {
    "%D": "%m/%d/%y",
    "%F": "%Y-%m-%d",
    "%R": "%H:%M",
    "%T": "%H:%M:%S",
    "%c": "%a %b %e %H:%M:%S %Y",
    "%h": "%b",
}

SHAPES = {
    "%Y": "[0-9]{4}",
    "%y": "[0-9]{2}",
    "%m": "[0-9]{2}",
    "%b": "[A-Z][a-z]{2}",
    "%d": "[0-9]{2}",
    "%e": "[ 0-9][0-9]",
    "%H": "[0-9]{2}",
    "%M": "[0-9]{2}",
    "%S": "[0-9]{2}",
    "%s": "[0-9]{1,12}+",
    "%f": "[0-9]{1,9}+",
    "%z": "[+-][0-9]{4}",
    "%Z": "[A-Z]{1,5}+",
    "%a": "[A-Z][a-z]{2}",
    "%A": "[A-Z][a-z]{5,8}+",
    "%j": "[0-9]{3}",
    "%%": "%",
}
"""The directives read, and what each looks like."""

_READ = frozenset(["%Y", "%y", "%m", "%b", "%d", "%e", "%H", "%M", "%S", "%s", "%z"])


def expanded(text: str) -> str:
    """The format with compound directives (``%T``, ``%F``) written out."""
    for short, long in _ALIASES.items():
        text = text.replace(short, long)
    return text


@lru_cache(maxsize=256)
def shape_of(text: str) -> str:
    """The expression, without groups, that stamps of a strftime format have.

    Raises:
        FormatError: a directive that is not read.
    """
    return "".join(shape for _, shape in _pieces(text))


@lru_cache(maxsize=256)
def reader_of(text: str) -> re.Pattern[bytes]:
    """The expression with a named group for every directive that says when."""
    seen: set[str] = set()
    source = ""
    for directive, shape in _pieces(text):
        if directive in _READ and directive not in seen:
            seen.add(directive)
            source += f"(?P<{directive[1]}>{shape})"
        else:
            source += shape
    return re.compile(source.encode("ascii"))


def _pieces(text: str) -> list[tuple[str, str]]:
    """Directives and literals, each with its expression."""
    pieces = []
    for piece in re.findall(r"%[-_0^#EO]*.|[^%]+|%", expanded(text), re.DOTALL):
        if piece.startswith("%"):
            if piece not in SHAPES:
                known = " ".join(SHAPES)
                raise FormatError(f"time format {text!r}: {piece} is not read; known: {known}")
            pieces.append((piece, SHAPES[piece]))
        else:
            pieces.append(("", "".join(rf"\x{byte:02x}" for byte in piece.encode())))
    return pieces
