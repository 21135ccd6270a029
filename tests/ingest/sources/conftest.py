"""Fixtures for tests of sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from datagramsender import Sender
from filerig import Rig, rig
from streampeers import Peers
from tlsscene import Scene
from twisted.internet.testing import MemoryReactorClock


@pytest.fixture
def following(tmp_path: Path) -> Iterator[Rig]:
    """Follows a log that is there and empty."""
    (tmp_path / "access.log").touch()
    with rig(tmp_path, start="beginning") as made:
        made.open()
        made.commit()
        yield made


@pytest.fixture
def peers() -> Iterator[Peers]:
    """Makes connections that are closed afterwards."""
    made = Peers()
    yield made
    for peer in made.sockets:
        peer.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Files of a test, and its clients."""
    made = Scene(tmp_path)
    yield made
    made.close()


@pytest.fixture
def sender() -> Iterator[Callable[[Any], Sender]]:
    """Makes senders that are closed afterwards."""
    made: list[Sender] = []

    def make(place: Any) -> Sender:
        made.append(Sender(place))
        return made[-1]

    yield make
    for each in made:
        each.socket.close()


@pytest.fixture
def clock() -> MemoryReactorClock:
    """A reactor that stands still."""
    return MemoryReactorClock()
