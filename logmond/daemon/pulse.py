"""The daemon's heartbeat: made from the configuration, told each second how the daemon is."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from logmond.config.heartbeat import HeartbeatConfig
from logmond.outputs.hiding import parts
from logmond.outputs.status import OutputStatus
from logmond.outputs.weburl import parse

if TYPE_CHECKING:
    from logmond.daemon.service import Daemon
    from logmond.outputs.heartbeat import Heartbeat


class Pulse:
    """At most one heartbeat, whatever the configuration says at the moment."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._commits = 0
        self._heartbeat: Heartbeat | None = None

    def use(self, config: HeartbeatConfig) -> None:
        """Beat as a configuration says from now on, or not at all."""
        self.close()
        if config.url is None:
            return
        around = self._daemon.around
        # Only now: it takes a client of HTTP along.
        posting: Any = import_module("logmond.outputs.posting")
        beating: Any = import_module("logmond.outputs.heartbeat")
        address = parse(config.url)
        poster = posting.Poster(
            around.reactor,
            address,
            allow_private=config.allow_private,
            secrets=parts(address.path),
        )

        def post(body: bytes) -> Any:
            said = None if config.method == "get" else body
            return poster.post(said, {"Content-Type": "text/plain; charset=utf-8"}, around.wall())

        self._heartbeat = beating.Heartbeat(
            post,
            every_s=config.every_s,
            timeout_s=config.timeout_s,
            reactor=around.reactor,
            wall=around.wall,
        )

    def committed(self, _: object) -> None:
        """A commit is over: it counts if it was written."""
        if self._daemon.state.problem is None:
            self._commits += 1

    def tick(self) -> None:
        """Once a second, after it was evaluated and given to be kept."""
        if self._heartbeat is not None:
            reasons = "; ".join(self._daemon.overview.reasons())
            self._heartbeat.tick(self._daemon.stats.evaluated, self._commits, reasons)

    @property
    def problems(self) -> list[str]:
        """Why nobody hears it, once that has gone on for long."""
        problem = self._heartbeat.problem if self._heartbeat else None
        return [problem] if problem else []

    def statuses(self) -> list[OutputStatus]:
        """How it is doing, if there is one."""
        return [self._heartbeat.status()] if self._heartbeat else []

    def close(self) -> None:
        """Beat no more."""
        heartbeat, self._heartbeat = self._heartbeat, None
        if heartbeat is not None:
            heartbeat.close()
