r"""The text of nginx configuration files becomes directives. Knows no directive's meaning.

Words end at white space, ``;`` and ``{``, or at the quote they began with; a
quote inside a word is a character like any other. A backslash keeps the next
character from ending the word; ``\"``, ``\'`` and ``\\`` lose it, ``\t``,
``\r`` and ``\n`` are control characters, others stay as they are. ``{`` behind
``$`` begins a variable. All this is ngx_conf_read_token (ngx_conf_file.c).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from logmond.errors import ConfigError, Problem
from logmond.ingest.servers.found import Place

MAX_DEPTH = 64

_SPECIAL = re.compile(r"[\s;{}\"'\\#]")
_ESCAPE = re.compile(r"\\([\"'\\trn])")
_CONTROL = {"t": "\t", "r": "\r", "n": "\n"}
# Possessive, so that a file full of backslashes or quotes is read in one pass.
_SPACE = re.compile(r"(?:[ \t\r\n]|\#[^\n]*+)*+")
_PLAIN = re.compile(r"(?:\\.|\$\{|[^\\ \t\r\n;{])++", re.DOTALL)
_QUOTED = {
    '"': re.compile(r'"((?:[^"\\]|\\.)*+)"', re.DOTALL),
    "'": re.compile(r"'((?:[^'\\]|\\.)*+)'", re.DOTALL),
}
# ngx_http_lua reads these blocks by itself; Lua's braces may stand in its strings.
# Of each, the beginning alone: what ends it is looked for once, so that no text takes long.
_LUA = re.compile(r"(?:--)?\[(=*)\[|--|[\"'{}]")
_LUA_QUOTED = {
    '"': re.compile(r'"(?:[^"\\\n]|\\.)*+"', re.DOTALL),
    "'": re.compile(r"'(?:[^'\\\n]|\\.)*+'", re.DOTALL),
}


@dataclass(frozen=True, slots=True)
class Directive:
    """A name, its arguments without quotes, where it stands, and its block if it has one."""

    name: str
    arguments: tuple[str, ...]
    place: Place
    block: list[Directive] | None = None

    @property
    def written(self) -> str:
        """The directive as nginx reads it again, without its block."""
        return " ".join((self.name, *map(quoted, self.arguments))) + ";"


def parse(text: str, path: str) -> list[Directive]:
    """The directives of one file, includes unread.

    Raises:
        ConfigError: nginx would not read it either; at ``file:line``.
    """
    return _Parser(text, path).directives()


class _Parser:
    """Goes through the text once; `_stack` holds the directives around the present one."""

    def __init__(self, text: str, path: str) -> None:
        self._text = text
        self._path = path
        self._position = 0
        self._line = 1
        self._counted = 0

    def directives(self) -> list[Directive]:
        """All directives of the text."""
        root: list[Directive] = []
        stack = [root]
        words: list[str] = []
        opened: list[int] = []
        began = 1
        while True:
            space = _SPACE.match(self._text, self._position)
            assert space is not None  # it matches nothing, too
            self._position = space.end()
            mark = self._text[self._position : self._position + 1]
            if not mark:
                if words or opened:
                    raise self._error(
                        'unexpected end of file, ";" or "}" is missing',
                        began if words else opened[-1],
                    )
                return root
            if mark in ";{":
                if not words:
                    raise self._error(f'unexpected "{mark}"')
                block: list[Directive] | None = [] if mark == "{" else None
                place = Place(self._path, began)
                stack[-1].append(Directive(words[0], tuple(words[1:]), place, block))
                self._position += 1
                if block is not None and words[0].endswith("_by_lua_block"):
                    self._skip_lua(began)
                elif block is not None:
                    if len(stack) > MAX_DEPTH:
                        raise self._error("blocks are nested too deep")
                    stack.append(block)
                    opened.append(began)
                words = []
            elif mark == "}":
                if words or not opened:
                    raise self._error('unexpected "}"')
                stack.pop()
                opened.pop()
                self._position += 1
            else:
                if not words:
                    began = self._here()
                words.append(self._word(mark))

    def _word(self, mark: str) -> str:
        """The word that begins here, without its quotes."""
        quoted = _QUOTED.get(mark)
        if quoted is None:
            found = _PLAIN.match(self._text, self._position)
            if found is None:  # a lone backslash at the very end
                raise self._error('unexpected end of file, ";" or "}" is missing')
            self._position = found.end()
            return _unescaped(found[0])
        found = quoted.match(self._text, self._position)
        if found is None:
            raise self._error(f"unexpected end of file, {mark} is not closed")
        self._position = found.end()
        behind = self._text[self._position : self._position + 1]
        if behind not in ("", " ", "\t", "\r", "\n", ";", "{", ")"):
            raise self._error(f'unexpected "{behind}" behind a closing quote')
        return _unescaped(found[1])

    def _skip_lua(self, began: int) -> None:
        """Go behind the brace that ends a block of Lua; strings and comments may hold others."""
        depth, position = 1, self._position
        while depth and (found := _LUA.search(self._text, position)) is not None:
            mark, position = found[0], found.end()
            if mark in "{}":
                depth += 1 if mark == "{" else -1
            elif mark in _LUA_QUOTED:
                string = _LUA_QUOTED[mark].match(self._text, found.start())
                position = string.end() if string else position
            else:
                closing = "\n" if mark == "--" else f"]{found[1]}]"
                end = self._text.find(closing, position)
                if end < 0:
                    break
                position = end + len(closing)
        if depth:
            raise self._error("the Lua block is not closed", began)
        self._position = position

    def _here(self) -> int:
        """The line of the present position."""
        self._line += self._text.count("\n", self._counted, self._position)
        self._counted = self._position
        return self._line

    def _error(self, message: str, line: int | None = None) -> ConfigError:
        place = Place(self._path, line or self._here())
        return ConfigError([Problem(str(place), "", message)])


def _unescaped(word: str) -> str:
    if "\\" not in word:
        return word
    return _ESCAPE.sub(lambda found: _CONTROL.get(found[1], found[1]), word)


def quoted(word: str) -> str:
    """The word as nginx reads it: in quotes where it could be taken for more."""
    if word and not _SPECIAL.search(word):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
