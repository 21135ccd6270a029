"""Who visits some sites of one host on an ordinary day, drawn by Zipf's law."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

_SECTIONS = ("/api", "/static", "/blog", "/shop", "/search", "/account", "/media", "/docs")


class Line(NamedTuple):
    """Where one request goes; `status` is decided when it is counted."""

    vhost: str
    section: str
    path: str
    client: str
    agent: str
    referrer: str


class Pool:
    """Keys that are drawn by Zipf's law."""

    def __init__(self, keys: Sequence[str], exponent: float) -> None:
        self.keys = keys
        self._cumulated = list(accumulate((n + 1) ** -exponent for n in range(len(keys))))
        self._last = len(keys) - 1

    def draw(self, rng: random.Random, n: int) -> list[str]:
        """`n` of them."""
        return rng.choices(self.keys, cum_weights=self._cumulated, k=n)

    def one(self, rng: random.Random) -> str:
        """One of them, the same that `draw` gives with less ado."""
        place = bisect(self._cumulated, rng.random() * self._cumulated[-1], 0, self._last)
        return self.keys[place]

    def share(self, key: str) -> float:
        """How often one of them is drawn."""
        place = self.keys.index(key)
        before = self._cumulated[place - 1] if place else 0.0
        return (self._cumulated[place] - before) / self._cumulated[-1]


class Site:
    """Everything the background is drawn from."""

    def __init__(self, rng: random.Random) -> None:
        hosts = [f"site{n}.example" for n in range(rng.randint(2, 6))]
        self.vhosts = Pool(hosts, rng.uniform(0.3, 1.2))
        self.paths: dict[str, Pool] = {}
        for host in hosts:
            sections = rng.sample(_SECTIONS, rng.randint(3, 7))
            pages = [
                "/",
                *(f"{rng.choice(sections)}/{page}" for page in range(rng.randint(80, 400))),
            ]
            self.paths[host] = Pool(pages, rng.uniform(0.6, 1.1))
        clients = [
            f"2001:db8:{n:x}::/64" if n % 10 == 9 else f"198.51.{n // 250}.{n % 250}"
            for n in range(rng.randint(2000, 4000))
        ]
        self.clients = Pool(clients, rng.uniform(0.3, 0.8))
        agents = [f"Mozilla/5.0 (Device {n}) Gecko/{90 + n % 40}" for n in range(60)]
        agents[5], agents[11], agents[17] = "Googlebot/2.1", "bingbot/2.0", "curl/8.5.0"
        self.agents = Pool(agents, rng.uniform(0.7, 1.2))
        self.referrers = Pool(["-", *(f"https://{h}/" for h in hosts), "https://search/"], 0.9)

    def lines(self, rng: random.Random, n: int, vhost: str | None = None) -> list[Line]:
        """`n` requests of the background, all to one host or as hosts are visited."""
        hosts = [vhost] * n if vhost else self.vhosts.draw(rng, n)
        rest = zip(
            hosts,
            self.clients.draw(rng, n),
            self.agents.draw(rng, n),
            self.referrers.draw(rng, n),
            strict=True,
        )
        found = []
        for host, client, agent, referrer in rest:
            path = self.paths[host].one(rng)
            found.append(Line(host, section_of(path), path, client, agent, referrer))
        return found


def section_of(path: str) -> str:
    """The path up to its second slash."""
    return "/" + path[1:].partition("/")[0]
