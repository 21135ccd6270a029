"""Synthetic visitors of a web shop, as plain tables, and the requests they make. No clock.

Everything is decided by the random generator handed in: the same one draws the
same requests on any machine. Addresses are those kept for documentation
(RFC 5737, RFC 3849), hosts those of RFC 2606; no text holds a quote, a backslash or a
control byte, so that nothing needs escaping in any format.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

Hit = tuple[bytes, bytes, bytes, bytes, int, bytes, bytes, float]
"""What one line says: client, stamp, request, status, bytes, referrer, agent, seconds.

The order is the one of nginx's combined format, so that every template in
`TEMPLATES` takes a beginning of it.
"""

_CLF = b'%b - - [%b] "%b" %b %d'
TEMPLATES: dict[str, tuple[bytes, int]] = {
    "nginx-timed": (_CLF + b' "%b" "%b" %.3f', 8),
    "combined": (_CLF + b' "%b" "%b"', 7),
    "common": (_CLF, 5),
    "vhost-combined": (b"shop.example:443 " + _CLF + b' "%b" "%b"', 7),
    "json": (
        b'{"remote_addr":"%b","time_local":"%b","request":"%b","status":%b,"body_bytes_sent":%d,'
        b'"http_referer":"%b","http_user_agent":"%b","request_time":%.3f}',
        8,
    ),
}
"""Format name to its template and how many of a hit's values it takes; names are presets."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One kind of request.

    `weight` is how often it is made beside its neighbours; in `target` a ``#``
    stands for a number from 1 to 40; `statuses` are (status, weight) pairs;
    sizes and durations scatter around the given ones.
    """

    weight: int
    method: str
    target: str
    statuses: tuple[tuple[int, int], ...]
    size: int
    duration_s: float


VISITS = (
    Ask(120, "GET", "/", ((200, 95), (304, 5)), 8200, 0.021),
    Ask(90, "GET", "/pages/#", ((200, 97), (404, 3)), 14300, 0.034),
    Ask(110, "GET", "/products/#", ((200, 98), (404, 2)), 16800, 0.045),
    Ask(40, "GET", "/products/search?q=item#", ((200, 1),), 11200, 0.088),
    Ask(150, "GET", "/static/app.#.js", ((200, 60), (304, 40)), 48200, 0.002),
    Ask(90, "GET", "/images/#.webp", ((200, 80), (304, 20)), 31500, 0.003),
    Ask(170, "GET", "/api/products/#", ((200, 98), (404, 2)), 1900, 0.038),
    Ask(140, "GET", "/api/cart", ((200, 97), (401, 3)), 620, 0.027),
    Ask(90, "POST", "/api/cart/items", ((201, 98), (400, 2)), 240, 0.061),
    Ask(50, "GET", "/api/stock?sku=#", ((200, 1),), 310, 0.024),
    Ask(24, "POST", "/login", ((302, 80), (401, 20)), 180, 0.142),
    Ask(8, "GET", "/favicon.ico", ((200, 90), (304, 10)), 1150, 0.001),
    Ask(6, "HEAD", "/", ((200, 1),), 0, 0.012),
    Ask(3, "GET", "/wp-login.php", ((404, 1),), 153, 0.001),
    Ask(1, "POST", "/checkout", ((200, 97), (500, 3)), 5400, 0.310),
)
"""What people do on an ordinary day."""

IMPORT = (
    Ask(8, "GET", "/api/products/#", ((200, 1),), 1900, 0.052),
    Ask(2, "GET", "/api/products?page=#", ((200, 97), (429, 3)), 22600, 0.190),
)
"""A script that reads the whole catalogue."""

CRAWL = (
    Ask(5, "GET", "/products/#", ((200, 60), (404, 40)), 16800, 0.050),
    Ask(3, "GET", "/pages/archive/#", ((404, 1),), 153, 0.018),
    Ask(2, "GET", "/products/search?q=item#&page=#", ((200, 1),), 11200, 0.120),
)
"""A crawler that follows every link, old ones too."""

BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/142.0.0.0 Mobile Safari/537.36",
)
REFERRERS = (
    "-",
    "https://shop.example/",
    "https://shop.example/products/7",
    "https://search.example/",
    "-",
    "https://news.example/today",
    "-",
)
PEOPLE = tuple(
    [f"198.51.100.{number}" for number in range(1, 121)]
    + [f"192.0.2.{number}" for number in range(1, 61)]
    + [f"2001:db8:{number:x}:40::{number:x}" for number in range(1, 21)]
)
"""Visitors by address; each keeps one browser and one referrer."""


@dataclass(frozen=True)
class Actor:
    """Somebody who makes requests: how many a second (from, to), which, and from where."""

    rate: tuple[int, int]
    asks: tuple[Ask, ...] = VISITS
    clients: tuple[str, ...] = PEOPLE
    agents: tuple[str, ...] = BROWSERS
    referrers: tuple[str, ...] = REFERRERS

    @property
    def mean_rate(self) -> float:
        """Requests a second on average."""
        return sum(self.rate) / 2

    @cached_property
    def _asked(self) -> tuple[list[tuple[bytes, bytes, bytes, Ask]], list[float]]:
        """Every single request it can make (section, request, status, ask), and running weights."""
        singles: list[tuple[bytes, bytes, bytes, Ask]] = []
        weights: list[float] = []
        for ask in self.asks:
            numbers = range(1, 41) if "#" in ask.target else range(1, 2)
            total = sum(weight for _, weight in ask.statuses)
            for number in numbers:
                target = ask.target.replace("#", str(number))
                section = "/" + target[1:].partition("?")[0].partition("/")[0]
                request = f"{ask.method} {target} HTTP/{'1.1' if number % 3 else '2.0'}"
                for status, weight in ask.statuses:
                    singles.append((section.encode(), request.encode(), b"%d" % status, ask))
                    weights.append(ask.weight * weight / total / len(numbers))
        return singles, list(accumulate(weights))

    @cached_property
    def _visitors(self) -> tuple[list[tuple[bytes, bytes, bytes]], list[float]]:
        """(client, referrer, agent) of every visitor, and running weights: the first come most."""
        visitors = [
            (
                client.encode(),
                self.referrers[index % len(self.referrers)].encode(),
                self.agents[index % len(self.agents)].encode(),
            )
            for index, client in enumerate(self.clients)
        ]
        return visitors, list(accumulate((index + 1) ** -0.5 for index in range(len(visitors))))

    def draw(
        self, rng: random.Random, count: int, stamp: bytes, outage: Outage | None = None
    ) -> list[Hit]:
        """`count` requests of one second, whose `stamp` is already written."""
        singles, odds = self._asked
        visitors, presence = self._visitors
        asked = rng.choices(singles, cum_weights=odds, k=count)
        came = rng.choices(visitors, cum_weights=presence, k=count)
        chance = rng.random
        hits: list[Hit] = []
        for (section, request, code, ask), (client, referrer, agent) in zip(
            asked, came, strict=True
        ):
            scatter = chance()
            status, size = code, int(ask.size * (0.6 + 0.8 * scatter))
            duration_s = ask.duration_s * (0.4 + 1.4 * chance() * scatter)
            if outage is not None and section == outage.section and chance() < outage.share:
                status, duration_s = outage.status, outage.duration_s * (0.9 + 0.2 * chance())
            if status >= b"400":
                size = 153
            elif status == b"304":
                size = 0
            hits.append((client, stamp, request, status, size, referrer, agent, duration_s))
        return hits


@dataclass(frozen=True, slots=True)
class Outage:
    """A part of the shop that fails: this share of a section's requests, and how."""

    section: bytes
    share: float
    status: bytes
    duration_s: float


VISITORS = Actor((5, 8))
IMPORTER = Actor((15, 20), IMPORT, ("203.0.113.7",), ("python-requests/2.32.5",), ("-",))
CROWD = Actor((5, 9), referrers=("https://news.example/today",))
GPTBOT = Actor(
    (14, 18),
    CRAWL,
    ("203.0.113.66",),
    (
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko);"
        " compatible; GPTBot/1.3; +https://openai.com/gptbot",
    ),
    ("-",),
)
