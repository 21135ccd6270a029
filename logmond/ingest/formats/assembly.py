"""Parts of a pasted format become steps. The compilers of all servers end here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from logmond.errors import FormatError
from logmond.ingest.formats.compiled import SHAPES, Step, TextFormat, escaped
from logmond.ingest.formats.fields import FORWARDED, Meaning

_END = r"(?:[\r\n]|\Z)"
_CLIENTS_OWN = ("referrer", "user_agent")
_TELLING = ("request", "uri", "path", "status", "client")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a pasted format: as typed, and what it stands for."""

    typed: str
    meaning: Meaning


Part = bytes | Variable


def assemble(name: str, parts: Sequence[Part], *, quotes: str = "escaped") -> TextFormat:
    """Compile literals and variables, in the order of the line.

    Args:
        quotes: what becomes of a quote inside a quoted value: "escaped" by a
            backslash, "absent" (the server writes something else for it), or
            "raw" (nginx's ``escape=none``: the value then ends at the quote
            that is followed by what the format says).

    Raises:
        FormatError: the format holds no variable, a line break, or two
            variables with nothing between them.
    """
    pieces = _named(_as_requests(_joined(parts)))
    if not any(isinstance(piece, Variable) for piece in pieces):
        raise FormatError(
            f"format {name}: no variable in it; nginx's look like $status, Apache's like %>s"
        )
    if not any(_meaning_of(pieces, field) for field in _TELLING):
        raise FormatError(
            f"format {name}: no variable in it that logmond counts by: it needs the request, "
            "its path, the status or the client"
        )
    steps: list[Step] = []
    for index, piece in enumerate(pieces):
        if isinstance(piece, bytes):
            if b"\n" in piece:
                raise FormatError(
                    f"format {name}: a line break inside the format; one line per request is read"
                )
            steps.append(Step("literal", piece))
        else:
            steps.append(_step(name, pieces, index, piece, quotes))
    time = _meaning_of(pieces, "time")
    duration = _meaning_of(pieces, "duration")
    return TextFormat(
        name,
        tuple(steps),
        time_kind=time.time_kind if time else "",
        duration_unit=duration.unit_s if duration else 1.0,
        duration_integer=duration is not None and duration.shape == "number",
        escaped=quotes == "escaped",
    )


def _joined(parts: Sequence[Part]) -> list[Part]:
    """Neighbouring literals made one, empty ones dropped."""
    joined: list[Part] = []
    for part in parts:
        if isinstance(part, bytes) and joined and isinstance(joined[-1], bytes):
            joined[-1] += part
        elif part:
            joined.append(part)
    return joined


def _as_requests(parts: Sequence[Part]) -> list[Part]:
    """``"$request_method $request_uri $server_protocol"`` read as the request line it is.

    Decoded paths may hold spaces, so the parts cannot be told apart by them; the
    request line as a whole can, and is taken apart from both its ends.
    """
    if any(isinstance(part, Variable) and part.meaning.field == "request" for part in parts):
        return list(parts)
    fields = [part.meaning.field if isinstance(part, Variable) else part for part in parts]
    for target in ("uri", "path"):
        for pattern in (["method", b" ", target, b" ", "protocol"], ["method", b" ", target]):
            for start in range(len(fields) - len(pattern) + 1):
                end = start + len(pattern)
                if fields[start:end] == pattern and _quoted_at(parts, start, end):
                    typed = "".join(
                        part.decode() if isinstance(part, bytes) else part.typed
                        for part in parts[start:end]
                    )
                    whole = Variable(typed, Meaning("request"))
                    return [*parts[:start], whole, *parts[end:]]
    return list(parts)


def _quoted_at(parts: Sequence[Part], start: int, end: int) -> bool:
    before = parts[start - 1] if start else b""
    behind = parts[end] if end < len(parts) else b""
    return (
        isinstance(before, bytes)
        and isinstance(behind, bytes)
        and before.endswith(b'"')
        and behind.startswith(b'"')
    )


def _named(parts: Sequence[Part]) -> list[Part]:
    """Each field once: of several variables for one, the best keeps the name.

    The others are carried under the name they were typed with.
    """
    best: dict[str, tuple[int, int]] = {}
    for index, part in enumerate(parts):
        if isinstance(part, Variable):
            place = (part.meaning.rank, index)
            best[part.meaning.field] = min(place, best.get(part.meaning.field, place))
    taken = set(best)
    named: list[Part] = []
    for index, part in enumerate(parts):
        if isinstance(part, bytes):
            named.append(part)
        elif best[part.meaning.field][1] != index:
            carried = _free(part.typed.strip("$%{}>") or part.meaning.field, taken)
            named.append(_renamed(part, carried))
        elif part.meaning.field == FORWARDED and "client" not in best:
            # A site behind a proxy logs only the forwarded address: that is its client.
            named.append(_renamed(part, "client"))
        else:
            named.append(part)
    return named


def _renamed(variable: Variable, field: str) -> Variable:
    shape = "text" if variable.meaning.shape == "time" else variable.meaning.shape
    return replace(variable, meaning=replace(variable.meaning, field=field, shape=shape))


def _free(name: str, taken: set[str]) -> str:
    free, number = name, 2
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    taken.add(free)
    return free


def _step(name: str, parts: Sequence[Part], index: int, variable: Variable, quotes: str) -> Step:
    meaning = variable.meaning
    before = parts[index - 1] if index else b""
    behind = parts[index + 1] if index + 1 < len(parts) else b""
    step = Step("until", field=meaning.field, variable=variable.typed, time_kind=meaning.time_kind)
    if meaning.shape in SHAPES:
        return replace(step, kind=meaning.shape)
    if meaning.shape == "captures":
        return replace(step, kind="captures")
    if meaning.shape == "time":
        # Brackets and quotes end every stamp, and reading up to one is cheapest.
        if isinstance(behind, bytes) and behind[:1] in (b"]", b'"'):
            return replace(step, text=behind[:1])
        return replace(step, kind="moment")
    if isinstance(behind, Variable):
        if behind.meaning.shape == "path" and meaning.shape in ("word", "host"):
            # `$host$request_uri`: a host holds no slash and a target begins with one.
            return replace(step, kind=meaning.shape, text=b"/")
        raise FormatError(
            f"format {name}: nothing between {variable.typed} and {behind.typed}, so a line "
            "cannot be told apart there; put a space or quotes between them"
        )
    quoted = isinstance(before, bytes) and before.endswith(b'"') and behind.startswith(b'"')
    if quoted and quotes == "escaped":
        return replace(step, kind="quoted")
    if quoted and quotes == "absent":
        return replace(step, text=b'"')
    kind = meaning.shape if meaning.shape in ("word", "host") else "until"
    if meaning.shape == "list" and behind[:1] in (b"", b" "):
        kind = "list"
    beyond = _beyond(parts, index + 2)
    if quoted and index + 2 == len(parts) and meaning.field in _CLIENTS_OWN:
        beyond = _END  # the quotes before the last one are the client's
    return replace(step, kind=kind, text=behind, beyond=beyond)


def _beyond(parts: Sequence[Part], index: int) -> str:
    """What must follow the delimiter: a number up to the next literal, where one follows."""
    if index >= len(parts):
        return ""
    number = parts[index]
    behind = parts[index + 1] if index + 1 < len(parts) else b""
    if isinstance(number, bytes) or isinstance(behind, Variable):
        return ""
    shape = SHAPES.get(number.meaning.shape, "")
    return shape and shape + (escaped(behind[:1]) if behind else _END)


def _meaning_of(parts: Sequence[Part], field: str) -> Meaning | None:
    for part in parts:
        if isinstance(part, Variable) and part.meaning.field == field:
            return part.meaning
    return None
