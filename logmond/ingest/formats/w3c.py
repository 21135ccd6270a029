"""W3C extended log files: IIS's and CloudFront's, whose ``#Fields:`` lines say what follows.

::

    #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip ...
    2026-11-23 17:00:00 192.0.2.1 GET /pages/create a=b 443 - 203.0.113.7 ...

Values hold neither spaces nor TABs (IIS writes ``+``, CloudFront ``%20``), and
either stands between two of them. Dates are UTC. ``time-taken`` is milliseconds
in IIS and seconds with a fraction in CloudFront, so the dialects are two presets,
told apart by fields that only CloudFront has.

A format is a value: `W3cFormat.directive` gives the format of the lines behind a
``#Fields:`` line, and whoever reads the lines remembers it. Before the first such
line (a daemon begins at the end of a file) the fields are those that servers
write by default, or those of a pasted ``#Fields:`` line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from logmond.errors import FormatError
from logmond.ingest.formats.compiled import Format, Step, TextFormat
from logmond.ingest.formats.fields import CANONICAL, Meaning

MAX_FIELDS = 128

_MEANINGS = {
    "c-ip": Meaning("client"),
    "cs-method": Meaning("method"),
    "cs-uri-stem": Meaning("path"),
    "cs-uri": Meaning("uri", rank=1),
    "cs-uri-query": Meaning("query"),
    "cs-username": Meaning("user"),
    "cs-version": Meaning("protocol"),
    "cs-protocol-version": Meaning("protocol"),
    "cs-protocol": Meaning("scheme"),
    "sc-status": Meaning("status", "status"),
    "sc-bytes": Meaning("bytes", "number"),
    "cs-bytes": Meaning("bytes_received", "number"),
    "cs(user-agent)": Meaning("user_agent"),
    "cs(referer)": Meaning("referrer"),
    # CloudFront: the name the client asked for; cs(Host) is the distribution's own.
    "x-host-header": Meaning("vhost"),
    "cs-host": Meaning("vhost", rank=1),
    "cs(host)": Meaning("vhost", rank=2),
    "x-forwarded-for": Meaning("forwarded_for"),
    "cs(x-forwarded-for)": Meaning("forwarded_for", rank=1),
    "x-edge-result-type": Meaning("cache_status"),
    "x-edge-request-id": Meaning("request_id"),
    "ssl-protocol": Meaning("tls_protocol"),
    "ssl-cipher": Meaning("tls_cipher"),
    "timestamp": Meaning("time", rank=1, time_kind="epoch"),
    "timestamp(ms)": Meaning("time", rank=2, time_kind="epoch"),
}

_CLOUDFRONT = frozenset(("x-host-header", "cs-protocol", "cs-protocol-version", "timestamp(ms)"))
_FIELDS = re.compile(r"#?Fields:[ \t]*+(.*+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class W3cFormat(TextFormat):
    """A format of W3C lines in one dialect, "iis" or "cloudfront"."""

    dialect: str = "iis"
    typed: str = ""

    def directive(self, line: bytes) -> Format | None:
        """The format of what follows a ``#Fields:`` line of this dialect, else None."""
        text = line.decode("ascii", "replace")
        if not _FIELDS.fullmatch(text) or dialect_of(text) != self.dialect:
            return None
        try:
            return compile_w3c(text, self.name)
        except FormatError:
            return None

    @property
    def shape(self) -> str:
        """The directive itself."""
        return self.typed


def dialect_of(text: str) -> str:
    """Whose fields a ``#Fields:`` line names: "cloudfront" or "iis"."""
    names = text.lower().split()
    cloudfront = any(name.startswith("x-edge-") or name in _CLOUDFRONT for name in names)
    return "cloudfront" if cloudfront else "iis"


def compile_w3c(text: str, name: str = "") -> W3cFormat:
    """Compile a ``#Fields:`` line.

    Raises:
        FormatError: it names no field that is counted by, or its date and time do
            not stand beside each other.
    """
    directive = _FIELDS.fullmatch(text.strip())
    fields = directive[1].split() if directive else []
    dialect = dialect_of(text)
    name = name or dialect
    if not fields or len(fields) > MAX_FIELDS:
        raise FormatError(f"format {name}: it looks like #Fields: date time c-ip cs-method ...")
    steps: list[Step] = []
    chosen = _chosen(fields)
    position = 0
    while position < len(fields):
        if steps:
            steps.append(Step("blank", b" "))
        here = [field.lower() for field in fields[position : position + 2]]
        if here == ["date", "time"]:
            steps.append(Step("moment", field="time", variable="date time", time_kind="w3c"))
            position += 1
        else:
            steps.append(_step(fields[position], chosen.get(position), dialect, not steps))
        position += 1
    known = {step.field for step in steps}
    if not known & {"path", "uri", "status", "client"}:
        raise FormatError(f"format {name}: no field in it that logmond counts by, like sc-status")
    lowered = {field.lower() for field in fields}
    time = next((step.time_kind for step in steps if step.field == "time"), "")
    if not time and lowered & {"date", "time"}:
        raise FormatError(
            f"format {name}: date and time must stand beside each other, in that order"
        )
    return W3cFormat(
        name,
        tuple(steps),
        time_kind=time,
        duration_unit=1.0 if dialect == "cloudfront" else 1e-3,
        duration_integer=dialect == "iis",
        escaped=False,
        dialect=dialect,
        typed=f"#Fields: {' '.join(fields)}",
    )


def _chosen(fields: list[str]) -> dict[int, Meaning]:
    """The place of each field that is counted by: of several, the one of the lowest rank."""
    ranked: dict[str, tuple[int, int]] = {}
    names = [field.lower() for field in fields]
    dated = any(pair == ("date", "time") for pair in pairwise(names))
    for place, name in enumerate(names):
        meaning = _MEANINGS.get(name)
        if meaning is not None and not (dated and meaning.field == "time"):
            ranked[meaning.field] = min(
                (meaning.rank, place), ranked.get(meaning.field, (meaning.rank, place))
            )
    return {place: _MEANINGS[names[place]] for _, place in ranked.values()}


def _step(typed: str, meaning: Meaning | None, dialect: str, first: bool) -> Step:
    if typed.lower() == "time-taken":
        kind = "seconds" if dialect == "cloudfront" else "number"
        return Step(kind, field="duration", variable=typed)
    plain = "first" if first else "column"
    if meaning is None:
        carried = typed.lower().replace("(", "_").replace("-", "_").rstrip(")")
        field = f"{carried}_" if carried in CANONICAL else carried
        return Step(plain, field=field, variable=typed)
    if meaning.time_kind:
        return Step("moment", field="time", variable=typed, time_kind=meaning.time_kind)
    kind = meaning.shape if meaning.shape in ("status", "number") else plain
    return Step(kind, field=meaning.field, variable=typed)
