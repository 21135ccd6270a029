r"""The text of Apache configuration files becomes directives and sections. Knows no meaning.

A line is a directive; a backslash at its end goes on with the next; a comment is
a line that begins with ``#``. Arguments end at white space or at the quote they
began with, in which ``\"`` and ``\\`` lose the backslash (ap_getword_conf). The
reader fills in ``${NAME}``: what is defined changes from line to line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from logmond.errors import ConfigError, Problem
from logmond.ingest.servers.found import Place

_CONTINUED = re.compile(r"(?<!\\)\\\r?$")
_ARGUMENT = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*+)"|\'((?:[^\'\\]|\\.)*+)\'|(\S+))', re.DOTALL)
_VARIABLE = re.compile(r"\$\{([^}\s:]+)\}")


@dataclass(frozen=True, slots=True)
class Line:
    """A directive: its name in lower case and what stands behind it, as written.

    ``<IfModule x>`` has the name ``<ifmodule``, its end ``</ifmodule``.
    """

    name: str
    rest: str
    place: Place

    def arguments(self) -> tuple[str, ...]:
        """The words behind the name, without quotes."""
        return tuple(_words(self.rest))

    def filled(self, variables: dict[str, str]) -> Line:
        """The same with variables in place; one that is not defined stays as it is."""
        if "${" not in self.rest:
            return self
        rest = _VARIABLE.sub(lambda found: variables.get(found[1], found[0]), self.rest)
        return Line(self.name, rest, self.place)


def parse(text: str, path: str) -> Iterator[Line]:
    """The directives of one file, oldest first.

    Raises:
        ConfigError: a section has no ``>``; at ``file:line``.
    """
    for number, line in _logical(text):
        if not line or line.startswith("#"):
            continue
        place = Place(path, number)
        if not line.startswith("<"):
            name, _, rest = line.replace("\t", " ", 1).partition(" ")
            yield Line(name.lower(), rest.strip(), place)
            continue
        if not line.endswith(">"):
            raise ConfigError([Problem(str(place), "", f'"{line[:40]}" has no closing ">"')])
        name, _, rest = line[:-1].replace("\t", " ", 1).partition(" ")
        yield Line(name.lower(), rest.strip(), place)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Lines with those that go on joined, and the number each begins at."""
    began, parts = 0, list[str]()
    for number, raw in enumerate(text.split("\n"), 1):
        began = began if parts else number
        continued = _CONTINUED.search(raw)
        if continued:
            parts.append(raw[: continued.start()])
            continue
        yield began, "".join((*parts, raw)).strip()
        parts.clear()
    if parts:
        yield began, "".join(parts).strip()


def _words(text: str) -> Iterator[str]:
    position = 0
    while (found := _ARGUMENT.match(text, position)) is not None:
        position = found.end()
        double, single, bare = found.groups()
        if double is not None:
            yield re.sub(r'\\(["\\])', r"\1", double)
        elif single is not None:
            yield re.sub(r"\\(['\\])", r"\1", single)
        else:
            yield bare.replace("\\\\", "\\")


def variables_of(text: str, directory: str) -> dict[str, str]:
    """What a Debian ``envvars`` file exports; a shell script of assignments.

    Args:
        text: of the file.
        directory: the folder it lies in, from whose name Debian tells several
            servers on one machine apart (``/etc/apache2-NAME``).
    """
    suffix = directory.rsplit("/", 1)[-1].partition("apache2-")[2]
    found = {"SUFFIX": f"-{suffix}" if suffix else "", "APACHE_CONFDIR": directory}
    assignment = re.compile(r"\s*(?:export\s+)?(\w+)=(\"[^\"]*\"|'[^']*'|[^\s;#]*)")
    for line in text.split("\n"):
        read = assignment.match(line)
        if read is None or read[1] in ("SUFFIX", "APACHE_CONFDIR"):
            continue
        value = read[2]
        if value[:1] == "'":
            found[read[1]] = value[1:-1]
            continue
        found[read[1]] = re.sub(
            r"\$(?:(\w+)|\{(\w+)(?::-([^}]*))?\})",
            lambda name: found.get(name[1] or name[2]) or name[3] or "",
            value.strip('"'),
        )
    return found
