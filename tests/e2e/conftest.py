"""Fixtures of the tests that drive real programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from daemon import Daemon, prepared_daemons
from peers import Peers, running_peers


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[Peers]:
    """Real programs for this test; all are stopped when it ends."""
    with running_peers(tmp_path) as running:
        yield running


@pytest.fixture
def prepared_daemon(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Prepare daemons with the settings given; those started are gone when the test ends."""
    with prepared_daemons(tmp_path) as prepare:
        yield prepare


@pytest.fixture
def daemon_of(prepared_daemon: Callable[..., Daemon]) -> Callable[..., Daemon]:
    """Start daemons with the settings given; all are gone when the test ends."""
    return lambda settings, **more: prepared_daemon(settings, **more).start()
