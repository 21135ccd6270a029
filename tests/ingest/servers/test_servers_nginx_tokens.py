"""nginx's way of splitting a configuration into words, quotes, comments and blocks."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.errors import ConfigError
from logmond.ingest.servers.nginxtokens import parse


def _words(text: str) -> list[tuple[str, ...]]:
    return [(d.name, *d.arguments) for d in parse(text, "n.conf")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a b c;", ("a", "b", "c")),
        ("a\tb\r\n c;", ("a", "b", "c")),
        ("a 'b c' \"d e\";", ("a", "b c", "d e")),
        ("a b'c d\"e;", ("a", "b'c", 'd"e')),
        (r"a 'it\'s' \"x;", ("a", "it's", '"x')),
        (r"a b\ c '\t\d';", ("a", r"b\ c", "\t\\d")),
        (r"a b\;c;", ("a", r"b\;c")),
        ("a ${host}x $y;", ("a", "${host}x", "$y")),
        ("a # b ; {\n c#d;", ("a", "c#d")),
        ("a 'b' # half\n 'c';", ("a", "b", "c")),
        ('a "";', ("a", "")),
        ("a b};", ("a", "b}")),
        ("a 'x;{}#';", ("a", "x;{}#")),
        ("a\u00a0b c;", ("a\u00a0b", "c")),
    ],
)
def test_words_end_where_nginx_ends_them(text: str, words: tuple[str, ...]) -> None:
    """White space, semicolons, braces and closing quotes end words; nothing else does."""
    assert _words(text) == [words]


def test_blocks_hold_directives_and_every_directive_knows_its_line() -> None:
    """Lines are those where a directive begins, behind quotes over several lines too."""
    http, last = parse("http {\n  a 'x\ny';\n  b;\n}\nlast;", "n.conf")
    assert [(d.name, d.place.line) for d in http.block or ()] == [("a", 2), ("b", 4)]
    assert str(last.place) == "n.conf:6"
    assert last.block is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b", 'n.conf:1: unexpected end of file, ";" or "}" is missing'),
        ("\nhttp {\n a;\n", 'n.conf:2: unexpected end of file, ";" or "}" is missing'),
        ("a;\n}", 'n.conf:2: unexpected "}"'),
        ("http { a }", 'n.conf:1: unexpected "}"'),
        ("a;\n\n;", 'n.conf:3: unexpected ";"'),
        ("{ a; }", 'n.conf:1: unexpected "{"'),
        ("a\n'b'c;", 'n.conf:2: unexpected "c" behind a closing quote'),
        ("a\n'b;", "n.conf:2: unexpected end of file, ' is not closed"),
        ("a b\\", 'n.conf:1: unexpected end of file, ";" or "}" is missing'),
        ("a_by_lua_block {\n{}", "n.conf:1: the Lua block is not closed"),
        ("a {" * 100, "n.conf:1: blocks are nested too deep"),
    ],
)
def test_what_nginx_refuses_is_refused_at_its_line(text: str, message: str) -> None:
    """An error names the file and the line."""
    with pytest.raises(ConfigError) as caught:
        parse(text, "n.conf")
    assert str(caught.value) == message


def test_lua_blocks_are_skipped_whole() -> None:
    """Braces and quotes in Lua's strings and comments are Lua's."""
    lua = "local s = \"}\" -- it's }\n if x then t = {a = '}'} end --[[ } ]] u = [==[ } ]==]"
    text = f"server {{ content_by_lua_block {{ {lua} }} a; }}"
    (server,) = parse(text, "n.conf")
    assert [d.name for d in server.block or ()] == ["content_by_lua_block", "a"]


_QUOTED = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30)


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"


@settings(max_examples=150)
@given(st.lists(st.lists(_QUOTED, min_size=1, max_size=4), max_size=5))
def test_whatever_is_quoted_comes_back(directives: list[list[str]]) -> None:
    """Quoting undoes itself for any text."""
    text = "\n".join(" ".join(map(_quoted, words)) + ";" for words in directives)
    assert _words(text) == [tuple(words) for words in directives]


@settings(max_examples=200)
@given(st.text("ab ;{}'\"\\#$\n", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but a ConfigError comes of a text that is no configuration."""
    with suppress(ConfigError):
        parse(text, "n.conf")
