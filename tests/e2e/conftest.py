"""Fixtures of the tests that drive real programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from daemon import Daemon
from peers import Peers, running_peers


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[Peers]:
    """Real programs for this test; all are stopped when it ends."""
    with running_peers(tmp_path) as running:
        yield running


@pytest.fixture
def daemon_of(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Start daemons with the settings given; all are gone when the test ends."""
    started: list[Daemon] = []

    def start(settings: Mapping[str, Any], **more: Any) -> Daemon:
        folder = tmp_path / f"logmond-{len(started)}"
        folder.mkdir()
        started.append(Daemon(folder, settings, **more))
        return started[-1].start()

    yield start
    for daemon in started:
        daemon.close()
