"""Inputs: each configured source with its intake, its health and its account."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from twisted.internet.defer import Deferred, gatherResults

from logmond.config.schema import SourceConfig, StatsConfig
from logmond.daemon.notes import ClockWarnings, ServerWatch, notes_of
from logmond.errors import SourceError
from logmond.frame.caps import Caps, caps_for
from logmond.ingest.formats.proxies import TrustedProxies
from logmond.ingest.formats.values import redacted
from logmond.ingest.intake import Intake
from logmond.ingest.kernel.names import Label
from logmond.ingest.kernel.python import PythonKernel
from logmond.ingest.ledger import OUTCOMES, SUBSETS, Ledger
from logmond.ingest.sources.file import FileSource
from logmond.ingest.sources.seam import Credentialed, Health, Source
from logmond.ingest.sources.stdin import StdinSource
from logmond.ingest.sources.table import listener
from logmond.interfaces.surface import SourceStatus
from logmond.telemetry import decoded, visible

RATE_S = 10
"""Seconds over which lines per second are shown, and a silent or hopeless source is judged."""

MIN_REJECTS = 10
"""Rejects in a row before a source that once worked is called degraded."""

BAD = ("unparsed", "oversize", "cut")
"""Outcomes of what should have been counted."""


@dataclass(frozen=True)
class Surroundings:
    """What every input needs of the daemon."""

    reactor: Any
    wall: Callable[[], float]
    stats: StatsConfig
    passed: list[socket.socket] = field(default_factory=list)
    sharing: int = 1
    """How many sources share what the memory limit lets kernels remember."""

    @property
    def caps(self) -> Caps:
        """The caps of one source's kernel."""
        caps = caps_for(self.stats.memory_limit_bytes)
        return replace(caps, remembered=max(1000, caps.remembered // self.sharing))


class Input:
    """One configured source: its listeners or files, and the intake they share."""

    def __init__(
        self, config: SourceConfig, around: Surroundings, ledger: Ledger | None = None
    ) -> None:
        self.config = config
        self.name = config.name
        zone = config.zone() or local_zone()
        tags = frozenset(tag.encode() for tag in config.accept.tag or ())
        self.formats = config.formats()
        kernel = PythonKernel(
            config.name,
            self.formats,
            labels=labels_of(around.stats),
            zone=zone,
            max_skew_s=around.stats.max_skew_s,
            caps=around.caps,
            proxies=TrustedProxies(config.trusted_proxies),
        )
        self.intake = Intake(config.name, kernel, around.wall, tags=tags, zone=zone, ledger=ledger)
        self.sources: list[Source] = list(self._sources(around))
        self._wall = around.wall
        self._rejecting_since: float | None = None
        self._history: deque[tuple[int, int]] = deque(maxlen=RATE_S + 1)
        self.health = Health()
        self.closing = False
        self._unopened: Health | None = None
        self._clocks = ClockWarnings(config.name)
        self._server = ServerWatch(config.name, config.read)

    def _sources(self, around: Surroundings) -> Iterator[Source]:
        config = self.config
        setting = f"sources.{config.name}.listen"
        for address in config.listen:
            yield listener(
                str(address),
                self.intake,
                around.reactor,
                passed=around.passed,
                setting=setting,
                wall=around.wall,
                **(config.credentials if address.scheme == "tls" else {}),
            )
        if config.files:
            yield FileSource(
                config.name, config.files, self.intake, start=config.start, reactor=around.reactor
            )
        if config.stdin:
            yield StdinSource(self.intake, around.reactor)

    @property
    def ledger(self) -> Ledger:
        """The account of this source."""
        return self.intake.ledger

    @property
    def files(self) -> FileSource | None:
        """The files it follows, if it does."""
        return next((s for s in self.sources if isinstance(s, FileSource)), None)

    def open(self) -> None:
        """Bind or open everything; what was bound is freed again when one cannot be.

        Raises:
            SourceError: naming the address and the way out.
        """
        opened: list[Source] = []
        try:
            for source in self.sources:
                source.open()
                opened.append(source)
        except BaseException:
            for source in opened:
                source.close()
            raise

    def try_open(self) -> str | None:
        """Open, or say why not and try again at every tick: a reload must not end the daemon."""
        try:
            self.open()
        except SourceError as error:
            self._unopened = Health(
                "degraded", f"cannot be opened: {error}", self._wall(), broken=True
            )
            return str(error)
        self._unopened = None
        return None

    def reload(self, config: SourceConfig) -> tuple[list[str], list[str]]:
        """Read certificates again; (what was changed, what could not be used), a line each.

        `config` equals that so far.
        """
        self._server = ServerWatch(self.name, config.read)
        told, problems = [], []
        for source in self.sources:
            if isinstance(source, Credentialed):
                try:
                    told.append(source.reload())
                except SourceError as error:
                    problems.append(str(error))
        return [line for line in told if line], problems

    def close(self) -> Deferred[None]:
        """Stop receiving; hand over what was accepted. Once: `closing` says that it was asked."""
        self.closing = True
        closing = gatherResults([source.close() for source in self.sources], consumeErrors=True)
        return closing.addCallback(lambda _: None)

    def tick(self) -> int:
        """Rescan and judge; return how many datagrams the kernel dropped since the last tick."""
        if self._unopened is not None and not self.closing:
            self.try_open()
        for source in self.sources if self._unopened is None and not self.closing else ():
            source.tick()
        totals = self.ledger.totals
        counted, drops = totals["counted"], totals["kernel_drops"]
        before = self._history[-1][1] if self._history else drops
        self._history.append((counted, drops))
        self.health = self._judged()
        self._clocks.look(self.intake, self._wall())
        self._server.tick()
        return drops - before

    @property
    def hopeless(self) -> bool:
        """Whether it is broken for its lines: none of those that came last could be read."""
        return self._rejecting_since is not None

    def _judged(self) -> Health:
        """The worst of what its sources say and of what arrives."""
        if self._unopened is not None:
            return self._unopened
        found = [source.health() for source in self.sources]
        worst = max(found, key=lambda health: (health.broken, health.state == "degraded"))
        if worst.state == "degraded":
            self._rejecting_since = None
            return worst
        hopeless = self._hopeless()
        if hopeless is not None:
            return hopeless
        refused = self._refused()
        if refused is not None:
            return refused
        waiting = [health for health in found if health.state == "waiting"]
        return waiting[0] if waiting else worst

    def _hopeless(self) -> Health | None:
        """Degraded when only rejects arrive, with one of them to look at."""
        rejects = self.ledger.rejects_since_good
        if not rejects or (self.ledger.totals["counted"] and rejects < MIN_REJECTS):
            self._rejecting_since = None
            return None
        if self._rejecting_since is None:
            self._rejecting_since = self._wall()
        kinds = [name for name in BAD if self.ledger.samples.get(name)]
        kind = kinds[0] if kinds else "unparsed"
        sample = visible(decoded(redacted(self.ledger.samples[kind][-1])[:80])) if kinds else ""
        reason = (
            f'delivers only lines that cannot be read ({rejects} {kind}), for example "{sample}"'
        )
        return Health("degraded", reason, self._rejecting_since, broken=True)

    def _refused(self) -> Health | None:
        """Degraded when all that ever came was filtered: a wrong tag, or the wrong log."""
        kind = next((kind for kind in ("tag", "error log") if self.ledger.samples.get(kind)), None)
        if kind is None or self.ledger.totals["counted"]:
            return None
        sample = visible(decoded(redacted(self.ledger.samples[kind][-1])[:80]))
        tags = ", ".join(self.config.accept.tag or ())
        reason = f'has counted nothing: only lines of an error log came: "{sample}"'
        if kind == "tag":
            reason = (
                f'has counted nothing: accept takes the tag {tags} only, others came: "{sample}"'
            )
        return Health("degraded", reason, self._wall())

    def status(self) -> SourceStatus:
        """Everything `sources` shows of it."""
        totals = self.ledger.totals
        counters = {
            name: totals[name] for name in (*OUTCOMES, *SUBSETS, "received", "kernel_drops")
        }
        notes = [health.reason for s in self.sources if (health := s.health()).reason]
        return SourceStatus(
            name=self.name,
            address=", ".join(source.address for source in self.sources),
            state=self.health.state,
            reason=self.health.reason if self.health.state != "ok" else "",
            lag_s=self.intake.lag_s,
            lines_per_second=self.lines_per_second,
            last_line_at=self.ledger.last_line_at,
            samples={
                kind: [decoded(redacted(raw)) for raw in kept]
                for kind, kept in self.ledger.samples.items()
            },
            filtered_by=dict(self.ledger.filtered),
            notes=[
                *self.config.notes,
                *self._server.notes,
                *(note for note in notes if note != self.health.reason),
                *(note for s in self.sources if isinstance(s, Credentialed) for note in s.notes),
                *notes_of(self.intake, self.config.format, self._wall()),
            ],
            **counters,
        )

    @property
    def lines_per_second(self) -> float:
        """Lines counted a second over the last `RATE_S` seconds."""
        if len(self._history) < 2:
            return 0.0
        return (self._history[-1][0] - self._history[0][0]) / (len(self._history) - 1)


def labels_of(config: StatsConfig) -> tuple[Label, ...]:
    """The operator's own dimensions, in the order of the configuration."""
    return tuple(
        Label.of(name, label.field, label.contains) for name, label in config.labels.items()
    )


def local_zone() -> tzinfo:
    """This machine's zone, with its changes of clock; UTC where it is not told."""
    try:
        with open("/etc/localtime", "rb") as file:
            return ZoneInfo.from_file(file, "localtime")
    except (OSError, ValueError):
        return UTC


def changed(old: Sequence[SourceConfig], new: Sequence[SourceConfig]) -> set[str]:
    """Names of sources that are new, gone or configured differently."""
    before, after = ({config.name: config for config in part} for part in (old, new))
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
