r"""Apache's ``LogFormat``, bare or as the whole directive, becomes a compiled format.

::

    %h %l %u %t \"%r\" %>s %b
    LogFormat "%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost_combined
    CustomLog logs/access.log "%h %l %u [%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t] \"%r\" %>s %b %D"

An unknown directive is not an error: modules add their own. Its text is carried.
"""

from __future__ import annotations

import re

from logmond.errors import FormatError
from logmond.ingest.formats import strftime
from logmond.ingest.formats.assembly import Part, Variable, assemble
from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.fields import Meaning, carried

DIRECTIVES = {
    "a": Meaning("client", "word"),
    "h": Meaning("client", "word", rank=1),
    "l": Meaning("ident", "word"),
    "u": Meaning("user"),
    "r": Meaning("request"),
    "m": Meaning("method", "word"),
    "U": Meaning("path", "path"),
    "H": Meaning("protocol", "word"),
    ">s": Meaning("status", "status"),
    "s": Meaning("status", "status", rank=1),
    "<s": Meaning("status", "status", rank=2),
    "b": Meaning("bytes", "number"),
    "B": Meaning("bytes", "number"),
    "O": Meaning("bytes", "number", rank=1),
    "I": Meaning("bytes_received", "number"),
    "S": Meaning("bytes_transferred", "number"),
    "D": Meaning("duration", "number", unit_s=1e-6),
    "T": Meaning("duration", "number", rank=2),
    "v": Meaning("vhost", "host"),
    "V": Meaning("vhost", "host", rank=1),
    "p": Meaning("port", "number"),
    "P": Meaning("pid", "number"),
    "k": Meaning("keepalive_requests", "number"),
    "X": Meaning("connection_status", "word"),
    "A": Meaning("local_address", "word"),
    "R": Meaning("handler", "word"),
    "L": Meaning("log_id", "word"),
    "f": Meaning("file"),
    "q": Meaning("query"),
    "^FB": Meaning("microseconds_to_first_byte", "number"),  # LogIOTrackTTFB
}
"""What directives without an argument stand for. Of a redirected request ``%>s``
is the status the client got, ``%s`` the first."""

_NAMED = {
    ("c", "a"): Meaning("client", "word", rank=2),  # the peer, where mod_remoteip took it away
    ("referer", "i"): Meaning("referrer"),
    ("user-agent", "i"): Meaning("user_agent"),
    ("host", "i"): Meaning("vhost", "word", rank=2),
    ("x-forwarded-for", "i"): Meaning("forwarded_for", "list"),
    ("x-real-ip", "i"): Meaning("forwarded_for", "word", rank=2),
    ("UNIQUE_ID", "e"): Meaning("request_id"),
    ("x-request-id", "i"): Meaning("request_id", rank=1),
    ("x-forwarded-proto", "i"): Meaning("scheme", "word", rank=1),
    ("REQUEST_SCHEME", "e"): Meaning("scheme", "word"),
    ("SSL_PROTOCOL", "x"): Meaning("tls_protocol", "word"),
    ("SSL_CIPHER", "x"): Meaning("tls_cipher", "word"),
    ("SSL_TLS_SNI", "x"): Meaning("tls_server_name", "word"),
    ("cache-status", "e"): Meaning("cache_status"),
    ("BALANCER_WORKER_NAME", "e"): Meaning("upstream", "word"),
    ("s", "T"): Meaning("duration", "number", rank=2),
    ("ms", "T"): Meaning("duration", "number", rank=1, unit_s=1e-3),
    ("us", "T"): Meaning("duration", "number", unit_s=1e-6),
    ("canonical", "p"): Meaning("port", "number"),
    ("local", "p"): Meaning("port", "number"),
    ("remote", "p"): Meaning("client_port", "number"),
}

_KINDS = {"i": "", "o": "sent_", "e": "environment_", "n": "note_", "C": "cookie_", "c": "cookie_"}
_EPOCHS = ("sec", "msec", "usec")
_FRACTIONS = ("msec_frac", "usec_frac")
_TAILS = (strftime.PREFIX + "%f", strftime.PREFIX + "%z")

_DIRECTIVE = re.compile(
    r'\s*(LogFormat|CustomLog\s+(?:"[^"]*"|\S+))\s+"((?:[^"\\]|\\.)*)"\s*([^\s"]*).*',
    re.IGNORECASE | re.DOTALL,
)
# Status conditions (%400,501{User-agent}i) leave "-" in place of the value.
_VARIABLE = re.compile(
    r"%(?:!?[0-9]{3}(?:,[0-9]{3})*)?([<>]?)(?:\{([^}]*)\})?([<>]?)(\^[A-Za-z]{2}|[A-Za-z%])"
)


def compile_apache(text: str, name: str = "apache") -> Format:
    """Compile a format as Apache understands it.

    Raises:
        FormatError: which part cannot be read, and what would work.
    """
    body, name = unwrapped(text, name)
    return assemble(name, _joined(_parts_of(body)))


def unwrapped(text: str, name: str) -> tuple[str, str]:
    """The format and its nickname, without the directive around it."""
    directive = _DIRECTIVE.fullmatch(text)
    if directive is not None:
        text = directive[2]
        if directive[1].lower() == "logformat":  # behind CustomLog's stands a condition
            name = directive[3] or name
    elif text.lstrip().lower().startswith(("logformat", "customlog")):
        raise FormatError(
            f"format {name}: no format in double quotes; "
            'it looks like LogFormat "%h %l %u %t \\"%r\\" %>s %b" common'
        )
    text = text.strip("\r\n")
    if directive is None and len(text) > 1 and text[0] == text[-1] == '"' and '\\"' in text:
        text = text[1:-1]
    return re.sub(r"\\([\"\\])", r"\1", text).replace("\\t", "\t"), name


def _parts_of(body: str) -> list[Part]:
    """Literals and directives in order; none of the literals is empty."""
    parts: list[Part] = []
    position = 0
    for found in _VARIABLE.finditer(body):
        if found.start() > position:
            parts.append(body[position : found.start()].encode())
        position = found.end()
        before, argument, behind, letter = found.groups()
        if letter == "%":
            parts.append(b"%")
        elif letter == "t" and argument is None:
            parts += [b"[", Variable(found[0], Meaning("time", "time", time_kind="clf")), b"]"]
        else:
            parts.append(Variable(found[0], _meaning(before or behind, argument, letter)))
    if position < len(body):
        parts.append(body[position:].encode())
    return parts


def _meaning(mark: str, argument: str | None, letter: str) -> Meaning:
    if argument is None:
        known = DIRECTIVES.get(mark + letter) or DIRECTIVES.get(letter)
        return known or Meaning(f"directive_{letter.strip('^')}")
    if letter == "t":
        return _time(argument)
    known = _NAMED.get((argument.lower() if letter in "ai" else argument, letter))
    return known or carried(_KINDS.get(letter, "") + argument.lower().replace("-", "_"))


def _time(argument: str) -> Meaning:
    argument = re.sub(r"^(?:begin|end):", "", argument)
    if argument in _EPOCHS:
        return Meaning("time", "time", rank=1, time_kind="epoch")
    text = "%f" if argument in _FRACTIONS else argument
    strftime.shape_of(text)  # says now which directive is not read
    return Meaning("time", "time", time_kind=strftime.PREFIX + text)


def _joined(parts: list[Part]) -> list[Part]:
    """Directives that make one value made one: ``%U%q``, and the pieces of a stamp.

    Apache writes the fraction of a second as a directive of its own:
    ``%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t``.
    """
    joined: list[Part] = []
    for part in parts:
        head = joined[-1] if joined else b""
        if isinstance(part, bytes) or isinstance(head, bytes):
            joined.append(part)
        elif (head.meaning.field, part.meaning.field) == ("path", "query"):
            joined[-1] = Variable(head.typed + part.typed, Meaning("uri", "path"))
        else:
            joined.append(part)
        _join_stamp(joined)
    return joined


def _join_stamp(parts: list[Part]) -> None:
    """Join a fraction or zone at the end of `parts` to the stamp before it."""
    tail = parts[-1]
    if isinstance(tail, bytes) or tail.meaning.time_kind not in _TAILS:
        return
    between = parts[-2] if len(parts) > 1 else b""
    place = -3 if isinstance(between, bytes) else -2
    head = parts[place] if len(parts) >= -place else b""
    literal = between if isinstance(between, bytes) else b""
    if isinstance(head, bytes) or head.meaning.shape != "time" or head.meaning.time_kind == "clf":
        # Behind the brackets of %t it is a value of its own, and counts nothing.
        parts[-1] = Variable(tail.typed, Meaning(tail.typed.strip("%{}t") or "fraction", "word"))
        return
    kind = head.meaning.time_kind
    if kind != "epoch":
        kind += literal.decode().replace("%", "%%") + tail.meaning.time_kind.removeprefix(
            strftime.PREFIX
        )
    typed = head.typed + literal.decode() + tail.typed
    parts[place:] = [Variable(typed, Meaning("time", "time", time_kind=kind))]
