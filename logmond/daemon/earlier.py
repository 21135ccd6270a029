"""What a backtest knows of earlier days: the minutes it has replayed, before those of a file.

A state file gives minutes and incidents from before the logs begin; what it
says of the replayed time is left aside, for there the logs speak.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from logmond.alerts.baseline import Baselines
from logmond.alerts.earlier import Remembered
from logmond.alerts.rule import Rule
from logmond.alerts.spans import recalled
from logmond.config.statistics import StatsConfig
from logmond.daemon.inputs import local_zone
from logmond.errors import StateError
from logmond.frame.caps import Caps
from logmond.frame.minutes import merge_minutes
from logmond.stats.service import StatisticsService
from logmond.stores.history import History

EVERY_S = 600
"""Seconds between two collections of minutes; they are known otherwise for an hour."""

_DAYS_S = 15 * 86400


class Earlier:
    """Minutes of one replay, kept where a rule with a baseline asks for them."""

    def __init__(
        self,
        stats: StatisticsService,
        config: StatsConfig,
        history: History | None,
        caps: Caps,
        *,
        kept: bool,
    ) -> None:
        """`kept`: whether any rule has a baseline; without one nothing is remembered."""
        self._stats = stats
        self._history = history
        self._caps = caps
        self._kept = kept
        self._remembered = Remembered(history)
        zone = config.zone() or local_zone()
        self.baselines = partial(
            Baselines, stats.minute, self._remembered, zone=zone, labels=tuple(config.labels),
            eager=True,
        )  # fmt: skip

    def recall(
        self, baselines: Baselines, rules: Mapping[str, tuple[str, Rule]], evaluated: int
    ) -> None:
        """Before evaluation begins: what incidents there were, and what is usual.

        `rules` are those of `baselines` by name, each with its name in the history.
        """
        if not self._kept:
            return
        for name, (known_as, rule) in rules.items():
            if self._history is not None and rule.baseline:
                rows = self._history.incidents(
                    evaluated - _DAYS_S, until=evaluated + 1, rule=known_as
                )
                spans = recalled(rows, {known_as: rule.group_by})
                baselines.seed([(name, group, first, last) for _, group, first, last in spans])
        baselines.prepare(evaluated)

    def keep(self, second: int) -> None:
        """Take the minutes that were evaluated lately, now and then."""
        if not self._kept or second % EVERY_S:
            return
        self._remembered.put(self._stats.minutes_changed())
        for start, late in self._stats.late_minutes().items():
            self._remembered.put({start: self._with(start, late)})

    def _with(self, start: int, late: bytes) -> bytes:
        before = self._remembered.minute(start)
        try:
            return late if before is None else merge_minutes(before, late, self._caps)
        except StateError:
            return late


def has_baseline(rules: Sequence[Rule]) -> bool:
    """Whether any rule asks what is usual."""
    return any(rule.baseline for rule in rules)
