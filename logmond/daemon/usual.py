"""Joins baselines with the statistics and the history they are made from."""

from __future__ import annotations

from logmond.alerts.baseline import Baselines
from logmond.config.statistics import StatsConfig
from logmond.daemon.inputs import local_zone
from logmond.stats.service import StatisticsService
from logmond.stores.seam import State


def baselines(config: StatsConfig, stats: StatisticsService, state: State) -> Baselines:
    """The baselines of a daemon; nothing is read before `recall`."""
    zone = config.zone() or local_zone()
    return Baselines(stats.minute, state, zone=zone, labels=tuple(config.labels))


def recall(usual: Baselines, state: State, evaluated: int | None) -> None:
    """Read the past before evaluation goes on: so that its first second is judged as any other.

    `evaluated` is the second last evaluated. Without one, old files will say
    where to begin, and what they need is read in passing.
    """
    if evaluated is not None:
        usual.recall(state.incidents, evaluated)
        usual.prepare(evaluated)
