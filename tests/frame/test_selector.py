"""Selectors: which values a pattern means, and that hostile patterns stay linear."""

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logmond.frame.selector import Selector, match

text = st.text(alphabet="ab/.[]!-*", max_size=12)


@pytest.mark.parametrize(
    ("dimension", "pattern", "value", "expected"),
    [
        ("section", "/api", "/api", True),
        ("section", "/api", "/apis", False),
        ("section", "/api*", "/apis", True),
        ("section", "/api*", "/ap", False),
        ("section", "*", "-", True),
        ("section", "*.php", "/index.php", True),
        ("section", "*.php", "/index.php5", False),
        ("section", "/?", "/a", True),
        ("section", "/?", "/ab", False),
        ("section", "/a?*", "/ab", True),
        ("section", "/a?*", "/a", False),
        ("vhost", "[ab]*", "a.example", False),
        ("vhost", "[ab]*x", "[ab].x", True),
        ("path", "/a.b", "/aXb", False),
        ("path", "*a*", "/\na\n", True),
        ("status", "5xx", "503", True),
        ("status", "5xx", "403", False),
        ("status", "5xx", "-", False),
        ("status", "404", "404", True),
        ("status", "40*", "404", True),
        ("section", "5xx", "503", False),
        ("section", "", "", True),
        ("section", "", "/", False),
    ],
)
def test_patterns_mean_what_they_say(
    dimension: str, pattern: str, value: str, expected: bool
) -> None:
    """Equality, prefix, glob, and status classes on statuses alone."""
    assert match(dimension, pattern, value) is expected


@given(text, text)
def test_globs_agree_with_the_shell_but_for_brackets(pattern: str, value: str) -> None:
    """Only * and ? are special."""
    literal = pattern.replace("[", "[[]")
    assert match("section", pattern, value) is fnmatchcase(value, literal)


def test_a_list_is_any_and_dimensions_are_all() -> None:
    """Patterns of one dimension are alternatives, dimensions are conditions."""
    selector = Selector.of({"section": ["/api", "/login"], "status": "5xx"})
    assert selector.matches({"section": "/login", "status": "502"})
    assert not selector.matches({"section": "/login", "status": "200"})
    assert not selector.matches({"section": "/", "status": "502"})
    assert selector.dimensions == {"section", "status"}
    assert selector.values("section") == ("/api", "/login")
    assert selector.values("vhost") == ()


def test_the_empty_selector_means_everything() -> None:
    """Without conditions every cell counts."""
    assert Selector().matches({})
    assert Selector.of({}) == Selector()


def test_an_absent_dimension_is_a_dash() -> None:
    """A rule can name what is missing, and does not match it by accident."""
    assert Selector.of({"vhost": "-"}).matches({})
    assert not Selector.of({"vhost": "a.example"}).matches({})


def test_equal_conditions_are_one_key() -> None:
    """The order in which dimensions were written does not matter; numbers are text."""
    first = Selector.of({"status": 404, "section": "/api"})
    second = Selector.of({"section": ["/api"], "status": ["404"]})
    assert first == second
    assert hash(first) == hash(second)


@pytest.mark.parametrize("pattern", ["*a" * 40 + "b", "a*" * 40 + "?b", "?" * 40 + "*b"])
def test_hostile_globs_end(pattern: str) -> None:
    """Nested stars over a long value of the same letter do not multiply."""
    assert not match("path", pattern, "a" * 20_000)


def test_more_globs_than_are_kept_still_match() -> None:
    """The cache of compiled globs is bounded and refills."""
    for number in range(1100):
        assert match("path", f"/{number}?*", f"/{number}ab")
