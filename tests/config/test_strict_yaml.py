"""Strict YAML: plain data with places; what could mislead or blow up is refused."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logmond.config import yamltree
from logmond.errors import ConfigError


def _problems(text: str) -> list[str]:
    """Every problem of a text, as one reads them."""
    try:
        return [str(problem) for _, problem in yamltree.read(text, "f.yaml").problems]
    except ConfigError as error:
        return [str(problem) for problem in error.problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("1:30", "1:30"),
        ("010", "010"),
        ("0640", "0640"),
        ("2026-11-23", "2026-11-23"),
        ("1_000", "1_000"),
        ("<<", "<<"),
        ("12", 12),
        ("-3", -3),
        ("0o17", 15),
        ("0xff", 255),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("5%", "5%"),
        (".inf", ".inf"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    """What YAML 1.1 would change behind one's back stays the text that was typed."""
    data = yamltree.read(f"key: {text}\n", "f.yaml").data
    assert data == {"key": value}
    assert type(data["key"]) is type(value)


@pytest.mark.parametrize("quoted", ["'12'", '"true"', "'no'", "|\n  12"])
def test_quoted_scalars_are_text(quoted: str) -> None:
    """Quotes keep their meaning: text, whatever it looks like."""
    assert isinstance(yamltree.read(f"key: {quoted}\n", "f.yaml").data["key"], str)


def test_every_key_and_value_has_its_place() -> None:
    """Lines and columns count from 1, of keys and of values."""
    tree = yamltree.read("a:\n  - b: 1\n    c: [2, 3]\n", "f.yaml")
    assert str(tree.places.key(("a", 0, "c"))) == "f.yaml:3:5"
    assert str(tree.places.value(("a", 0, "c"))) == "f.yaml:3:8"
    assert str(tree.places.value(("a", 0, "c", 1))) == "f.yaml:3:12"


def test_a_duplicate_key_is_refused_where_it_stands_again() -> None:
    """The second of two equal keys is the problem; the first keeps its value and place."""
    tree = yamltree.read("a: 1\nb: {c: 1, c: [2]}\na: {x: 2}\n", "f.yaml")
    assert [str(problem) for _, problem in tree.problems] == [
        "f.yaml:2:11: b.c: duplicate key; it stands on line 2 already",
        "f.yaml:3:1: a: duplicate key; it stands on line 1 already",
    ]
    assert tree.data == {"a": 1, "b": {"c": 1}}
    assert str(tree.places.value(("a",))) == "f.yaml:1:4"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: &x 1\n", "f.yaml:1:4: a: anchors are not read; remove it"),
        ("a: *x\n", "f.yaml:1:4: a: aliases are not read; write the value out"),
        ("a: !!python/object:os.system x\n", "f.yaml:1:4: a: tags are not read; remove "),
        ("a: !!str 1\n", "f.yaml:1:4: a: tags are not read; remove "),
        ("a: ! 1\n", "f.yaml:1:4: a: tags are not read; remove "),
        ("? [a]\n: 1\n", "f.yaml:1:3: a key must be text"),
        ("? {a: 1}\n: 1\n", "f.yaml:1:3: a key must be text"),
        ("&k a: 1\n", "f.yaml:1:1: anchors and tags are not read; remove it"),
        ("a: 1\n---\nb: 1\n", "f.yaml:2:1: only one document is read"),
        ("a: [1\n", "f.yaml:2:1: not YAML: while parsing a flow sequence"),
        ("a: 1\n\tb: 2\n", "f.yaml:2:1: not YAML: a tab; indent with spaces"),
        ("a: 1\nb: x\x07y\n", "f.yaml:2:5: character U+0007 is not allowed"),
        ("a: '\ud800'\n", "f.yaml:1:5: character U+D800 is not allowed"),
        ('a: "x\\ud800"\n', "f.yaml:1:4: a: character U+D800 is not allowed"),
        ('"\\udfff": 1\n', "f.yaml:1:1: ?: character U+DFFF is not allowed"),
    ],
)
def test_what_is_not_plain_data_is_refused(text: str, problem: str) -> None:
    """Anchors, aliases, tags, odd keys and broken YAML each have their message and place."""
    assert _problems(text)[0].startswith(problem)


def test_several_refusals_come_at_once() -> None:
    """One wrong thing does not hide the next."""
    assert len(_problems("a: &x 1\nb: *x\nc: !t 2\nc: 3\n")) == 4


def test_a_billion_laughs_are_not_even_chuckled() -> None:
    """A bomb of aliases expands nothing: each alias is one problem."""
    bomb = "a: &a [x, x]\n" + "".join(
        f"{b}: &{b} [{', '.join(['*' + a] * 9)}]\n"
        for a, b in zip("abcdefghi", "bcdefghij", strict=True)
    )
    found = _problems(bomb)
    assert len(found) == 10 + 81
    assert all("not read" in problem for problem in found)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 50_000,
        "{a: " * 20_000,
        "\n".join(" " * n + f"k{n}:" for n in range(300)),
        "- " * 50_000,
    ],
)
def test_deep_nesting_is_given_up_early(text: str) -> None:
    """However deep the brackets go, reading stops a few levels down."""
    assert _problems(text)[-1].endswith("nested deeper than 16 levels; not read further")


def test_too_many_values_are_given_up() -> None:
    """A flat flood of values is bounded as well."""
    text = "a: [" + "1," * 30_000 + "]"
    assert _problems(text) == ["f.yaml:1:40001: more than 20000 values; not read further"]


def test_too_many_problems_are_given_up() -> None:
    """Nobody reads a thousand messages."""
    found = _problems("a: 1\n" * 1000)
    assert len(found) == 101
    assert found[-1].endswith("more than 100 problems; not read further")


@settings(max_examples=200)
@given(st.text(max_size=200) | st.text("abc:-?[]{},&*!|>'\"%#@` \n\t0.", max_size=200))
def test_any_text_is_a_tree_or_refused(text: str) -> None:
    """Nothing but `ConfigError` leaves the reader."""
    with suppress(ConfigError):
        tree = yamltree.read(text, "f.yaml")
        assert tree.data is not None or tree.problems
