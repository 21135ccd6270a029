"""The requests that `writers` writes as each server would, and what must be read of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

START = 1_795_453_200


@dataclass(frozen=True)
class Request:
    """What a server knew of a request; empty text is what was not sent."""

    second: int
    client: str
    method: str
    path: str
    query: str
    protocol: str
    status: int
    size: int
    referrer: str
    agent: str
    host: str
    took_ms: int

    @property
    def uri(self) -> str:
        """Path and query."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def line(self) -> str:
        """The request line."""
        return f"{self.method} {self.uri} {self.protocol}"

    def stamp(self, form: str) -> str:
        """Its second in a strftime form."""
        return datetime.fromtimestamp(self.second, UTC).strftime(form)


_PATHS = (
    *("/", "/index.html", "/pages/create", "/api/v1/users/42", "/a%20b/c", "/caf%C3%A9"),
    *("/a;b=c", "/a+b", "/~user/", "/.well-known/x", "/x|y", "/it's", "/" + "l" * 300),
)
_AGENTS = (
    *("curl/8.5.0", "", "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"),
    *("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "café/1"),
    *('a"quote"d', "back\\slash", "[brackets] {braces}", "x" * 400, "comma, and; semicolon"),
)
_CLIENTS = ("203.0.113.7", "198.51.100.23", "2001:db8:1:2::17", "::1", "192.0.2.1")
_REFERRERS = (
    "",
    "https://example.com/",
    "https://example.com/search?q=a&b=c",
    "http://ex.org/a%20b",
)


def requests(count: int = 120) -> list[Request]:
    """The table: the same varied requests every time."""
    choice = Random(19).choice
    return [
        Request(
            second=START + number,
            client=choice(_CLIENTS),
            method=choice(("GET", "GET", "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS")),
            path=choice(_PATHS),
            query=choice(("", "", "a=b", "token=secret&x=%22", "c+d=%2B")),
            protocol=choice(("HTTP/1.1", "HTTP/1.0", "HTTP/2.0")),
            status=choice((200, 200, 200, 204, 301, 304, 404, 403, 499, 500, 502)),
            size=choice((0, 5, 512, 10900, 2**31)),
            referrer=choice(_REFERRERS),
            agent=choice(_AGENTS),
            host=choice(("example.com", "www.example.com", "shop.example.net")),
            took_ms=choice((0, 1, 12, 999, 1000, 60_001)),
        )
        for number in range(count)
    ]


def expected(request: Request, **other: Any) -> dict[str, Any]:
    """What must be read of a request by a server that logs all of it."""
    return {
        "time": request.stamp("%Y-%m-%dT%H:%M:%SZ"),
        "client": request.client,
        "method": request.method,
        "path": request.path,
        "status": request.status,
        "bytes": request.size,
        "referrer": request.referrer or None,
        "user_agent": request.agent or None,
        "vhost": request.host,
        "duration_s": request.took_ms / 1000,
        **other,
    }
