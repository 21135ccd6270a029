r"""Compiled formats: steps, and the regular expressions made of them. No I/O.

Theory of operation. A text format is a row of steps, each of which begins where
the one before it ended:

============  ====================================================
``literal``   exactly these bytes
``quoted``    up to the next ``"`` without a backslash before it
``until``     up to the next occurrence of the delimiter (empty: end of line)
``word``      the same, without spaces
``status``    three digits, or ``0``, or ``-``, or ``-1``
``number``    at most 19 digits with or without a sign, or ``-``, or nothing
``decimal``   digits, a point, digits; or ``-``, or nothing
``seconds``   the same with or without the point; ``-1`` is no time
``spaces``    up to twelve, or none: what pads a column
``address``   what an IP address is written with
``name``      a host's name, or an address with a port; no bare address, no ``-``
``blank``     one space or TAB
``column``    what stands between two of these, never empty
``first``     a column that does not begin with ``#``
``moment``    a stamp, which may hold spaces and ends where its shape ends
``host``      a name or address without spaces; a colon only in brackets
``list``      words joined by ``, `` or `` : ``, as nginx writes its upstreams
``captures``  at most two groups in braces, each with a space behind it
============  ====================================================

No step can be read in two ways, so nothing is ever tried twice: every unbounded
repetition in the expressions is possessive, and a line costs time linear in its
length whatever it holds. Quoted text is unrolled,
``[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+``, which costs a quarter of
``(?:[^"\\\n]|\\[^\n])*+``. No step matches LF, so that one expression can walk
over a chunk of many lines.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Container
from dataclasses import dataclass, replace
from functools import cached_property

from logmond.ingest.formats import moments
from logmond.ingest.formats.fields import COUNTED, FORWARDED

QUOTED = r'[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+'

MOST_DECOYS = 8192
"""Beginnings of a delimiter that a value may hold: no usual server takes a longer header."""

LONG_BYTES = 4096
"""Lines from which on a format looks for its literals first."""

CAPTURES = r"(?:\{[^}\n]*+\} ){0,2}+"
"""What HAProxy captured of headers: there when it is configured to capture."""

SHAPES = {
    # 0 is Envoy's word for a client that left before an answer, -1 HAProxy's.
    "status": r"(?:[0-9]{3}|0|-1?+)",
    # 19 digits are the most a signed 64-bit number can have. A clock stepping
    # back gives Apache a negative %D; HAProxy's logasap gives +123.
    "number": r"[+-]?[0-9]{0,19}+",
    # Always with a point: combined lines with whole microseconds behind them
    # must not be taken for lines with seconds.
    "decimal": r"-?(?:[0-9]{1,12}+\.[0-9]{1,9}+)?+",
    "seconds": r"-?(?:[0-9]{1,12}+(?:\.[0-9]{1,9}+)?+)?+",
    "spaces": r" {0,12}+",
    "address": r"[0-9A-Fa-f:.]{2,45}+",
    "name": r"(?!-? |[0-9.]{7,15} |[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{1,41} )[^ \n]{1,255}+",
    "blank": r"[ \t]",
    "column": r"[^ \t\r\n]++",
    "first": r"(?!#)[^ \t\r\n]++",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step over a line.

    Attributes:
        kind: a name of the table above.
        text: the bytes of a literal; the delimiter of ``until``.
        field: canonical or carried name of what is read; empty for literals.
        variable: the variable as it was typed, for messages.
        beyond: an expression that must follow the delimiter for it to count as
            one: in ``%v:%p`` the colon before digits, not one inside an address.
        time_kind: what a stamp looks like, for a time.
    """

    kind: str
    text: bytes = b""
    field: str = ""
    variable: str = ""
    beyond: str = ""
    time_kind: str = ""

    @property
    def source(self) -> str:
        """The regular expression of this step, without a group."""
        if self.kind == "literal":
            return escaped(self.text)
        if self.kind == "quoted":
            return QUOTED
        if self.kind == "moment":
            return moments.shape_of(self.time_kind)
        if self.kind == "captures":
            return CAPTURES
        if self.kind == "host":
            # The port is a value of its own: %v:%p, $host:$server_port.
            return r"(?:\[[^\] \n]*+\])?+" + _until(self.text[:1] or b" ", "", ": ")
        if self.kind == "list":
            item = r"[^ ,\r\n]*+"
            return item + _atomic(rf"(?:(?:, | : ){item})*")
        if self.kind in ("until", "word"):
            return _until(self.text, self.beyond, " " if self.kind == "word" else "")
        return SHAPES[self.kind]


def escaped(text: bytes) -> str:
    """Bytes as the source of a regular expression, in ASCII whatever they are."""
    plain = b"\"-_/,:;<>=%&@!~`'"
    return "".join(
        chr(byte)
        if (chr(byte).isalnum() and byte < 128) or byte in plain or byte == 32
        else rf"\x{byte:02x}"
        for byte in text
    )


def _until(delimiter: bytes, beyond: str, never: str) -> str:
    if not delimiter:
        return rf"[^{never}\r\n]*+"
    first = escaped(delimiter[:1])
    plain = rf"[^{first}{never.replace(first, '')}\n]*+"
    rest = escaped(delimiter[1:]) + beyond
    if not rest or first in never:
        return plain
    # Of a delimiter of several bytes the first alone does not end the value:
    # in `$remote_user [$time_local]` the user may hold spaces.
    return plain + _atomic(f"(?:{first}(?!{rest}){plain}){{0,{MOST_DECOYS}}}")


def _atomic(repeated: str) -> str:
    """A repeated group that gives nothing back.

    Not ``(?:...)*+``: before Python 3.11.5 (Debian 12 has 3.11.2) a possessive
    group stands in the wrong place after a branch or lookahead in it failed
    (gh-106052). An atomic group is the same, and right everywhere.
    """
    return f"(?>{repeated})"


class Format(ABC):
    """A compiled format: how one kind of line is read.

    Attributes:
        name: the preset's name, or what the operator called it.
        kind: "text" or "json".
        fields: what a row holds, in its order: names of `fields.COUNTED`.
        time_kind: see `moments.TIME_KINDS`; empty without a time.
        duration_unit: seconds per unit of the field ``duration``.
        duration_integer: durations are whole numbers of that unit.
        escaped: values hold backslash escapes (`values.unescaped` undoes them).
    """

    name: str
    kind: str
    fields: tuple[str, ...]
    time_kind: str
    duration_unit: float
    duration_integer: bool
    escaped: bool

    @abstractmethod
    def row(self, line: bytes) -> tuple[bytes, ...] | None:
        """The values of `fields` in one line without its LF, or None when it does not fit."""

    @abstractmethod
    def decode(self, line: bytes) -> dict[str, bytes] | None:
        """All values of one line by name, extras included, or None when it does not fit."""

    @property
    @abstractmethod
    def shape(self) -> str:
        """What a line looks like, as the operator would write it."""

    def directive(self, line: bytes) -> Format | None:
        """The format of the lines behind this one, where a line can say it (``#Fields:``)."""
        return None

    def forwarding(self) -> Format:
        """The same with ``forwarded_for`` among its `fields`, where its lines carry that."""
        return self


@dataclass(frozen=True)
class TextFormat(Format):
    """A format of text lines.

    `pattern` has one capturing group per name of `fields`, in that order, and no
    anchors; it must be anchored at both ends of a line to be linear in time.
    """

    name: str
    steps: tuple[Step, ...]
    time_kind: str = ""
    duration_unit: float = 1.0
    duration_integer: bool = False
    escaped: bool = True
    kind: str = "text"
    wanted: tuple[str, ...] = COUNTED

    @cached_property
    def fields(self) -> tuple[str, ...]:  # type: ignore[override]  # computed once from the steps
        """The wanted fields in the order of the line: all that is counted, as a rule."""
        return tuple(step.field for step in self.steps if step.field in self.wanted)

    def forwarding(self) -> Format:
        """The same with ``forwarded_for`` captured too, if a step reads it."""
        if any(step.field == FORWARDED for step in self.steps):
            return replace(self, wanted=(*COUNTED, FORWARDED))
        return self

    @cached_property
    def pattern(self) -> str:
        """The expression that captures `fields`."""
        return self.capturing(self.fields)

    def capturing(self, names: Container[str]) -> str:
        """The expression that captures the fields named, in the order of the line."""
        return "".join(
            f"({step.source})" if step.field and step.field in names else step.source
            for step in self.steps
        )

    def regex(self, names: Container[str] | None = None) -> re.Pattern[bytes]:
        r"""The expression for ``findall`` over a chunk of whole lines.

        It matches whole lines only, with or without CR before the LF.
        """
        source = self.capturing(self.fields if names is None else names)
        return re.compile(rf"^{source}\r?+$".encode("ascii"), re.MULTILINE)

    @cached_property
    def _whole(self) -> re.Pattern[bytes]:
        return re.compile(self.pattern.encode("ascii"))

    @cached_property
    def _everything(self) -> tuple[tuple[str, ...], re.Pattern[bytes]]:
        names = tuple(step.field for step in self.steps if step.field)
        return names, re.compile(self.capturing(names).encode("ascii"))

    def row(self, line: bytes) -> tuple[bytes, ...] | None:
        """The values of `fields`, or None."""
        if len(line) > LONG_BYTES and not self._may_fit(line):
            return None
        match = self._whole.fullmatch(line)
        return None if match is None else match.groups()

    @cached_property
    def _literals(self) -> tuple[bytes, ...]:
        return tuple(step.text for step in self.steps if step.kind == "literal")

    def _may_fit(self, line: bytes) -> bool:
        """Whether the line holds all literals in their order.

        Finding them is a hundred times faster than the expression, which is
        tried with every format on a line that none of them takes.
        """
        place = 0
        for text in self._literals:
            place = line.find(text, place)
            if place < 0:
                return False
            place += len(text)
        return True

    def decode(self, line: bytes) -> dict[str, bytes] | None:
        """All values by name, or None."""
        names, regex = self._everything
        match = regex.fullmatch(line)
        return None if match is None else dict(zip(names, match.groups(), strict=True))

    @cached_property
    def shape(self) -> str:
        """The format with its variables as typed."""
        return "".join(
            step.text.decode("utf-8", "replace") if step.kind == "literal" else step.variable
            for step in self.steps
        )
