"""Fixtures of the tests that drive real programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from peers import Peers, running_peers


@pytest.fixture
def peers(tmp_path: Path) -> Iterator[Peers]:
    """Real programs for this test; all are stopped when it ends."""
    with running_peers(tmp_path) as running:
        yield running
