"""Outlets: the configured outputs, made and joined to the services they speak for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from logmond.alerts.service import AlertService
from logmond.config.schema import ConsoleConfig, FileConfig, OutputConfig
from logmond.outputs.console import style_of
from logmond.outputs.dispatch import Dispatch, Output
from logmond.outputs.linewriter import LineWriter
from logmond.outputs.table import output_class
from logmond.stats.service import StatisticsService


class Outlets:
    """Makes the outputs of a configuration; all as one `Dispatch`."""

    def __init__(
        self,
        stats: StatisticsService,
        alerts: AlertService,
        lost: Callable[[], int],
        environ: Mapping[str, str],
    ) -> None:
        self._stats = stats
        self._alerts = alerts
        self._lost = lost
        self._environ = environ

    def dispatch(self, configs: Sequence[OutputConfig]) -> Dispatch:
        """The outputs of a configuration."""
        return Dispatch(
            [self._made(c) for c in configs if isinstance(c, ConsoleConfig | FileConfig)]
        )

    def _made(self, config: OutputConfig) -> Output:
        made: Output
        if isinstance(config, ConsoleConfig):
            made = output_class(config.type)(
                config.name,
                LineWriter(sys.stdout.fileno()),
                self._stats,
                self._alerts.incidents,
                self._lost,
                style=style_of(sys.stdout.fileno(), self._environ),
                every_s=config.every_s,
            )
        else:
            assert isinstance(config, FileConfig)
            made = output_class(config.type)(
                config.name, config.path, config.format, config.mode_bits
            )
        return made
