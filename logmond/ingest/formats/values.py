"""What the text of a field means: methods, paths, sections, clients, moments. No clock.

Every function takes bytes as they stand in the log and gives an answer for any
of them: a request line may hold no method, TLS bytes or 64 KiB. ``b"-"`` stands
for what is absent. Callers memoise.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv6Address

from logmond.frame.redaction import discreet
from logmond.ingest.formats.moments import TIME_KINDS, clf_second, second_of

__all__ = [
    "ABSENT",
    "TIME_KINDS",
    "clf_second",
    "client_of",
    "method_and_path",
    "path_of",
    "redacted",
    "second_of",
    "section_of",
    "status_of",
    "unescaped",
]

ABSENT = b"-"
"""How servers write a value that is not there, and how we do."""

# Upper case, as every registered method is. Lower case and TLS bytes are not
# methods but what scanners send; they must not become keys of statistics.
_METHOD = re.compile(rb"[A-Z][A-Z0-9_-]{0,19}")
_ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{0,15}://[^/?#]*+")
_PORTED = re.compile(rb"([0-9.]{7,15}):[0-9]{1,5}|\[([^\]]*+)\](?::[0-9]{1,5})?")
_LOW_HALF = (1 << 64) - 1


def method_and_path(request: bytes) -> tuple[bytes, bytes]:
    """The method and the path, without query, of a request line.

    ``GET http://host/a?b HTTP/1.1`` gives ``(b"GET", b"/a")``. A method that is
    none, and a target that is no path (CONNECT's authority, junk), is ``b"-"``;
    ``OPTIONS *`` has the path ``b"*"``.
    """
    method, _, rest = request.partition(b" ")
    if not _METHOD.fullmatch(method):
        return ABSENT, ABSENT
    # nginx logs "$request" as received: the target may hold spaces, and
    # HTTP/0.9 has no protocol behind it.
    target, _, protocol = rest.rpartition(b" ")
    if not protocol.startswith(b"HTTP/"):
        target = rest.rstrip(b" ")
    return method, path_of(target)


def path_of(uri: bytes) -> bytes:
    """The path of a request target: no query, no fragment, no scheme and host."""
    if not uri.startswith(b"/"):
        if uri == b"*":
            return uri
        absolute = _ABSOLUTE.match(uri)
        if absolute is None:
            return ABSENT
        uri = uri[absolute.end() :]
        if not uri.startswith(b"/"):
            return b"/"
    return uri.partition(b"?")[0].partition(b"#")[0]


def section_of(path: bytes) -> bytes:
    """The path up to its second slash: ``/pages/create`` gives ``/pages``."""
    second = path.find(b"/", 1)
    return path if second < 0 else path[:second]


def status_of(status: bytes) -> bytes:
    """Three digits, or ``b"-"`` where no response was sent.

    nginx writes ``000`` and HAProxy ``-1`` for a client that left before one.
    """
    if len(status) == 3 and status.isdigit() and status[:1] != b"0":
        return status
    return ABSENT


def client_of(client: bytes) -> bytes:
    """The client as it is counted: an IPv6 address by its /64, all else as it is.

    One subscriber holds a /64, so its addresses are one client. A v4-mapped
    address is the v4 one; of a list (``X-Forwarded-For``) the first is taken; a
    port behind the address is dropped.
    """
    if b"," in client:
        client = client.partition(b",")[0].strip()
    if b":" not in client:
        return client or ABSENT
    text = client
    ported = _PORTED.fullmatch(client)
    if ported is not None:
        if ported[1]:
            return ported[1]
        text = ported[2]
    text = text.partition(b"%")[0]
    try:
        address = IPv6Address(text.decode("ascii"))
    except (AddressValueError, UnicodeDecodeError):
        return client  # nginx writes "unix:" for a peer on a unix socket
    mapped = address.ipv4_mapped
    if mapped is not None:
        return str(mapped).encode()
    if address.is_loopback:
        return b"::1"
    network = IPv6Address(int(address) & ~_LOW_HALF)
    return f"{network}/64".encode()


_ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_C_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"v": b"\v", b"f": b"\f"}


def unescaped(value: bytes) -> bytes:
    r"""The value as the client sent it.

    nginx escapes as ``\xHH`` only, and with ``escape=json`` as JSON does; Apache
    as ``\"``, ``\\``, ``\n``, ``\t`` and ``\xhh`` (util.c, ap_escape_logitem).
    All are undone by one rule.
    """
    if b"\\" not in value:
        return value
    return _ESCAPE.sub(_undo, value)


def _undo(match: re.Match[bytes]) -> bytes:
    byte, unit, other = match.groups()
    if byte is not None:
        return bytes.fromhex(byte.decode())
    if unit is not None:
        return chr(int(unit, 16)).encode("utf-8", "surrogatepass")
    return _C_ESCAPES.get(other, other if other in b'"\\/' else match[0])


SHOWN_BYTES = 4096
"""How much of a line is shown; hostile lines are 64 KiB long."""

# The closing quote is optional: were it demanded, a line of escaped quotes
# without one would be read again from each of them.
# Atomic, not possessive: see gh-106052 in `logmond.ingest.formats.compiled`.
_QUERY = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|\?[^\s"\\]*+(?>(?:\\\S?[^\s"\\]*+)*)', re.DOTALL
)
_QUOTED_QUERY = re.compile(rb'\?[^"\\ ]*+(?>(?:(?:\\.| (?!HTTP/))[^"\\ ]*+)*)', re.DOTALL)


def redacted(line: bytes) -> bytes:
    """The line without query strings, a ``?`` standing where one was cut, and without secrets.

    It is for people: beyond `SHOWN_BYTES` it ends.
    """
    line = line[:SHOWN_BYTES]
    if b"?" in line:
        line = _QUERY.sub(_without_query, line)
    return discreet(line.decode("latin-1")).encode("latin-1")


def _without_query(match: re.Match[bytes]) -> bytes:
    found = match[0]
    return _QUOTED_QUERY.sub(b"?", found) if found.startswith(b'"') else b"?"
