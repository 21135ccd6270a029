"""The reference kernel: lines in, what they amounted to out.

Theory of operation. `scan` takes a chunk of whole lines. One `findall` reads
them all into rows; only when some line did not fit is the chunk read line by
line, each line tried by the other formats of the source too. Rows are turned
into columns once, and every statistic is counted by a pass of C over a column:
the values that repeat (request lines, clients, stamps) are looked up in memos,
the rest is left as bytes until a second is taken out. Nothing here depends on
how the stream was cut into chunks.

One instance belongs to one thread at a time. No sockets, no clock: the moment
of arrival is an argument.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, tzinfo
from itertools import groupby
from typing import NamedTuple

from logmond.frame.admit import admit
from logmond.frame.caps import Caps
from logmond.frame.frame import Bounded, Delta, Exact
from logmond.ingest.formats.compiled import Format, TextFormat
from logmond.ingest.formats.fields import FORWARDED
from logmond.ingest.formats.proxies import TrustedProxies
from logmond.ingest.kernel import names
from logmond.ingest.kernel.bounded import BoundedCounter
from logmond.ingest.kernel.columns import Columns
from logmond.ingest.kernel.exact import ExactCounter
from logmond.ingest.kernel.memo import Memo
from logmond.ingest.kernel.stamps import DEFAULT_MAX_SKEW_S, Fallback, Stamps

Row = tuple[bytes, ...]

MAX_DIRECTIVES = 64
"""Distinct ``#Fields:`` lines remembered; a server has one or two."""

_LINE = re.compile(rb"([^\n]*)\n")


class Scanned(NamedTuple):
    """What a chunk held: `counted` lines, the newest second among them, and the rejects."""

    counted: int
    newest: int | None
    rejects: list[tuple[int, bytes]]
    """(number of the line in its chunk, the line without CR) of every line no format took."""
    reject_seconds: Sequence[int | None] = ()
    """For each reject, where the counted line before it counts, else the one behind it."""

    @property
    def behind_the_last(self) -> int:
        """The place among `rejects` from which on no counted line follows any more."""
        place, number = len(self.rejects), self.counted + len(self.rejects)
        while place and self.rejects[place - 1][0] == number - 1:
            place, number = place - 1, number - 1
        return place


class PythonKernel:
    """Lines of one source, counted by second and block until they are taken."""

    kind = "python"

    def __init__(
        self,
        source: str,
        formats: Sequence[Format],
        *,
        labels: Sequence[names.Label] = (),
        zone: tzinfo = UTC,
        max_skew_s: int = DEFAULT_MAX_SKEW_S,
        caps: Caps | None = None,
        proxies: TrustedProxies | None = None,
    ) -> None:
        self.source = source
        self.stamps = Stamps(zone, max_skew_s)
        self.by_format: Counter[str] = Counter()
        """Lines counted by each format."""
        self._caps = caps or Caps()
        self._behind_proxies = Memo(proxies.client, self._caps.remembered) if proxies else None
        self._readers = [self._reader(fmt) for fmt in formats]
        self.directives: Counter[str] = Counter()
        """How often each ``#Fields:`` line changed the format of what follows."""
        self._delta = Delta()
        self._requests = Memo(names.target_of, self._caps.remembered)
        self._uris = Memo(names.target_of_uri, self._caps.remembered)
        self._exact = ExactCounter(source, labels)
        self._bounded = BoundedCounter(self._caps.remembered)

    def scan(
        self,
        chunk: bytes,
        arrival: float,
        *,
        believed: bool,
        fallback: Fallback | None = None,
    ) -> Scanned:
        """Count the whole lines of `chunk`, each ended by LF.

        Args:
            chunk: lines; what follows the last LF is not looked at.
            arrival: wall time in seconds, for lines without a stamp of their own.
            believed: stamps count however old they are.
            fallback: the second named by a line's syslog header, where lines have one.
        """
        lines = chunk.count(b"\n")
        if not lines:
            return Scanned(0, None, [])
        self.stamps.begin()
        leader = self._readers[0]
        rows = leader.rows(chunk)
        if len(rows) == lines:
            seconds = self._count(leader.format, rows, arrival, fallback, believed)
            return Scanned(lines, max(seconds), [])
        return self._scan_lines(chunk, arrival, fallback, believed)

    def take(self) -> Delta:
        """What was counted since it was last taken."""
        delta, self._delta = self._delta, Delta()
        return delta

    def reads(self, line: bytes) -> bool:
        """Whether a format takes the line."""
        return any(reader.format.row(line) is not None for reader in self._readers)

    @property
    def oldest(self) -> int | None:
        """The oldest second that something was counted in since it was last taken."""
        return min(self._delta.exact, default=None)

    def _scan_lines(
        self,
        chunk: bytes,
        arrival: float,
        fallback: Fallback | None,
        believed: bool,
    ) -> Scanned:
        """Count line by line; neighbours of one format are counted together, in order."""
        rejects: list[tuple[int, bytes]] = []
        read: list[tuple[Format, Row, int]] = []
        for number, line in enumerate(_LINE.findall(chunk)):
            body = line.removesuffix(b"\r")
            if body.startswith(b"#") and self._directed(body):
                rejects.append((number, line))
                continue
            for reader in self._readers:
                row = reader.format.row(body)
                if row is not None:
                    read.append((reader.format, row, number))
                    break
            else:
                rejects.append((number, body))
        seconds: dict[int, int] = {}
        for fmt, group in groupby(read, key=lambda item: item[0]):
            _, members, numbers = zip(*group, strict=True)
            theirs = _renumbered(fallback, numbers) if fallback else None
            counted = self._count(fmt, members, arrival, theirs, believed)
            seconds.update(zip(numbers, counted, strict=True))
        self._promote(Counter(fmt.name for fmt, _, _ in read))
        newest = max(seconds.values(), default=None)
        return Scanned(len(read), newest, rejects, _neighbours(seconds, rejects))

    def _reader(self, fmt: Format) -> _Reader:
        return _Reader(fmt if self._behind_proxies is None else fmt.forwarding())

    def _directed(self, line: bytes) -> bool:
        """Take a line that says how those behind it are written; whether it was one."""
        for place, reader in enumerate(self._readers):
            fmt = reader.format.directive(line)
            if fmt is not None:
                if fmt.shape != reader.format.shape:
                    self._readers[place] = self._reader(fmt)
                    if len(self.directives) < MAX_DIRECTIVES:
                        self.directives[fmt.shape] += 1
                return True
        return False

    def _promote(self, counted: Counter[str]) -> None:
        """Try the format first that most lines had.

        The rest keeps its order, specific before general, so a line two
        formats could read is always read by the same one or by the leader.
        """
        if not counted or len(self._readers) == 1:
            return
        busiest = counted.most_common(1)[0][0]
        self._readers.sort(key=lambda reader: reader.format.name != busiest)

    def _count(
        self,
        fmt: Format,
        rows: Sequence[Row],
        arrival: float,
        fallback: Fallback | None,
        believed: bool,
    ) -> list[int]:
        """Count rows of one format; return the second of each."""
        self.by_format[fmt.name] += len(rows)
        raw: dict[str, Sequence[bytes]] = dict(
            zip(fmt.fields, zip(*rows, strict=True), strict=True)
        )
        if self._behind_proxies is not None:
            self._unproxy(self._behind_proxies, raw)
        seconds = self.stamps.seconds(
            fmt.time_kind, raw.get("time"), fallback, len(rows), arrival, believed=believed
        )
        columns = Columns(seconds, self._targets_of(raw, len(rows)), raw)
        delta, caps = self._delta, self._caps
        for second, exact in self._exact.count(columns, fmt.duration_unit).items():
            span = delta.exact.get(second)
            if span is None:
                span = delta.exact[second] = Exact()
            admit(span, exact, caps.open_cells, caps.open_durations)
        for block, run in columns.blocks():
            bounded = delta.bounded.get(block)
            if bounded is None:
                bounded = delta.bounded[block] = Bounded()
            self._bounded.count(bounded, run)
        return seconds

    def _unproxy(self, behind: Memo[bytes], raw: dict[str, Sequence[bytes]]) -> None:
        """Put the client that trusted proxies asked for in the place of the proxy."""
        clients = raw.get("client")
        if clients is None:
            return
        lists = raw.pop(FORWARDED, None)
        if lists is not None:
            clients = list(map(b"%b,%b".__mod__, zip(lists, clients, strict=True)))
        raw["client"] = list(map(behind.__getitem__, clients))

    def _targets_of(self, raw: dict[str, Sequence[bytes]], lines: int) -> list[names.Target]:
        """Method, section and path of every line, whatever the format calls them."""
        requests = raw.get("request")
        if requests is None:
            uris = raw.get("uri") or raw.get("path") or [b"-"] * lines
            if "method" not in raw:
                return list(map(self._uris.__getitem__, uris))
            requests = list(map(b"%b %b".__mod__, zip(raw["method"], uris, strict=True)))
        return list(map(self._requests.__getitem__, requests))


def _neighbours(seconds: dict[int, int], rejects: Sequence[tuple[int, bytes]]) -> list[int | None]:
    """The second of the counted line before each reject, else of the first one; None without."""
    order = iter(seconds.items())
    number, second = next(order, (None, None))
    ahead: tuple[int | None, int | None] = (number, second)
    found: list[int | None] = []
    for place, _ in rejects:
        while ahead[0] is not None and ahead[0] < place:
            second = ahead[1]
            ahead = next(order, (None, None))
        found.append(second)
    return found


def _renumbered(fallback: Fallback, numbers: Sequence[int]) -> Fallback:
    """The same for some of the lines, numbered anew."""
    return lambda number: fallback(numbers[number])


class _Reader:
    """A format as the kernel reads it: a chunk at a time where it is text."""

    def __init__(self, fmt: Format) -> None:
        self.format = fmt
        self._findall = fmt.regex().findall if isinstance(fmt, TextFormat) else None
        self._single = len(fmt.fields) == 1

    def rows(self, chunk: bytes) -> list[Row]:
        """A row for every line that fits; fewer than there are lines when some do not."""
        if self._findall is not None:
            found = self._findall(chunk)
            return [(value,) for value in found] if self._single else found
        rows = []
        for line in _LINE.findall(chunk):
            row = self.format.row(line.removesuffix(b"\r"))
            if row is None:
                break
            rows.append(row)
        return rows
