"""What kernels call things: keys as text, capped, and labels. No I/O.

Both kernels must name alike, so every name is made here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from logmond.frame.agents import telling
from logmond.frame.sketches import bucket_of, place_of
from logmond.ingest.formats.values import (
    ABSENT,
    client_of,
    method_and_path,
    path_of,
    section_of,
    status_of,
    unescaped,
)

KEY_BYTES = 96
"""Bytes of a key; what is longer is cut, so that hostile keys cost no memory."""

ESCAPED_BYTES = 6 * (KEY_BYTES + 1)
r"""Bytes of a value that can become part of its key: ``\\u0041`` is one of six.

No more is unescaped, so that hostile values cost no time: 64 KiB of escaped
quotes took 20 ms.
"""

REQUEST_BYTES = 1024
"""The same of a request line: a method, a scheme, a host's name and a key, all escaped."""

AGENT_BYTES = 16 * KEY_BYTES
"""The same of a user agent, in which a name is looked for."""

MAX_METHOD = 16


def text_of(value: bytes) -> str:
    r"""A value as the key it is counted under: unescaped, capped, ``\xHH`` for what is no UTF-8."""
    value = value[:ESCAPED_BYTES]
    if b"\\" in value:
        value = unescaped(value)
    return value[:KEY_BYTES].decode("utf-8", "backslashreplace") or "-"


def referrer_of(value: bytes) -> str:
    """A referrer without query string, fragment, user and password."""
    value = value.partition(b"?")[0].partition(b"#")[0]
    scheme, there, rest = value.partition(b"://")
    if b"@" in rest:
        host, slash, path = rest.partition(b"/")
        value = scheme + there + host.rpartition(b"@")[2] + slash + path
    return text_of(value)


def user_agent_of(value: bytes) -> str:
    """A user agent, so capped that the name of a bot stays."""
    if len(value) > KEY_BYTES:
        value = telling(unescaped(value[:AGENT_BYTES]), KEY_BYTES)
        return value.decode("utf-8", "backslashreplace")
    return text_of(value)


def vhost_of(value: bytes) -> str:
    """A virtual host in lower case, without its port."""
    name = value.lower()
    host, colon, port = name.rpartition(b":")
    return text_of(host if colon and port.isdigit() and b"]" not in port else name)


Client = tuple[str, tuple[int, int]]
"""A client's name, and its place among distinct clients."""


def client_and_place(value: bytes) -> Client:
    """A client as it is counted: an IPv6 address by its /64."""
    client = client_of(value)
    return text_of(client), place_of(client)


def status_of_text(raw: bytes) -> str:
    """A status as it is counted: its three digits, or "-"."""
    return status_of(raw).decode("ascii")


Target = tuple[tuple[str, str], str]
"""((method, section), path)."""


def target_of(request: bytes) -> Target:
    """Method, section and path of a request line."""
    request = request[:REQUEST_BYTES]
    method, path = method_and_path(unescaped(request) if b"\\" in request else request)
    return _target(method, path)


def target_of_uri(uri: bytes) -> Target:
    """The same of a request target alone."""
    uri = uri[:REQUEST_BYTES]
    return _target(ABSENT, path_of(unescaped(uri) if b"\\" in uri else uri))


def _target(method: bytes, path: bytes) -> Target:
    verb = method if method.isalpha() and method.isupper() and len(method) <= MAX_METHOD else ABSENT
    return (text_of(verb), text_of(section_of(path))), text_of(path)


def bucket_of_text(value: bytes, unit_s: float) -> int:
    """The duration bucket of a value in units of `unit_s` seconds; -1 when it holds none."""
    try:
        duration = float(value) * unit_s
    except ValueError:
        return -1
    return bucket_of(duration) if 0 <= duration < 1e9 else -1  # Apache's clock may step back


@dataclass(frozen=True, slots=True)
class Label:
    """One dimension of the operator's own: which text in a field means which value.

    The first value any of whose texts occurs in the field (case ignored) is
    the label; ``-`` when none does.
    """

    name: str
    field: str
    contains: tuple[tuple[str, tuple[bytes, ...]], ...]

    @classmethod
    def of(cls, name: str, field: str, contains: Mapping[str, Sequence[str]]) -> Label:
        """Build from configuration: ``{value: [text, ...]}``."""
        lowered = tuple(
            (value, tuple(text.lower().encode() for text in texts))
            for value, texts in contains.items()
        )
        return cls(name, field, lowered)

    def value_of(self, raw: bytes) -> str:
        """The label of a field's raw value."""
        lowered = raw.lower()
        for value, texts in self.contains:
            if any(text in lowered for text in texts):
                return value
        return "-"
