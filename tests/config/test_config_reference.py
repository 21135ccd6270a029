"""docs/config.md and etc/logmond.yaml say what the models say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from logmond.config.loading import load, loads
from logmond.config.reference import reference
from logmond.config.schema import Config
from logmond.config.section import Section
from logmond.config.shape import Shape, keys_of, shape_of
from logmond.outputs.table import NOTIFIERS, OUTPUTS

ROOT = Path(__file__).parents[2]
SYSTEM_DEFAULT = ROOT / "etc" / "logmond.yaml"


def _every_key(section: type[Section]) -> set[str]:
    """Every key that can stand anywhere below a section."""
    keys: set[str] = set()
    for key, info in keys_of(section).items():
        keys.add(key)
        shape: Shape | None = shape_of(info)
        while shape is not None:
            for inner in shape.sections:
                keys |= _every_key(inner)
            shape = shape.inner
    return keys


def _uncommented(text: str) -> str:
    """The text with its examples in use; prose has one space behind its "#"."""
    return re.sub(r"(?m)^( *)#(?! ?$| [^ ])", r"\1", text)


def test_the_reference_is_fresh() -> None:
    """After a change of the models: python -m logmond.config.reference > docs/config.md."""
    assert (ROOT / "docs" / "config.md").read_text(encoding="utf-8") == reference()


@pytest.mark.parametrize("key", sorted(_every_key(Config)))
def test_the_reference_and_the_example_show_every_key(key: str) -> None:
    """A key nobody can find does not exist."""
    assert f"| `{key}` |" in reference()
    assert re.search(rf"\b{key}:", _uncommented(SYSTEM_DEFAULT.read_text(encoding="utf-8")))


def test_the_system_default_loads_without_a_warning() -> None:
    """What the packages install runs as it is."""
    loaded = load(str(SYSTEM_DEFAULT), {})
    assert loaded.warnings == []
    assert [str(address) for address in loaded.config.sources[0].listen] == [
        "udp://localhost:5514",
        "tcp://localhost:5514",
        "unixgram:///run/logmond.sock",
    ]


def test_every_commented_example_works_as_it_stands(tmp_path: Path) -> None:
    """With every "#" before an example removed, the file is right, and nothing stands out."""
    text = _uncommented(SYSTEM_DEFAULT.read_text(encoding="utf-8"))
    text = re.sub("(?m)^  token(_file)?:.*\n", "", text)
    # The servers of the examples may not be installed here.
    (tmp_path / "nginx.conf").write_text("http { access_log /var/log/nginx/web.log; }")
    (tmp_path / "apache2.conf").write_text('CustomLog /var/log/httpd.log "%h %t %r %>s"')
    text = re.sub(r"(nginx|apache): /etc/\w+/", rf"\1: {tmp_path}/", text)
    loaded = loads(text, "etc/logmond.yaml", {})
    assert loaded.warnings == []
    assert [source.name for source in loaded.config.sources] == [
        "syslog",
        "apache",
        "shop",
        "web.combined",
        "httpd.custom",
        "pipe",
    ]
    assert [rule.name for rule in loaded.config.rules] == [
        "high-traffic",
        "errors",
        "slow",
        "crawlers",
        "silent",
        "unusual",
        "lost",
    ]
    assert "duration" in loaded.config.sources[2].formats()[0].fields


def test_every_kind_of_output_can_be_configured() -> None:
    """The table of outputs and the models name the same types."""
    outputs = shape_of(keys_of(Config)["outputs"]).sections
    named = {name for section in outputs for name in _types(section)}
    assert named == {*OUTPUTS, *NOTIFIERS}


def _types(section: type[Section]) -> tuple[str, ...]:
    names: tuple[str, ...] = get_args(section.model_fields["type"].annotation)
    return names
