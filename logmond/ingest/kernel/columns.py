"""A batch of rows turned into columns: what every statistic of the kernel is counted from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter

from logmond.frame.frame import BLOCK_S
from logmond.ingest.kernel.names import Target


@dataclass
class Columns:
    """One value a line in every column; `raw` holds what the format captured, by field."""

    seconds: list[int]
    targets: list[Target]
    raw: dict[str, Sequence[bytes]]

    def __len__(self) -> int:
        return len(self.seconds)

    def field(self, name: str) -> Sequence[bytes]:
        """A field of every line, "-" where the format lacks it."""
        column = self.raw.get(name)
        return [b"-"] * len(self) if column is None else column

    @cached_property
    def requests(self) -> list[tuple[str, str]]:
        """(method, section) of every line."""
        return list(map(itemgetter(0), self.targets))

    @cached_property
    def paths(self) -> list[str]:
        """The path of every line."""
        return list(map(itemgetter(1), self.targets))

    @cached_property
    def errors(self) -> list[bool]:
        """Whether each line's status is 400 or above; empty when none is."""
        statuses = self.raw.get("status", ())
        errors = list(map(b"400".__le__, statuses))
        return errors if any(errors) else []

    def blocks(self) -> list[tuple[int, Columns]]:
        """Runs of lines of one block each, in order, with the start of their block."""
        first, last = min(self.seconds), max(self.seconds)
        if first // BLOCK_S == last // BLOCK_S:
            return [(last - last % BLOCK_S, self)]
        runs: list[tuple[int, Columns]] = []
        begin = 0
        for block, run in groupby(self.seconds, key=lambda second: second // BLOCK_S):
            end = begin + sum(1 for _ in run)
            part = Columns(
                self.seconds[begin:end],
                self.targets[begin:end],
                {name: column[begin:end] for name, column in self.raw.items()},
            )
            runs.append((block * BLOCK_S, part))
            begin = end
        return runs
