"""Formats of servers that have no format language of their own, in a notation of ours.

::

    {time:epoch} {:spaces}{duration:number*0.001} {client:word} {cache:word}/{status:status}

``{FIELD}`` is text up to what follows, ``{FIELD:SHAPE}`` a shape of
`fields.Meaning` or, for ``time``, a kind of stamp, ``*N`` seconds per unit. All
else stands in the line as it stands here. It is for the table of presets; people
paste what their server understands.
"""

from __future__ import annotations

import re

from logmond.ingest.formats.assembly import Part, Variable, assemble
from logmond.ingest.formats.compiled import TextFormat
from logmond.ingest.formats.fields import Meaning

_VARIABLE = re.compile(r"\{(\w*)(?::(\w+))?(?:\*([0-9.]+))?\}")


def compile_plain(text: str, name: str) -> TextFormat:
    """Compile a format whose quoted values escape a quote with a backslash."""
    return assemble(name, _parts_of(text))


def compile_unescaped(text: str, name: str) -> TextFormat:
    """Compile a format of a server that writes quotes inside quoted values as they are."""
    return assemble(name, _parts_of(text), quotes="raw")


def _parts_of(text: str) -> list[Part]:
    parts: list[Part] = []
    position = 0
    for found in _VARIABLE.finditer(text):
        parts.append(text[position : found.start()].encode())
        position = found.end()
        field, shape, unit = found.groups()
        if field == "time":
            meaning = Meaning("time", "time", time_kind=shape)
        else:
            meaning = Meaning(field, shape or "text", unit_s=float(unit or 1))
        parts.append(Variable(f"{{{field}}}" if field else " ", meaning))
    parts.append(text[position:].encode())
    return parts
