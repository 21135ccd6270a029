"""Real HTTP requests whose answers are known, because this client saw them."""

from __future__ import annotations

import socket
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection
from itertools import cycle, islice

_PLAN = (
    ("GET", "/"),
    ("GET", "/api/users?page=2"),
    ("POST", "/api/users"),
    ("GET", "/pages/create"),
    ("HEAD", "/pages/create"),
    ("GET", "/api/fail"),
    ("GET", "/old"),
    ("GET", "/missing/%22quoted%22?q=%3Cscript%3E"),
    ("DELETE", "/api/users"),
)

# Both servers escape this quote, each in its own way.
_AGENT = 'check/1.0 ("quoted" \\ and back)'


@dataclass(slots=True)
class Visits:
    """What was asked and answered, by the dimensions logmond counts."""

    total: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    methods: Counter[str] = field(default_factory=Counter)
    sections: Counter[str] = field(default_factory=Counter)

    def add(self, other: Visits) -> None:
        """Add what was asked later."""
        self.total += other.total
        self.statuses += other.statuses
        self.methods += other.methods
        self.sections += other.sections

    @property
    def classes(self) -> dict[str, int]:
        """Hits by status class, as the admin port names them: 1xx to 5xx."""
        found: Counter[str] = Counter()
        for status, hits in self.statuses.items():
            found[f"{status[0]}xx"] += hits
        return {name: found[name] for name in ("1xx", "2xx", "3xx", "4xx", "5xx")}


def visit(port: int, count: int) -> Visits:
    """Send `count` requests of the plan over one connection after another."""
    visits = Visits()
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        for method, target in islice(cycle(_PLAN), count):
            connection.request(method, target, headers={"User-Agent": _AGENT})
            response = connection.getresponse()
            response.read()
            _note(visits, method, target, response.status)
    finally:
        connection.close()
    return visits


def knock(port: int, raw: bytes) -> bytes:
    """Send bytes that are no HTTP, as scanners do; the answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def _note(visits: Visits, method: str, target: str, status: int) -> None:
    path = target.partition("?")[0]
    second = path.find("/", 1)
    visits.total += 1
    visits.statuses[str(status)] += 1
    visits.methods[method] += 1
    visits.sections[path if second < 0 else path[:second]] += 1
