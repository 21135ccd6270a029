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
def prepared_daemon(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Prepare daemons with the settings given; those started are gone when the test ends."""
    prepared: list[Daemon] = []

    def prepare(settings: Mapping[str, Any], **more: Any) -> Daemon:
        folder = tmp_path / f"logmond-{len(prepared)}"
        folder.mkdir()
        prepared.append(Daemon(folder, settings, **more))
        return prepared[-1]

    yield prepare
    for daemon in prepared:
        daemon.close()


@pytest.fixture
def daemon_of(prepared_daemon: Callable[..., Daemon]) -> Callable[..., Daemon]:
    """Start daemons with the settings given; all are gone when the test ends."""
    return lambda settings, **more: prepared_daemon(settings, **more).start()
