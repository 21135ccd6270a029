"""The parsing side of one configured source: messages and lines in, frames and a ledger out.

Whatever the transport, everything of one source passes here: header, acceptance,
repetition, kernel; and every message ends in exactly one place of the ledger.
No sockets; the moment of arrival comes from the clock handed in.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, tzinfo

from logmond.frame.frame import Delta, Exact
from logmond.ingest.clocks import SenderClocks
from logmond.ingest.kernel.python import PythonKernel, Scanned
from logmond.ingest.kernel.stamps import Fallback
from logmond.ingest.ledger import OUTCOMES, SAMPLE_BYTES, Ledger
from logmond.ingest.syslog import Header, SyslogParser, header_second, noise, repeated

TRUNCATIONS = frozenset((1024, 2048, 8192))
"""Lengths at which senders cut: HAProxy a message at 1024, `logger` what stands behind its
header, others at 2048 or 8192."""

_CUT = TRUNCATIONS | {length + 1 for length in TRUNCATIONS}

MAX_REPEATED = 10_000
"""Lines one "message repeated N times" may stand for; more is not believed."""

RECENT_LINES = 5
"""Lines kept as samples of what a source delivers."""

FILED = (*OUTCOMES, "received", "kernel_drops", "late")
"""Counters of the ledger that are filed by second too, so that rules can watch them."""


class Intake:
    """Everything one source delivered, until it is taken."""

    def __init__(
        self,
        name: str,
        kernel: PythonKernel,
        wall: Callable[[], float],
        *,
        tags: frozenset[bytes] = frozenset(),
        zone: tzinfo = UTC,
        ledger: Ledger | None = None,
    ) -> None:
        """Start with nothing. If there are `tags`, messages with others are filtered."""
        self.name = name
        self.kernel = kernel
        self.ledger = ledger or Ledger()
        self._wall = wall
        self._tags = tags
        self._zone = zone
        self._syslog = SyslogParser()
        self.recent: deque[bytes] = deque(maxlen=RECENT_LINES)
        """The last counted line of each of the newest batches, as it arrived."""
        self.lag_s: float | None = None
        """How far the newest line's stamp was behind its arrival, in seconds."""
        self.clocks = SenderClocks()
        self._filed: Counter[str] = Counter(self.ledger.totals)
        self._placed: dict[int, Counter[str]] = {}
        """Outcomes of lines by their second, where lines tell one."""
        self._by_line = False
        self._headed = False
        self._behind_headers: list[bytes] = []

    def messages(self, messages: Sequence[bytes], *, believed: bool, peer: str = "") -> int | None:
        """Take framed messages, with or without a syslog header (see the seam)."""
        arrival = self._wall()
        headers: list[Header | None] = []
        bodies: list[bytes] = []
        suspects = 0
        split, tags = self._syslog.split, self._tags
        for message in messages:
            header, body = split(message)
            if header is not None and message[:1] != b"<" and self.kernel.reads(message):
                header, body = None, message  # a format of its own that begins like a header
            if tags and (header is None or header.tag not in tags):
                self.ledger.reject("filtered", message, reason="tag")
                continue
            if (len(message) in _CUT and _cut(message)) or len(body) in TRUNCATIONS:
                suspects += not self._by_line
            times, body = repeated(body)
            if times > 1:
                times = min(times, MAX_REPEATED)
                self.ledger.note("repeated", times)
                headers += [header] * (times - 1)
                bodies += [body] * (times - 1)
            headers.append(header)
            bodies.append(body)
        if not bodies:
            return None
        chunk = b"\n".join(bodies)
        if chunk.count(b"\n") != len(bodies) - 1:  # octet counting lets a message hold LF
            chunk = b"\n".join(body.replace(b"\n", b" ") for body in bodies)
        fallback = self._fallback(headers, arrival)
        scanned = self.kernel.scan(chunk + b"\n", arrival, believed=believed, fallback=fallback)
        self.ledger.note("truncated_suspect", suspects)
        first = split(messages[0])[0]
        if not self._by_line and (not tags or (first is not None and first.tag in tags)):
            self._note_clock(peer, headers[0], scanned, arrival)
        self._account(chunk + b"\n", scanned, arrival, headers)
        return scanned.newest

    def lines(self, chunk: bytes) -> int | None:
        """Take whole lines, each ended by LF (see the seam): bare, or with a syslog header each.

        A line is looked at for one where it cannot be read as it stands; first of
        all once a chunk has begun with one, since then few can.
        """
        self._by_line = True
        if not self._headed:
            self._headed = self._syslog.split(chunk[: chunk.find(b"\n")])[0] is not None
        if self._headed or self._tags:
            return self.messages(chunk.split(b"\n")[:-1], believed=True)
        arrival = self._wall()
        scanned = self.kernel.scan(chunk, arrival, believed=True)
        self._account(chunk, scanned, arrival, None)
        behind_headers, self._behind_headers = self._behind_headers, []
        if not behind_headers:
            return scanned.newest
        newest = self.messages(behind_headers, believed=True)
        return max(filter(None, (scanned.newest, newest)), default=None)

    def take(self, second: int | None) -> Delta:
        """What was counted since it was last taken, with the movement of the ledger.

        Of lines that were written some time ago (`lines`) it is filed where they
        count, a reject beside its neighbour; everything else at `second`. None
        leaves that to a later call, when somebody knows.
        """
        delta = self.kernel.take()
        if self._by_line:
            for at, exact in delta.exact.items():
                self._placed.setdefault(at, Counter())["counted"] += exact.hits
            for at, moved in self._placed.items():
                moved["received"] = moved.total()
                self._file(delta, at, moved)
            self._placed = {}
        if second is not None:
            totals = self.ledger.totals
            rest = {name: totals[name] - self._filed[name] for name in FILED}
            self._file(delta, second, rest)
        return delta

    def _file(self, delta: Delta, second: int, moved: Mapping[str, int]) -> None:
        """Enter what moved in a second."""
        ledger = {(self.name, counter): moved[counter] for counter in moved if moved[counter]}
        if ledger:
            delta.exact.setdefault(second, Exact()).merge(Exact(ledger=ledger))
            self._filed.update(moved)

    def _fallback(self, headers: list[Header | None], arrival: float) -> Fallback:
        """The second a message's header names; headers repeat, so each is read once."""
        known: dict[int, int | None] = {}

        def second_of(number: int) -> int | None:
            header = headers[number]
            if id(header) not in known:
                known[id(header)] = header_second(header, arrival, self._zone)
            return known[id(header)]

        return second_of

    def _note_clock(
        self, peer: str, header: Header | None, scanned: Scanned, arrival: float
    ) -> None:
        """What the first message says of its sender's clock: a sample, not one of each sender."""
        first = self.kernel.stamps.first
        if first is not None and not (scanned.rejects and scanned.rejects[0][0] == 0):
            host = header.host if header else b""
            self.clocks.note(peer, host, arrival - first, arrival)

    def _account(
        self,
        chunk: bytes,
        scanned: Scanned,
        arrival: float,
        headers: list[Header | None] | None,
    ) -> None:
        """Enter a scanned chunk in the ledger."""
        ledger = self.ledger
        behind = scanned.behind_the_last
        if scanned.newest is not None:
            self.lag_s = max(0.0, arrival - scanned.newest)
            self.recent.append(_last(chunk, len(scanned.rejects) - behind)[:SAMPLE_BYTES])
        kinds = self._refuse(scanned.rejects[:behind], headers)
        ledger.counted(scanned.counted, arrival)
        kinds += self._refuse(scanned.rejects[behind:], headers)
        if self._by_line:
            for kind, second in zip(kinds, scanned.reject_seconds, strict=False):
                if kind and second is not None:
                    self._placed.setdefault(second, Counter())[kind] += 1
        skewed = self.kernel.stamps.skewed
        if skewed:
            ledger.note("skewed", skewed)
            self.kernel.stamps.skewed = 0

    def _refuse(
        self, rejects: Sequence[tuple[int, bytes]], headers: list[Header | None] | None
    ) -> list[str]:
        """Enter rejects; the outcome of each, "" for what is read once more behind its header."""
        kinds = []
        for number, line in rejects:
            if headers is None and self._syslog.split(line)[0] is not None:
                self._behind_headers.append(line)
                kinds.append("")
                continue
            reason = noise(headers[number] if headers else None, line)
            kind = "unparsed" if reason is None else "filtered"
            self.ledger.reject(kind, line, reason=reason or "")
            kinds.append(kind)
        return kinds


def _last(chunk: bytes, behind: int) -> bytes:
    """The last of some whole lines, apart from those `behind` it."""
    end = len(chunk) - 1
    for _ in range(behind):
        end = chunk.rfind(b"\n", 0, end)
    return chunk[chunk.rfind(b"\n", 0, end) + 1 : end]


def _cut(message: bytes) -> bool:
    """Whether it has such a length without its end: HAProxy cuts first and adds an LF then."""
    return len(message.rstrip(b"\n\0")) in TRUNCATIONS
