"""Every command the pages name is there to be typed."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from itertools import takewhile

import pytest
from pages import PAGES, README, ROOT

from logmond.cli import _parser
from logmond.config.loading import load
from logmond.interfaces.admin.commands import COMMANDS

_UNITS = {path.name for path in (ROOT / "systemd").iterdir()}
_BEFORE = ("sudo", "logmond", "exec", "&&", "|")  # what a command may stand behind
_ENDS = ("&&", "|", ";")


def _verbs() -> dict[str, argparse.ArgumentParser]:
    """The parsers of the verbs."""
    (action,) = [a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(action.choices)


def _lines() -> Iterator[tuple[str, str]]:
    """Every line of a shell block, joined where it goes on, and every piece of code in prose."""
    for page in PAGES:
        for block in page.of("sh", "console"):
            for line in block.text.replace("\\\n", " ").splitlines():
                if block.language == "sh" or line.startswith("$ "):
                    yield page.name, line.strip().removeprefix("$ ")
        for code in page.inline:
            yield page.name, code


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:  # a quote that opens an awk program of several lines
        return line.split()


def _typed(name: str) -> list[tuple[str, list[str]]]:
    """Every use of a command with its arguments, up to where the next command begins."""
    found = []
    for page, line in _lines():
        words = _words(line)
        for at, word in enumerate(words[:-1]):
            if word.rpartition("/")[2] == name and (at == 0 or words[at - 1] in _BEFORE):
                found.append((page, list(takewhile(lambda w: w not in _ENDS, words[at + 1 :]))))
    return found


def _shown(part: str | list[str]) -> str:
    return part if isinstance(part, str) else " ".join(part)


_LOGMOND = [(page, words) for page, words in _typed("logmond") if words[0] != "logmond"]
_MAKE = _typed("make")


def test_commands_were_found() -> None:
    """The tests below have something to hold."""
    assert {words[0] for _, words in _LOGMOND} >= set(_verbs())
    assert {words[0] for _, words in _MAKE} >= {"run", "test", "install"}


@pytest.mark.parametrize(("page", "words"), _LOGMOND, ids=_shown)
def test_every_verb_and_option_exists(page: str, words: list[str]) -> None:
    """A verb of `logmond --help`, with options of its own."""
    verb, *rest = words
    known = _verbs()
    assert verb in known, f"{page}: logmond {verb}"
    options = {option for action in known[verb]._actions for option in action.option_strings}
    used = {word.strip("[]").partition("=")[0] for word in rest if word.lstrip("[").startswith("-")}
    assert used <= options, f"{page}: logmond {' '.join(words)}"


@pytest.mark.parametrize(("page", "words"), _MAKE, ids=_shown)
def test_every_make_target_exists(page: str, words: list[str]) -> None:
    """A target with its line in `make help`."""
    targets = re.findall(r"^([\w-]+):.*## ", (ROOT / "Makefile").read_text(), re.M)
    assert words[0] in targets, f"{page}: make {words[0]}"


def test_the_table_of_verbs_is_that_of_the_command_line() -> None:
    """Every verb there is, in its order, and no other."""
    typed = [re.findall("`logmond ([a-z]+)", row[0])[0] for row in README.rows("Verbs")]
    assert typed == list(_verbs())


def test_every_admin_command_that_is_named_exists() -> None:
    """Whoever types what follows `logmond ctl` gets an answer."""
    asked = [
        next(word for word in words[1:] if word.lstrip("[")[0] != "-" and ":" not in word)
        for _, words in _LOGMOND
        if words[0] == "ctl" and len(words) > 1
    ]
    named = {word for word in asked if word.islower()}
    assert named >= {"status", "sources", "stats", "rules"}
    assert named <= set(COMMANDS)


def test_every_override_that_is_named_names_something() -> None:
    """A ``--set`` of the pages is taken by the configuration with the default rule."""
    sets = {
        value for _, line in _lines() for value in re.findall(r"--set ([a-z][\w.-]*=\S+)", line)
    }
    assert "rules.high-traffic.above=50" in sets
    for value in sets:
        load(None, {}, [value])


def test_every_unit_that_is_enabled_exists() -> None:
    """`systemctl enable` and `reload` name units of ours."""
    named = {
        word if "." in word else f"{word}.service"
        for _, words in _typed("systemctl")
        for word in words[1:]
        if not word.startswith("-")
    }
    assert named
    assert named <= _UNITS
