"""The demo: a configuration made of a scenario, and its traffic sent to the daemon itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import yaml
from twisted.internet.defer import Deferred

from logmond.config.loading import Loaded, loads
from logmond.errors import ConfigError, Problem
from logmond.ingest.scenarios import BACKFILL_S, SCENARIOS, Scenario
from logmond.ingest.sources.demo import Demo

if TYPE_CHECKING:
    from logmond.daemon.service import Daemon

ORIGIN = "demo"

DRAIN_S = 0.2
"""Seconds from the last past line to the first evaluation."""


def scenario_named(name: str) -> Scenario:
    """The scenario of a name.

    Raises:
        ConfigError: there is none.
    """
    if name not in SCENARIOS:
        known = ", ".join(SCENARIOS)
        raise ConfigError([Problem("--scenario", name, f"no such scenario; there are {known}")])
    return SCENARIOS[name]


def load_demo(name: str, environ: Mapping[str, str], sets: Sequence[str]) -> Loaded:
    """The configuration a scenario is shown with: the defaults, its rules and labels."""
    scenario = scenario_named(name)
    data: dict[str, Any] = {"rules": list(scenario.rules), "history": "none"}
    if scenario.labels:
        data["stats"] = {"labels": scenario.labels}
    return loads(yaml.safe_dump(data, sort_keys=False), ORIGIN, environ, sets)


class Feed:
    """The traffic of a scenario, sent to a daemon's own UDP listener."""

    backfill_s = BACKFILL_S

    def __init__(self, name: str, seed: int) -> None:
        self._scenario = scenario_named(name)
        self._seed = seed
        self._demo: Demo | None = None

    def start(self, daemon: Daemon, hold: Deferred[None]) -> None:
        """Send the past minutes, then let evaluation go on, then each second its lines.

        Raises:
            SourceError: the listener cannot be sent to.
        """
        addresses = [a for source in daemon.loaded.config.sources for a in source.listen]
        address = next((a for a in addresses if a.scheme == "udp"), None)
        if address is None:
            raise ConfigError([Problem(ORIGIN, "sources", "the demo needs a udp:// listener")])
        self._demo = Demo(
            self._scenario, self._seed, (address.host, address.port), daemon.around.wall,
            daemon.reactor,
        )  # fmt: skip
        # What was sent last is still in the kernel: evaluate once it was drained.
        self._demo.backfilled.addCallbacks(
            lambda _: daemon.reactor.callLater(DRAIN_S, hold.callback, None), lambda _: None
        )
        self._demo.start()

    def stop(self) -> None:
        """Send no more."""
        if self._demo is not None:
            self._demo.stop()
