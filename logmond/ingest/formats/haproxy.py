"""HAProxy's ``log-format`` becomes a compiled format.

::

    log-format "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc ..."

HAProxy writes a quote inside a value as ``#22``, never as ``\\"``, and leaves
backslashes alone, so a quoted value ends at the next quote.
"""

from __future__ import annotations

import re

from logmond.ingest.formats.assembly import Part, Variable, assemble
from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.fields import Meaning, carried

VARIABLES = {
    "ci": Meaning("client", "word"),
    "cp": Meaning("client_port", "number"),
    "t": Meaning("time", "time", time_kind="haproxy"),
    "tr": Meaning("time", "time", time_kind="haproxy"),
    "T": Meaning("time", "time", time_kind="clf"),
    "Tl": Meaning("time", "time", time_kind="clf"),
    "trg": Meaning("time", "time", time_kind="clf"),
    "trl": Meaning("time", "time", time_kind="clf"),
    "Ts": Meaning("time", "time", rank=1, time_kind="epoch"),
    "ms": Meaning("time_ms", "number"),
    "r": Meaning("request"),
    "HM": Meaning("method", "word"),
    "HU": Meaning("uri", "path"),
    "HP": Meaning("path", "path"),
    "HPO": Meaning("path", "path", rank=1),
    "HQ": Meaning("query"),
    "HV": Meaning("protocol", "word"),
    "ST": Meaning("status", "status"),
    "B": Meaning("bytes", "number"),
    "U": Meaning("bytes_received", "number"),
    "Ta": Meaning("duration", "number", unit_s=1e-3),
    "Tt": Meaning("duration", "number", rank=1, unit_s=1e-3),
    "f": Meaning("frontend", "word"),
    "ft": Meaning("frontend", "word"),
    "b": Meaning("backend", "word"),
    "s": Meaning("upstream", "word"),
    "ts": Meaning("termination", "word"),
    "tsc": Meaning("termination", "word"),
    "ID": Meaning("request_id", "word"),
    "sslv": Meaning("tls_protocol", "word"),
    "sslc": Meaning("tls_cipher", "word"),
    "hr": Meaning("captured", "captures"),
    "hrl": Meaning("captured"),
    "hsl": Meaning("captured_response"),
}
"""What HAProxy's variables stand for. ``%Ta`` is the time of the request itself,
``%Tt`` also the wait for it on an idle connection."""

SAMPLES = {"ssl_fc_sni": Meaning("vhost", "word")}
"""Those sample expressions that carry meaning here: the name a client asked TLS for."""

_TIMES = frozenset({"TR", "Tw", "Tc", "Tr", "Th", "Ti", "TD", "Tq", "Td"})
_COUNTS = frozenset({"ac", "fc", "bc", "sc", "rc", "sq", "bq", "fp", "bp", "sp", "lc", "rt", "pid"})
_VARIABLE = re.compile(r"%(?:\{([^}]*)\})?(?:\[([^\]]*)\]|([A-Za-z]+)|%)")
# Seen from HAProxy 2.6: numbers, stamps and these stay bare under %{+Q}o.
_BARE = frozenset({"ts", "tsc", "hr", "hrl", "hsl"})


def compile_haproxy(text: str, name: str = "haproxy") -> Format:
    """Compile a format as HAProxy understands it.

    Raises:
        FormatError: which part cannot be read, and what would work.
    """
    directive = re.fullmatch(r"\s*log-format\s+(.*)", text, re.DOTALL)
    body = (directive[1] if directive else text).strip()
    if directive and len(body) > 1 and body[0] == body[-1] and body[0] in "\"'":
        body = body[1:-1].replace('\\"', '"')
    body = body.replace("\\ ", " ")
    body = re.sub(r"^%\{\+Q\}o +", "%{+Q}o", body)  # no line begins with a space
    # Without captures HAProxy writes nothing for them and leaves out the space
    # behind them too, since it never writes two in a row.
    body = re.sub(r"%hr (?:%hs )?|%hs ", "%hr", body)
    body = body.replace("%hrl %hsl", "%hrl")
    quoting = False
    parts: list[Part] = []
    position = 0
    for found in _VARIABLE.finditer(body):
        parts.append(body[position : found.start()].encode())
        position = found.end()
        flags, sample, variable = found.groups()
        if found[0].endswith("%"):
            parts.append(b"%")
            continue
        if variable == "o":
            quoting = "+Q" in (flags or "")
            continue
        quoted = (quoting or "+Q" in (flags or "")) and "-Q" not in (flags or "")
        part = Variable(found[0], _meaning(sample, variable))
        text_like = variable not in _BARE and part.meaning.shape in ("text", "word", "path")
        parts += [b'"', part, b'"'] if quoted and text_like else [part]
    parts.append(body[position:].encode())
    return assemble(name, parts, quotes="absent")


def _meaning(sample: str | None, variable: str | None) -> Meaning:
    if variable is None:
        return SAMPLES.get(sample or "", Meaning("sample"))
    if variable in VARIABLES:
        return VARIABLES[variable]
    if variable in _TIMES or variable in _COUNTS:
        return Meaning(variable, "number")
    return carried(variable)
