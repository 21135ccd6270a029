"""What an interface may see of the daemon, and the few things it may do to it.

The daemon fills one `Surface`; every interface takes it. The two services are
described by what is asked of them, so that a fake can stand in. Nothing here
opens, reads or counts anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from twisted.internet.defer import Deferred

from logmond.alerts.event import Event
from logmond.alerts.incident import Incident
from logmond.alerts.silences import Silence
from logmond.alerts.status import GroupStatus, RuleStatus
from logmond.frame.selector import Selector
from logmond.outputs.status import OutputStatus
from logmond.stats.results import Summary, TopTable
from logmond.stores.rows import IncidentRow, Kept, SilenceRow


class Statistics(Protocol):
    """The questions asked of `logmond.stats.service`; all are answered at once."""

    @property
    def evaluated(self) -> int | None:
        """The newest evaluated second, None before the first."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The configured labels: dimensions beside those every cell has."""

    def summary(
        self, window_s: int, where: Selector | None = None, by: str | None = None
    ) -> Summary:
        """What the window amounted to, split `by` a dimension.

        Raises:
            QueryError: no such window or dimension is kept.
        """

    def top(self, dimension: str, window_s: int, n: int = 10, *, errors: bool = False) -> TopTable:
        """The `n` most frequent keys of a dimension, over all lines or those >= 400."""


class Alerts(Protocol):
    """What is asked of `logmond.alerts.service`.

    `find`, `acknowledge`, `silence` and `unsilence` raise QueryError for what
    does not exist.
    """

    def incidents(self, all: bool = False) -> Sequence[Incident]:
        """The open incidents, or (`all`) the ended ones that are remembered too."""

    def find(self, text: str) -> Incident:
        """The incident of an id, of a unique suffix of one, or of a rule's name."""

    def statuses(self) -> Sequence[RuleStatus]:
        """Every rule, in the order of the configuration."""

    def acknowledge(self, text: str, who: str, comment: str = "") -> Event:
        """Record that `who` has taken the incident on."""

    def release(self, text: str, who: str = "") -> Event:
        """Take that back; QueryError when nobody had."""

    def groups(self, name: str) -> Sequence[GroupStatus]:
        """The groups of a rule, the worst first."""

    def silences(self) -> Sequence[Silence]:
        """What is silenced now."""

    def silence(
        self,
        rule: str,
        seconds: int,
        comment: str = "",
        who: str = "",
        *,
        group: Mapping[str, str] | None = None,
        since: int | None = None,
    ) -> Silence:
        """Keep a rule from waking people for so long."""

    def unsilence(self, text: str) -> Silence:
        """End a silence early."""

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call back with every event from now on; returns what ends that."""


class History(Protocol):
    """What is asked of the past; answered at once, and never with an error.

    The body of an incident is read by `logmond.alerts.record`, that of a
    silence is a JSON object.
    """

    def incidents(
        self, since: int, until: int | None = None, rule: str | None = None, limit: int = 500
    ) -> Sequence[IncidentRow]:
        """Incidents that were open at some time from `since` until before `until`, newest first."""

    def incident(self, suffix: str) -> Sequence[IncidentRow]:
        """The incidents whose id ends in `suffix`, newest first, at most a few."""

    def silences(self, since: int, limit: int = 500) -> Sequence[SilenceRow]:
        """Silences that were not over at `since`, the last to end first."""


@dataclass(frozen=True, slots=True)
class DaemonStatus:
    """How the daemon is doing: `state` is "ok" or "degraded", and then `reasons` say why.

    `evaluated_at` is the evaluated second (epoch), None before the first.
    `history` is what is kept of the past, None for `history: none`; `late_dropped`
    counts late lines that it does not hold, being of too many minutes.
    """

    version: str
    node: str
    uptime_s: float
    state: str
    reasons: tuple[str, ...]
    kernel: str
    memory_bytes: int
    memory_limit_bytes: int
    lines_per_second: float
    incidents_open: int
    evaluated_at: int | None
    history: Kept | None = None
    late_dropped: int = 0


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """How one source is doing, and its account.

    `received = counted + filtered + unparsed + oversize + cut`; the four after
    them are properties of counted messages; `kernel_drops` stands outside.
    `lag_s` is how far the newest line's stamp was behind its arrival, None
    before the first; `last_line_at` wall time (epoch seconds). `samples` holds
    the newest rejects by kind, `filtered_by` the filtered messages by reason,
    `reason` why it is not "ok", `notes` what an operator should know beside
    (a sender whose clock is wrong, loss that cannot be seen).
    """

    name: str
    address: str
    state: str
    received: int = 0
    counted: int = 0
    filtered: int = 0
    unparsed: int = 0
    oversize: int = 0
    cut: int = 0
    late: int = 0
    skewed: int = 0
    truncated_suspect: int = 0
    repeated: int = 0
    kernel_drops: int = 0
    lag_s: float | None = None
    lines_per_second: float = 0.0
    last_line_at: float | None = None
    samples: Mapping[str, Sequence[str]] = field(default_factory=dict)
    filtered_by: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""
    notes: Sequence[str] = ()

    @property
    def outcomes(self) -> int:
        """Messages with a known outcome: equal to `received` when the account balances."""
        return self.counted + self.filtered + self.unparsed + self.oversize + self.cut

    @property
    def lost(self) -> int:
        """Messages meant for the statistics that are not in them, as far as can be seen."""
        return self.unparsed + self.oversize + self.cut + self.kernel_drops


class ConfigLine(Protocol):
    """One effective value of the configuration and where it came from; secrets as ``***``."""

    @property
    def key(self) -> str: ...
    @property
    def value(self) -> object: ...
    @property
    def origin(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Sample:
    """A line as it arrived, shown without query strings; `kind` says what became of it."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Surface:
    """Everything an interface works with.

    Args:
        now: wall time in seconds.
        reload: read the configuration again; fires with what changed, line by
            line, or fails with ConfigError and the old one stays in use.
        parse: what a line is read as: text for people (lines), and the record.
            Raises QueryError, saying where it fails, for a line no format takes.
        samples: recent lines of a source. Raises QueryError for an unknown name.
        test_output: let an output tell a marked test, with a text of one's own
            or ""; fires when it is delivered, fails with NotDelivered when it is
            not. Raises QueryError for an unknown name.
    """

    stats: Statistics
    alerts: Alerts
    history: History
    now: Callable[[], float]
    status: Callable[[], DaemonStatus]
    sources: Callable[[], Sequence[SourceStatus]]
    config: Callable[[], Sequence[ConfigLine]]
    reload: Callable[[], Deferred[Sequence[str]]]
    parse: Callable[[bytes], tuple[str, Mapping[str, object]]]
    samples: Callable[[str], Sequence[Sample]]
    outputs: Callable[[], Sequence[OutputStatus]]
    test_output: Callable[[str, str], Deferred[None]]
