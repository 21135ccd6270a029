"""Lengths of time, sizes and shares as people type them, and back.

A number that has a unit must carry it: ``window: 2`` could mean anything. Each
reader raises `ValueError` with what is wrong and what would work; each writer
gives text that its reader takes back to the same value. No configuration keys
are known here.
"""

from __future__ import annotations

import re
from decimal import Decimal

_NUMBER = re.compile(r"[-+]?[0-9]{1,15}(\.[0-9]{1,9})?")
_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,9})?)(ms|s|m|h|d)")
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s?([A-Za-z]{1,3})")

_SECONDS = {
    "ms": Decimal("0.001"),
    "s": Decimal(1),
    "m": Decimal(60),
    "h": Decimal(3600),
    "d": Decimal(86400),
}

_BYTES = {
    "B": 1,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
}


def number(value: object) -> float:
    """A plain number, 0 or more; text from the environment counts as what it says."""
    parsed = _plain(value)
    if parsed is None:
        raise ValueError(f"must be a number, not {shown(value)}")
    if parsed < 0:
        raise ValueError(f"must not be negative: {shown(value)}")
    return parsed


def whole(value: object) -> int:
    """A whole number, 0 or more."""
    parsed = number(value)
    if parsed != int(parsed):
        raise ValueError(f"must be a whole number, not {shown(value)}")
    return int(parsed)


def duration(value: object) -> float:
    """Seconds of ``500ms``, ``3s``, ``2m``, ``1h``, ``30d`` or a sum such as ``1h30m``."""
    plain = _plain(value)
    if plain == 0:
        return 0.0
    if plain is not None and plain < 0:
        raise ValueError(f"must not be negative: {shown(value)}")
    if plain is not None:
        raise ValueError(f"needs a unit (ms, s, m, h, d): {str(value).strip()}s, for example")
    text = str(value).strip()
    total, at = Decimal(0), 0
    while match := _DURATION.match(text, at):
        total += Decimal(match[1]) * _SECONDS[match[2]]
        at = match.end()
    if not isinstance(value, str) or at == 0 or at < len(text):
        raise ValueError(
            f"must be a length of time such as 500ms, 3s, 2m, 1h or 30d, not {shown(value)}"
        )
    return float(total)


def size(value: object) -> int:
    """Bytes of ``48MiB``, ``512KiB``, ``1GiB``, ``10MB``; a plain number is bytes."""
    plain = _plain(value)
    if plain is not None:
        return whole(value)
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"must be a size such as 48MiB or 512KiB, not {shown(value)}")
    factor = _BYTES.get(match[2])
    if factor is None:
        guess = {"k": "KiB", "m": "MiB", "g": "GiB"}.get(match[2][0].lower())
        hint = (
            f"; did you mean {match[1]}{guess}?" if guess else f"; there are: {', '.join(_BYTES)}"
        )
        raise ValueError(f"unknown unit of size {match[2]}{hint}")
    return int(Decimal(match[1]) * factor)


def fraction(value: object) -> float:
    """A share of 1: ``5%`` or ``0.05``."""
    text = value.strip() if isinstance(value, str) else ""
    if text.endswith("%"):
        percent = text[:-1].strip()
        if _NUMBER.fullmatch(percent):
            share = float(Decimal(percent) / 100)
        else:
            raise ValueError(f"must be a percentage such as 5%, not {shown(value)}")
    else:
        plain = _plain(value)
        if plain is None:
            raise ValueError(f"must be a percentage such as 5%, not {shown(value)}")
        if plain > 1:
            raise ValueError(
                f"is a share of 1: {shown(value)} would be {plain:.0%}; write it as "
                f"{number_text(plain)}%"
            )
        share = plain
    if share < 0:
        raise ValueError(f"must not be negative: {shown(value)}")
    if share > 1:
        raise ValueError(f"is a share: at most 100%, not {shown(value)}")
    return share


def multiple(value: object) -> float:
    """How many times: ``3x``, ``0.3x``."""
    text = value.strip() if isinstance(value, str) else ""
    if text.endswith("x") and _NUMBER.fullmatch(text[:-1].strip()):
        return number(text[:-1])
    plain = _plain(value)
    if plain is not None and plain >= 0:
        raise ValueError(f'is how many times the usual: "{number_text(plain)}x"')
    raise ValueError(f"must be a multiple such as 3x or 0.3x, not {shown(value)}")


def duration_text(seconds: float) -> str:
    """A length of time as it is typed, in the largest unit that leaves it whole."""
    exact = Decimal(repr(seconds))
    for unit in ("d", "h", "m", "s", "ms"):
        count = exact / _SECONDS[unit]
        if count == int(count) and (count or unit == "s"):
            return f"{int(count)}{unit}"
    return f"{_positional(exact)}s"


def size_text(count: int) -> str:
    """Bytes as they are typed: ``48MiB``, or the plain number where no unit fits."""
    for unit in ("GiB", "MiB", "KiB"):
        if count and count % _BYTES[unit] == 0:
            return f"{count // _BYTES[unit]}{unit}"
    return str(count)


def fraction_text(share: float) -> str:
    """A share of 1 as a percentage: ``5%``."""
    return f"{_positional(Decimal(repr(share)) * 100)}%"


def multiple_text(value: float) -> str:
    """How many times, as it is typed: ``3x``."""
    return f"{number_text(value)}x"


def number_text(value: float) -> str:
    """A number without a needless fraction: ``10``, ``14.2``."""
    return _positional(Decimal(repr(value)))


def shown(value: object) -> str:
    """A wrong value as a message quotes it: short, and named where it has no text of its own."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    quoted = text if len(text) <= 60 else text[:57] + "..."
    return f'"{quoted}"' if isinstance(value, str) else quoted


def _plain(value: object) -> float | None:
    """The value of a number, or of text that is one; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        text = value.strip()
        return float(text) if _NUMBER.fullmatch(text) else None
    if isinstance(value, int | float):
        return float(value) if abs(value) < 1e15 else None
    return None


def _positional(exact: Decimal) -> str:
    """A decimal without exponent and without needless zeros."""
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
