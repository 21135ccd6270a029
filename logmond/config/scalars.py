"""The kinds of value a key can have: how each is read, checked and written back.

A kind stands in the `Annotated` type of a field. `read` takes what YAML, the
environment or ``--set`` gave (the latter two give text, so every kind reads
text) and raises `ValueError` with what would work; `show` gives what one
would type, for `config` and docs/config.md. No key is named here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import GetCoreSchemaHandler, ValidationError
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from logmond.config import addresses, units
from logmond.config.units import shown
from logmond.suggest import hint

PROBLEM = "logmond"
"""The pydantic error type of every message that is our own."""

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_WORD = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_WORD_LONGEST = 64


def located(problems: Iterable[tuple[Sequence[str | int], str]]) -> ValidationError:
    """Several problems at once, each at its place below the value being read."""
    details = [
        InitErrorDetails(
            type=PydanticCustomError(PROBLEM, "{text}", {"text": text}), loc=tuple(loc), input=None
        )
        for loc, text in problems
    ]
    return ValidationError.from_exception_data("configuration", details)


class Kind:
    """One kind of value.

    Attributes:
        described: what docs/config.md calls it.
        keys: the keys the environment may set below it; None when it is never a
            mapping, empty when any key will do.
        secret: its value is shown as ``***`` and has a ``_file`` form.
        absent: how None is typed, where it can be.
    """

    described = "text"
    keys: tuple[str, ...] | None = None
    secret = False
    absent: str | None = None

    def read(self, value: Any) -> Any:
        """The value meant, or `ValueError`."""
        raise NotImplementedError

    def show(self, value: Any) -> Any:
        """What one would type for a value that was read."""
        return value

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read by `read`, dump to JSON by `show`."""
        return core_schema.no_info_plain_validator_function(
            self._checked,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda value: self.absent if value is None else self.show(value), when_used="json"
            ),
        )

    def _checked(self, value: Any) -> Any:
        if value is None:
            raise PydanticCustomError(PROBLEM, "has no value; remove the key for its default")
        try:
            return self.read(value)
        except (PydanticCustomError, ValidationError):
            raise
        except ValueError as error:
            raise PydanticCustomError(PROBLEM, "{text}", {"text": str(error)}) from None


class Text(Kind):
    """One line of text; `lines` allows several."""

    def __init__(self, described: str = "text", *, lines: bool = False) -> None:
        self.described = described
        self._lines = lines

    def read(self, value: Any) -> str:
        """Text as it is; numbers and booleans need quotes, so that none is changed unseen."""
        if isinstance(value, bool | int | float):
            raise ValueError(f'must be text; write it in quotes: "{shown(value)}"')
        if not isinstance(value, str):
            raise ValueError(f"must be text, not {shown(value)}")
        if not value.strip():
            raise ValueError("is empty")
        if _CONTROL.search(re.sub(r"[\n\t]", "", value) if self._lines else value):
            raise ValueError("holds a control character")
        return value


class Secret(Text):
    """A token: text without spaces, never shown."""

    described = "secret"
    secret = True

    def __init__(self) -> None:
        super().__init__("secret")

    def read(self, value: Any) -> str:
        """The token; no message quotes it."""
        if not isinstance(value, str):
            raise ValueError("must be text; write it in quotes")
        if not value or any(not character.isprintable() or character == " " for character in value):
            raise ValueError("must be printable text without spaces")
        return value

    def show(self, value: Any) -> str:
        """Stars."""
        return "***"


class Word(Text):
    """A name: ``[a-z0-9-]``, so that it can be typed anywhere, environment included."""

    described = "word"

    def __init__(self) -> None:
        super().__init__("word")

    def read(self, value: Any) -> str:
        """The name, or a suggestion of one."""
        if isinstance(value, int) and not isinstance(value, bool):
            raise ValueError(f'must be text; write it in quotes: "{value}"')
        text = super().read(value)
        if len(text) > _WORD_LONGEST:
            raise ValueError(f"is longer than {_WORD_LONGEST} characters")
        if not _WORD.fullmatch(text):
            guess = re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")
            more = f'; "{guess}" would do' if guess else ""
            raise ValueError(f'must be a word of a-z, 0-9 and "-", not {shown(text)}{more}')
        return text


class Choice(Kind):
    """One of a few words."""

    def __init__(self, what: str, options: Iterable[str]) -> None:
        self._what = what
        self._options = tuple(options)
        self.described = ", ".join(f"`{option}`" for option in self._options)

    def read(self, value: Any) -> str:
        """The word, or a suggestion."""
        if not isinstance(value, str) or value not in self._options:
            word = value if isinstance(value, str) else ""
            raise ValueError(f"unknown {self._what} {shown(value)}{hint(word, self._options)}")
        return value


class Flag(Kind):
    """True or false."""

    described = "`true` or `false`"

    def read(self, value: Any) -> bool:
        """A boolean, or its word."""
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return bool(value == "true")
        raise ValueError(f"must be true or false, not {shown(value)}")


class Seconds(Kind):
    """A length of time in whole seconds, between `least` and `most`."""

    described = "duration"

    def __init__(self, least: int = 0, most: int = 366 * 86400) -> None:
        self._least = least
        self._most = most

    def read(self, value: Any) -> int:
        """Seconds."""
        seconds = units.duration(value)
        if seconds != int(seconds):
            raise ValueError(f"must be whole seconds, not {shown(value)}")
        if not self._least <= seconds <= self._most:
            least, most = units.duration_text(self._least), units.duration_text(self._most)
            raise ValueError(f"must be between {least} and {most}, not {shown(value)}")
        return int(seconds)

    def show(self, value: Any) -> str:
        """With its unit."""
        return units.duration_text(value)


class Size(Kind):
    """Bytes, between `least` and `most`."""

    described = "size"

    def __init__(self, least: int, most: int) -> None:
        self._least = least
        self._most = most

    def read(self, value: Any) -> int:
        """Bytes."""
        count = units.size(value)
        if not self._least <= count <= self._most:
            least, most = units.size_text(self._least), units.size_text(self._most)
            raise ValueError(f"must be between {least} and {most}, not {shown(value)}")
        return count

    def show(self, value: Any) -> str:
        """With its unit."""
        return units.size_text(value)


class Count(Kind):
    """A whole number, 0 or more."""

    described = "whole number"

    def read(self, value: Any) -> int:
        """The number."""
        return units.whole(value)


class Listed(Kind):
    """A list of another kind, at least one; a single value may stand without brackets."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.described = f"{kind.described}, or a list"

    def read(self, value: Any) -> tuple[Any, ...]:
        """Every item, or every problem of the list at its place."""
        items = list(value) if isinstance(value, list | tuple) else [value]
        if not items:
            raise ValueError("is an empty list; remove the key or name something")
        read, problems = [], []
        for index, item in enumerate(items):
            place = (index,) if isinstance(value, list | tuple) else ()
            try:
                if item is None:
                    raise ValueError("has no value")
                read.append(self._kind.read(item))
            except ValueError as error:
                problems.append((place, str(error)))
        if problems:
            raise located(problems)
        return tuple(read)

    def show(self, value: Any) -> list[Any]:
        """A list."""
        return [self._kind.show(item) for item in value]


class At(Kind):
    """An address, its scheme one of `schemes`."""

    def __init__(self, schemes: tuple[str, ...] = addresses.SCHEMES) -> None:
        self._schemes = schemes
        self.described = "address"

    def read(self, value: Any) -> addresses.Address:
        """The address."""
        return addresses.parse(value, self._schemes)

    def show(self, value: Any) -> str:
        """The URL."""
        return str(value)
