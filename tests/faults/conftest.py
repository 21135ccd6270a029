"""Fixtures of the tests that hurt a running daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from daemon import Daemon, prepared_daemons


@pytest.fixture
def prepared_daemon(tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """Prepare daemons with the settings given; those started are gone when the test ends."""
    with prepared_daemons(tmp_path) as prepare:
        yield prepare


@pytest.fixture
def daemon_of(prepared_daemon: Callable[..., Daemon]) -> Callable[..., Daemon]:
    """Start daemons with the settings given; all are gone when the test ends."""
    return lambda settings, **more: prepared_daemon(settings, **more).start()
