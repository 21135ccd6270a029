"""docs/senders.md holds what it says: its configurations load, its directives are nginx's."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from programs import program
from snippets import snippet, snippets

from logmond.config.loading import loads

_YAML = {name: yaml.safe_load(text) for name, (kind, text) in snippets().items() if kind == "yaml"}

# The servers of this one may not be installed here; test_server_configurations.py runs real ones.
_CONFIGURATIONS = [n for n, data in _YAML.items() if "sources" in data]
_CONFIGURATIONS.remove("server-configurations")


@pytest.mark.parametrize("name", _CONFIGURATIONS)
def test_every_configuration_loads(name: str) -> None:
    """What is shown as logmond's configuration is one, without a warning."""
    loaded = loads(snippet(name), name, {})
    assert loaded.config.sources
    assert [
        w for w in loaded.warnings if "cannot read" not in w and "does not exist" not in w
    ] == []


@pytest.mark.parametrize("name", [name for name, data in _YAML.items() if "services" in data])
def test_every_compose_file_names_what_it_uses(name: str) -> None:
    """Volumes, configurations and services that are referred to are defined."""
    data: dict[str, Any] = _YAML[name]
    for service in data["services"].values():
        named = [v.partition(":")[0] for v in service.get("volumes", ())]
        assert {v for v in named if not v.startswith((".", "/"))} <= set(data.get("volumes", {}))
        assert {c["source"] for c in service.get("configs", ())} <= set(data.get("configs", {}))
        assert set(service.get("depends_on", ())) <= set(data["services"])


def _contents(name: str, suffix: str) -> str:
    configs: dict[str, dict[str, str]] = _YAML[name]["configs"]
    (content,) = [value["content"] for key, value in configs.items() if key.endswith(suffix)]
    return content


@pytest.mark.peer("nginx")
@pytest.mark.parametrize("name", ["compose", "sidecar"])
def test_the_nginx_configuration_of_compose_files_is_valid(name: str, tmp_path: Path) -> None:
    """nginx takes the directive, once the service's name resolves and the volume is there."""
    content = _contents(name, ".conf")
    for place, ours in (("logmond:5514", "127.0.0.1:5514"), ("/logs/", f"{tmp_path}/")):
        content = content.replace(place, ours)
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}} http {{ {content} }}"
    )
    nginx = program("nginx")
    assert nginx is not None
    result = subprocess.run(
        [nginx, "-t", "-c", config], capture_output=True, text=True, timeout=30, check=False
    )
    assert result.returncode == 0, result.stderr


def test_the_sidecar_follows_the_file_its_neighbour_writes() -> None:
    """Its configuration loads, and names the path nginx writes to."""
    loaded = loads(_contents("sidecar", ".yaml"), "sidecar", {})
    (source,) = loaded.config.sources
    assert f"access_log {source.files[0]} " in _contents("sidecar", ".conf")


def test_every_snippet_is_run_or_checked() -> None:
    """A snippet nobody runs is a promise nobody keeps: each is named by a test, or is YAML."""
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    named = set(re.findall(r'"([\w-]+)"', tests)) | set(_YAML)
    assert set(snippets()) <= named
