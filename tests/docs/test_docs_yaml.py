"""Every configuration the pages show is one."""

from __future__ import annotations

import re
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


def _with_servers(text: str, folder: Path) -> str:
    """The text with the configurations of web servers in a folder: not every machine has them."""
    (folder / "nginx.conf").write_text("http { access_log /var/log/nginx/access.log; }")
    (folder / "apache2.conf").write_text('CustomLog /var/log/apache2/access.log "%h %t %r %>s"')
    return re.sub(r"(nginx|apache): /etc/\w+/", rf"\1: {folder}/", text)


@pytest.mark.parametrize("block", _BLOCKS)
def test_every_configuration_loads_without_a_warning(block: Block, tmp_path: Path) -> None:
    """Nothing in it is wrong, and nothing in it cannot work."""
    assert _told(loads(_with_servers(block.text, tmp_path), "page", {}).warnings) == []


@pytest.mark.parametrize("block", _BLOCKS)
def test_every_configuration_passes_check(
    block: Block, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As an operator would ask before a reload."""
    file = tmp_path / "logmond.yaml"
    file.write_text(_with_servers(block.text, tmp_path))
    assert main(["check", str(file)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{file}: ok (")
    assert _told(err.splitlines()) == []
