"""TLS in a configuration: what belongs together, and what is said where it does not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from logmond.config import source
from logmond.config.loading import Loaded, loads, review
from logmond.config.schema import SourceConfig
from logmond.errors import ConfigError

_GOOD = "listen: tls://*:6514, tls: {certificate: /c.pem, key: /k.pem"


def _loaded(item: str) -> Loaded:
    return loads(f"sources: [{{name: web, {item}}}]", "t.yaml", {})


def _source(item: str) -> SourceConfig:
    return _loaded(item).config.sources[0]


def _problems(item: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        _loaded(item)
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


def test_a_certificate_and_its_key_are_enough() -> None:
    """No client certificates, TLS 1.2 or newer."""
    assert _source(_GOOD + "}").credentials == {
        "certificate": "/c.pem",
        "key": "/k.pem",
        "client_ca": None,
        "min_version": "1.2",
    }


@pytest.mark.parametrize("text", ["1.3", '"1.3"'])
def test_a_version_may_stand_without_quotes(text: str) -> None:
    """YAML makes a number of it."""
    found = _source(_GOOD + f", min_version: {text}, client_ca: /ca.pem}}").credentials
    assert (found["min_version"], found["client_ca"]) == ("1.3", "/ca.pem")


@pytest.mark.parametrize(
    ("item", "problem"),
    [
        (
            "listen: [udp://*:1, tls://*:6514]",
            "sources[0].listen[1]: needs tls: {certificate: FILE, key: FILE} beside it",
        ),
        (
            "listen: tcp://*:1, tls: {certificate: /c, key: /k}",
            "sources[0].tls: is for tls:// addresses in listen; remove it",
        ),
        (_GOOD + ", min_version: 1.1}", "sources[0].tls.min_version: unknown version of TLS"),
        ("listen: tls://*:1, tls: {key: /k}", 'sources[0].tls: needs the key "certificate"'),
        (
            "listen: tls://localhost, tls: {certificate: /c, key: /k}",
            "sources[0].listen: needs a port, for example tls://localhost:6514",
        ),
    ],
)
def test_what_does_not_belong_together_is_an_error(item: str, problem: str) -> None:
    """At its place."""
    assert any(found.startswith(problem) for found in _problems(item)), _problems(item)


def test_the_missing_extra_is_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install, and into which Python."""
    monkeypatch.setattr(source, "find_spec", lambda _: None)
    (problem,) = _problems(_GOOD + "}")
    assert problem.endswith(
        "tls:// needs the extra tls; in logmond's source: make install EXTRAS=tls, "
        f"or {sys.executable} -m pip install '.[tls]'"
    )
    assert _source("listen: tcp://*:6514").credentials == {}


def test_tcp_and_tls_of_one_port_are_the_same_place() -> None:
    """One of them could not be bound."""
    (warning,) = _loaded(
        "listen: [tls://*:6514, tcp://localhost:6514], tls: {certificate: /c, key: /k}"
    ).warnings
    assert "is taken by source web" in warning


def test_check_looks_whether_the_files_can_be_read(tmp_path: Path) -> None:
    """A daemon that may not read its key does not start."""
    key = tmp_path / "key.pem"
    key.touch()
    text = f"listen: tls://*:1, tls: {{certificate: {tmp_path}/c.pem, key: {key}}}"
    (found,) = review(_loaded(text))
    assert f"{tmp_path}/c.pem does not exist yet, and is needed at the start" in found
