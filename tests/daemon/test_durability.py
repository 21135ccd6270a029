"""What a commit holds of positions in files."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

from logmond.alerts.service import AlertService
from logmond.daemon.durability import Durability
from logmond.daemon.evaluation import Evaluation
from logmond.frame.caps import caps_for
from logmond.ingest.ledger import Ledger
from logmond.ingest.sources.identity import FilePosition
from logmond.stats.service import StatisticsService


def position(inode: int, offset: int = 0) -> FilePosition:
    """How far a file that lay at the path of a log was counted."""
    return FilePosition("/var/log/access.log", 1, inode, b"", 0, offset)


class Kept:
    """Commits of a daemon with one source, whose positions are given."""

    def __init__(self) -> None:
        stats = StatisticsService(caps_for(4 << 20), ())
        self._files: list[FilePosition] = []
        files = SimpleNamespace(positions=lambda: self._files)
        web = cast(Any, SimpleNamespace(files=files, ledger=Ledger()))
        self._evaluation = Evaluation(stats, AlertService([], stats, "web1"), {"web": web})
        self._durability = Durability(keep_s=3600)

    def commit(self, *positions: FilePosition) -> list[int]:
        """The inodes whose positions the next commit writes."""
        self._files[:] = positions
        rows: Sequence[Any] = self._durability.changes(self._evaluation).files
        return [row.inode for row in rows]


def test_only_positions_that_changed_are_written() -> None:
    """A thousand files at rest cost a commit nothing."""
    kept = Kept()
    assert kept.commit(position(1), position(2)) == [1, 2]
    assert kept.commit(position(1), position(2, offset=7)) == [2]
    assert kept.commit(position(1), position(2, offset=7)) == []


def test_positions_that_are_told_no_more_are_not_remembered() -> None:
    """Every rotation leaves one behind: what is told again is written again, whatever it was."""
    kept = Kept()
    assert kept.commit(position(1), position(2)) == [1, 2]
    assert kept.commit(position(2), position(3)) == [3]
    assert kept.commit(position(1), position(2)) == [1]
