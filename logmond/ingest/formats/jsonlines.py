r"""JSON lines whose keys we know: Caddy's, Traefik's, and what people call their own.

A pasted nginx ``log_format ... escape=json`` is not read here: nginx writes the
keys in the order of the template, so it is compiled as text, which is faster and
takes what is not quite JSON.

Theory of operation. Which paths can hold a field depends on the keys of an object
alone, so the first object with given keys decides on a plan, and all others with
the same keys follow it. Numbers become text, and control characters ``\xHH``, so
that a row is what a text format would have given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypedDict

import msgspec

from logmond.ingest.formats.compiled import Format
from logmond.ingest.formats.fields import FORWARDED
from logmond.ingest.formats.jsonvalues import (
    decode_any,
    mended,
    number_of,
    seconds_of,
    text_of,
)
from logmond.ingest.formats.keys import Path
from logmond.ingest.formats.values import ABSENT

FIELDS = (
    "client",
    "time",
    "request",
    "status",
    "bytes",
    "referrer",
    "user_agent",
    "vhost",
    "duration",
)
"""What a row of JSON holds; the request line is put together where it is in parts."""

READ = ("request", "method", "uri", "protocol", "status", "client", "time", *FIELDS[4:])
_MAX_PLANS = 256

Object = dict[str, Any]
_Getter = Callable[[Object], Any]


class JsonFormat(Format):
    """A format of JSON objects, one a line.

    Args:
        keys: for each field the paths that may hold it, the preferred first.
        units: seconds per unit of durations, by their path.
        closed: no keys but these matter, so all others are skipped unread.
        demanded: a key without which an object is somebody else's; empty for none.
        forwarded: rows hold ``forwarded_for`` too.
        kin: formats that read objects with their demanded key better; they are read so.
    """

    kind = "json"
    time_kind = "any"
    duration_unit = 1.0
    duration_integer = False
    escaped = False

    def __init__(
        self,
        name: str,
        keys: Mapping[str, Sequence[Path]],
        units: Mapping[Path, float],
        *,
        closed: bool = False,
        demanded: str = "",
        forwarded: bool = False,
        kin: Sequence[JsonFormat] = (),
    ) -> None:
        self.name = name
        self.fields = (*FIELDS, FORWARDED) if forwarded else FIELDS
        self._closed = closed
        self._demanded = demanded
        self.keys = keys
        self.units = units
        self._kin = kin
        self._decode: Callable[[bytes], Any] = decode_any
        if closed:
            paths = [path for paths in keys.values() for path in paths]
            paths += [(demanded,)] if demanded else []
            self._decode = msgspec.json.Decoder(_narrowed(name, paths)).decode
        self._plans: dict[tuple[str, ...], tuple[_Getter, ...]] = {}

    def forwarding(self) -> Format:
        """The same with ``forwarded_for`` in its rows, if some key may hold it."""
        if FORWARDED not in self.keys:
            return self
        return JsonFormat(
            self.name,
            self.keys,
            self.units,
            closed=self._closed,
            demanded=self._demanded,
            forwarded=True,
            kin=self._kin,
        )

    @property
    def shape(self) -> str:
        """The keys looked for first."""
        paths = [".".join(self.keys[field][0]) for field in ("time", "uri", "status")]
        return "{" + ", ".join(f'"{path}": ...' for path in paths) + "}"

    def row(self, line: bytes) -> tuple[bytes, ...] | None:
        """The values of `FIELDS`, or None when there is no status or no request."""
        found = _object(line, self._decode)
        return None if found is None else self._row_of(found)

    def decode(self, line: bytes) -> dict[str, bytes] | None:
        """All values by canonical name, the other plain ones under their own keys."""
        found = _object(line, decode_any)
        row = None if found is None else self._row_of(found)
        if found is None or row is None:
            return None
        values = dict(zip(self.fields, row, strict=True))
        user = self._getter("user", tuple(found))(found)
        if user is not None:
            values["user"] = text_of(user)
        used = {
            path[0] for field, paths in self.keys.items() if field != FORWARDED for path in paths
        }
        for key, value in found.items():
            if key not in used and key not in values and not isinstance(value, dict | list):
                values[key] = text_of(value)
        return values

    def missing(self, line: bytes) -> list[str]:
        """Of status and target, without which a line is no request, those it does not hold."""
        found = _object(line, decode_any) or {}
        shape = tuple(found)
        response = self._getter("status", shape)(found)
        targets = [self._getter(field, shape)(found) for field in ("request", "uri")]
        missing = [] if number_of(response) is not ABSENT else ["status"]
        if all(target is None or isinstance(target, dict) for target in targets):
            missing.append("uri")
        return missing

    def _row_of(self, found: Object) -> tuple[bytes, ...] | None:
        shape = tuple(found)
        if self._demanded and self._demanded not in found:
            return None
        plan = self._plans.get(shape)
        if plan is None:
            plan = self._planned(shape)
        (
            request,
            method,
            uri,
            protocol,
            status,
            client,
            time,
            size,
            referrer,
            agent,
            vhost,
            took,
        ) = [get(found) for get in plan[: len(READ)]]
        response = number_of(status)
        if response is ABSENT:
            return None
        if request is not None and not isinstance(request, dict):
            line = text_of(request)
        elif uri is None:
            return None
        else:
            line = text_of(method) + b" " + text_of(uri)
            if protocol is not None:
                line += b" " + text_of(protocol)
        row = (
            text_of(client),
            text_of(time),
            line,
            response,
            number_of(size),
            text_of(referrer),
            text_of(agent),
            text_of(vhost),
            took or ABSENT,
        )
        if len(plan) == len(READ):
            return row
        chain = plan[-1](found)  # Caddy writes a header sent twice as two items
        parts = chain if isinstance(chain, list) else [chain]
        return (*row, b", ".join(map(text_of, parts)) or ABSENT)

    def _planned(self, shape: tuple[str, ...]) -> tuple[_Getter, ...]:
        if len(self._plans) >= _MAX_PLANS:  # a sender of ever new keys
            self._plans.clear()
        read = (*READ, FORWARDED) if FORWARDED in self.fields else READ
        reader = next((one for one in self._kin if one._demanded in shape), self)
        plan = self._plans[shape] = tuple(reader._getter(field, shape) for field in read)
        return plan

    def _getter(self, field: str, shape: tuple[str, ...]) -> _Getter:
        """The reader of a field in objects with these keys."""
        paths = [path for path in self.keys.get(field, ()) if path[0] in shape]
        if field == "duration":
            return _duration_getter([(path, self.units.get(path)) for path in paths])
        if not paths:
            return _nothing
        outer = paths[0][0]
        if len(paths[0]) == 1 and len(paths) == 1:
            return itemgetter(outer)
        if all(len(path) == 2 and path[0] == outer for path in paths):
            return _inner_getter(outer, [path[1] for path in paths])
        return lambda found: next(
            (value for path in paths if (value := _follow(found, path)) is not None), None
        )


def _object(line: bytes, decode: Callable[[bytes], Any]) -> Object | None:
    try:
        found = decode(line)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        found = mended(line)
    return found if isinstance(found, dict) else None


def _narrowed(name: str, paths: Sequence[Path]) -> Any:
    """A type of only these paths, so that msgspec skips everything else."""
    inner: dict[str, list[Path]] = {}
    for path in paths:
        inner.setdefault(path[0], []).append(path[1:])
    types = {
        key: Any if () in rest else _narrowed(f"{name}.{key}", [path for path in rest if path])
        for key, rest in inner.items()
    }
    # mypy wants the keys written out; they are a table.
    return TypedDict(name, types, total=False)  # type: ignore[operator]


def _nothing(_: Object) -> None:
    return None


def _follow(found: Object, path: Path) -> Any:
    """The plain value at the end of a path, or None."""
    value: Any = found
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return None if isinstance(value, dict) else value


def _inner_getter(outer: str, inner: Sequence[str]) -> _Getter:
    def get(found: Object) -> Any:
        nested = found[outer]
        if isinstance(nested, dict):
            for key in inner:
                value = nested.get(key)
                if value is not None:
                    return value
        return None

    return get


def _duration_getter(paths: Sequence[tuple[Path, float | None]]) -> _Getter:
    def get(found: Object) -> Any:
        for path, unit in paths:
            value = _follow(found, path) if len(path) > 1 else found[path[0]]
            if value is not None:
                return seconds_of(value, unit)
        return None

    return get
