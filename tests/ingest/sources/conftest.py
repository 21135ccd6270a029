"""Fixtures for tests of sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from filerig import Rig, rig


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Rig]:
    """Follows a log that is there and empty."""
    (tmp_path / "access.log").touch()
    with rig(tmp_path, start="beginning") as made:
        made.open()
        made.commit()
        yield made
