"""Outlets: the configured outputs, made and joined to the services they speak for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from random import Random

from logmond.alerts.service import AlertService
from logmond.config.notify import NotifierConfig
from logmond.config.schema import ConsoleConfig, FileConfig, OutputConfig
from logmond.daemon.differences import difference
from logmond.daemon.inputs import Surroundings
from logmond.outputs.console import style_of
from logmond.outputs.delivery import Delivery
from logmond.outputs.dispatch import Dispatch, Output
from logmond.outputs.linewriter import LineWriter
from logmond.outputs.messenger import Messenger
from logmond.outputs.notifier import Notifier
from logmond.outputs.table import notifier_class, output_class
from logmond.stats.service import StatisticsService


class Outlets:
    """Makes the outputs of a configuration; all as one `Dispatch`."""

    def __init__(
        self,
        stats: StatisticsService,
        alerts: AlertService,
        lost: Callable[[], int],
        environ: Mapping[str, str],
        around: Surroundings,
    ) -> None:
        self._stats = stats
        self._alerts = alerts
        self._lost = lost
        self._environ = environ
        self._around = around
        self._chance = Random()

    def open(self, dispatch: Dispatch, configs: Sequence[OutputConfig]) -> None:
        """Give `dispatch` the outputs of a configuration."""
        dispatch.use([self._made(config) for config in configs])

    def change(
        self, dispatch: Dispatch, old: Sequence[OutputConfig], new: Sequence[OutputConfig]
    ) -> list[str]:
        """Give `dispatch` other outputs; returns what is to be said of that.

        One that stays as it is goes on; one of the same name and type goes on
        with its queue and under its new settings; all others are closed.
        """
        running = {output.name: output for output in dispatch.outputs}
        known = {config.name: config for config in old}
        outputs, told = [], []
        for config in new:
            known_as = known.get(config.name)
            if known_as == config:
                outputs.append(running.pop(config.name))
            elif isinstance(config, NotifierConfig) and _same_kind(known_as, config):
                messenger = running.pop(config.name)
                assert isinstance(messenger, Messenger)
                messenger.replace(config.audience, self._notifier(config), config.terms)
                outputs.append(messenger)
            else:
                continue
        kept = {output.name: output for output in outputs}
        leaving = list(running.values())
        for output in leaving:
            if isinstance(output, Messenger) and output.queued:
                count = output.queued
                left = "1 message was" if count == 1 else f"{count:,} messages were"
                told.append(f"output {output.name}: {left} not delivered")
            output.close()
        made = [kept.get(config.name) or self._made(config) for config in new]
        gone = [output for output in leaving if isinstance(output, Messenger)]
        dispatch.use(made, gone)
        names = ", ".join(config.name for config in new)
        return [f"outputs: {names}{difference(old, new)}", *told]

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
        elif isinstance(config, FileConfig):
            made = output_class(config.type)(
                config.name, config.path, config.format, config.mode_bits
            )
        else:
            delivery = Delivery(
                config.name,
                self._notifier(config),
                config.terms,
                reactor=self._around.reactor,
                wall=self._around.wall,
                chance=self._chance,
            )
            made = Messenger(config.name, config.kind, config.audience, delivery, self._around.wall)
        return made

    def _notifier(self, config: NotifierConfig) -> Notifier:
        made: Notifier = notifier_class(config.kind)(
            self._around.reactor, self._alerts.node, **config.settings()
        )
        return made


def _same_kind(old: OutputConfig | None, new: NotifierConfig) -> bool:
    return isinstance(old, NotifierConfig) and old.kind == new.kind
