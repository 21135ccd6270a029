"""Every configuration the pages show is one."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from pages import PAGES, Block

from logmond.cli import main
from logmond.config.loading import loads
from logmond.config.schema import Config

_BLOCKS = [
    pytest.param(block, id=f"{page.name}:{block.line}")
    for page in PAGES
    for block in page.of("yaml")
    # The others are Compose's.
    if set(yaml.safe_load(block.text)) & set(Config.model_fields)
]

_OF_THIS_MACHINE = ("cannot read", "does not exist")


def _told(warnings: list[str]) -> list[str]:
    return [w for w in warnings if not any(words in w for words in _OF_THIS_MACHINE)]


@pytest.mark.parametrize("block", _BLOCKS)
def test_every_configuration_loads_without_a_warning(block: Block) -> None:
    """Nothing in it is wrong, and nothing in it cannot work."""
    assert _told(loads(block.text, "page", {}).warnings) == []


@pytest.mark.parametrize("block", _BLOCKS)
def test_every_configuration_passes_check(
    block: Block, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an operator would ask before a reload."""
    file = tmp_path / "logmond.yaml"
    file.write_text(block.text)
    assert main(["check", str(file)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{file}: ok (")
    assert _told(err.splitlines()) == []
