"""A web server's configuration that changed since its logs are followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from simulated import simulated

from logmond.config.loading import loads

T0 = 1795453200


def test_a_changed_configuration_of_a_server_is_told_until_a_reload(tmp_path: Path) -> None:
    """Its sources go on as they were, and say what to do."""
    config = tmp_path / "nginx.conf"
    text = "events {{}} http {{ access_log {folder}/{name}.log combined; }}"
    config.write_text(text.format(folder=tmp_path, name="old"))
    settings: dict[str, Any] = {"sources": [{"name": "web", "nginx": str(config)}], "outputs": []}

    with simulated(settings, T0) as simulation:
        simulation.start()
        (source,) = simulation.running.inputs.values()

        def notes_after(seconds: float) -> list[str]:
            until = simulation.wall + seconds
            while simulation.wall < until:
                simulation.turn()
            return [note for note in source.status().notes if "changed since" in note]

        assert notes_after(12) == []
        config.write_text(text.format(folder=tmp_path, name="new"))
        assert notes_after(12) == [
            f"{config} changed since it was read; reload to follow what it says now"
        ]
        source.reload(loads(yaml.safe_dump(settings), "l.yaml", {}).config.sources[0])
        assert notes_after(12) == []
