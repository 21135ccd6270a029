"""Seeded traffic with one planted offender, counted into real frames, and the rule it breaks.

The background is that of some sites on one host: paths, clients and agents by
Zipf's law, a handful of virtual hosts with sections of their own and shared
ones, retries, absent pages, waves. The offender is concentrated in the planted
dimension alone and takes every other one as the background does.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crowd import Line, Site, section_of

from logmond.alerts.rule import Rule
from logmond.frame.agents import agent_of
from logmond.frame.frame import BLOCK_S, Bounded, Delta, Exact
from logmond.frame.selector import Selector
from logmond.frame.sketches import Top

KINDS = ("client", "path", "section", "user_agent", "vhost")
"""What can be planted; a bot is a user agent."""

START = 1_795_453_200

DELAY_S = 3
"""Seconds that lines are counted ahead of the evaluated one, as in the daemon."""

_BOTS = (
    "GPTBot/1.%d (+https://openai.com/gptbot)",
    "Mozilla/5.0 (compatible; Bytespider; v%d)",
    "python-requests/2.%d",
    "Unheard-of-Fetcher/%d",
    "sqlmap/1.%d#stable",
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One planted offender.

    `keys` are its keys in `dimension` (the versions of a bot); `rise` is by how
    much the traffic grows, or for `errors` the share of it that the offender is.
    """

    seed: int
    dimension: str
    keys: tuple[str, ...]
    rule: Rule
    site: Site
    rate: float
    rise: float
    errors: bool
    calm_s: int
    attack_s: int
    absent: float

    def __str__(self) -> str:
        how = f"{self.rise:.3f} of traffic" if self.errors else f"x{self.rise:.1f}"
        rule = self.rule
        return (
            f"seed {self.seed}: {self.dimension} {self.keys[0]} {how} at {self.rate:.0f}/s, "
            f"{rule.metric} over {rule.window_s}s where {rule.selector.where} by {rule.group_by}"
        )

    def deltas(self) -> Iterator[Delta]:
        """What is counted, second by second, from `START` on."""
        rng = random.Random(f"lines {self.seed}")
        wave = rng.uniform(0, 7)
        for second in range(self.calm_s + self.attack_s):
            swing = 1 + 0.1 * math.sin(wave + second / 97) + rng.gauss(0, 0.05)
            lines = self.site.lines(rng, poisson(rng, self.rate * swing))
            statuses = rng.choices(("200", "304", "404", "500"), _odds(self.absent), k=len(lines))
            if second >= self.calm_s:
                extra = self.rise if self.errors else self.rise - 1
                bad = self._offending(rng, poisson(rng, self.rate * extra))
                lines += bad
                statuses += ["500" if self.errors else "200"] * len(bad)
            yield counted(START + second, lines, statuses)

    def _offending(self, rng: random.Random, n: int) -> list[Line]:
        """Requests concentrated in the planted key, and elsewhere as the background."""
        where = dict(self.rule.selector.where)
        vhost = where["vhost"][0] if "vhost" in where else None
        if self.dimension == "vhost":
            return self.site.lines(rng, n, self.keys[0])
        if self.dimension in ("path", "section"):
            host, _, key = self.keys[0].partition(" ")
            lines = self.site.lines(rng, n, host)
            within = [p for p in dict.fromkeys(self.site.paths[host].keys) if section_of(p) == key]
            paths = [key] * n if self.dimension == "path" else rng.choices(within, k=n)
            return [
                line._replace(path=path, section=section_of(path))
                for line, path in zip(lines, paths, strict=True)
            ]
        lines = self.site.lines(rng, n, vhost)
        keys = rng.choices(self.keys, k=n)
        field = "client" if self.dimension == "client" else "agent"
        return [line._replace(**{field: key}) for line, key in zip(lines, keys, strict=True)]

    def named(self, dimension: str, key: str) -> bool:
        """Whether a statement of evidence names the offender."""
        wanted = [k.rpartition(" ")[2] if self.dimension in ("path", "section") else k
                  for k in self.keys]  # fmt: skip
        return dimension == self.dimension and key in wanted


def planted(seed: int) -> Scenario:
    """The scenario of a seed; kinds come in turn."""
    rng = random.Random(f"scenario {seed}")
    dimension = KINDS[seed % len(KINDS)]
    site = Site(rng)
    window = rng.choice((60, 60, 60, 60, 120, 120, 300, 600))
    rate = rng.uniform(15, 90) * (1 if window <= 120 else 0.35)
    errors = rng.random() < 0.3
    rise = rng.uniform(0.01, 0.04) if errors else math.exp(rng.uniform(math.log(1.5), math.log(20)))
    if not errors:
        rate = max(8.0, rate / (1 + rise / 8))
    keys = _keys(rng, site, dimension)
    host = keys[0].partition(" ")[0] if dimension in ("path", "section") else None
    if dimension in ("client", "user_agent") and rng.random() < 0.25:
        host = site.vhosts.keys[0]
    narrow = host is not None and not errors and rise > 3 and rng.random() < 0.4
    grouped = host is not None and not narrow and rng.random() < 0.3 and dimension in (
        "path", "section")  # fmt: skip
    part = site.vhosts.share(host) if host is not None and (narrow or grouped) else 1.0
    if errors:
        usual = 0.0002
        limit = usual + 0.5 * rise / part
        metric = "ratio_5xx"
    else:
        usual = rate * part
        limit = usual + 0.6 * (rise - 1) * rate
        metric = "hits_per_second"
    rule = Rule(
        "planted",
        metric,
        Selector.of({"vhost": host}) if narrow and host else Selector(),
        ("vhost",) if grouped else (),
        window_s=window,
        above=(("warning", limit),),
        min_hits=100 if errors else 0,
        for_s=rng.choice((0, 0, 10, 30)),
    )
    return Scenario(
        seed=seed,
        dimension=dimension,
        keys=keys,
        rule=rule,
        site=site,
        rate=rate,
        rise=rise,
        errors=errors,
        calm_s=2 * window + rule.for_s + rng.randint(5, 25),
        attack_s=window + rule.for_s + 5,
        absent=rng.uniform(0.0005, 0.003) if errors else rng.uniform(0.005, 0.03),
    )


def _keys(rng: random.Random, site: Site, dimension: str) -> tuple[str, ...]:
    """The planted key, never the largest there is; of a path or section with its host before it."""
    host = rng.choice(site.vhosts.keys)
    if dimension == "vhost":
        return (rng.choice(site.vhosts.keys[1:]),)
    if dimension == "client":
        fresh = rng.choice(("203.0.113.7", "2001:db8:bad::/64"))
        return (rng.choice([fresh, site.clients.keys[rng.randrange(5, 2000)]]),)
    if dimension == "user_agent":
        bot = rng.choice(_BOTS)
        if agent_of(bot) is None:
            return (bot % 1,)
        return tuple(bot % version for version in range(rng.randint(1, 3)))
    paths = list(dict.fromkeys(path for path in site.paths[host].keys if path != "/"))
    if dimension == "path":
        fresh = rng.choice(("/login", "/api/v9/orders", "/wp-login.php"))
        return (f"{host} {rng.choice([fresh, rng.choice(paths[5:])])}",)
    sections = sorted({section_of(path) for path in paths})
    return (f"{host} {rng.choice(sections)}",)


def _odds(absent: float) -> tuple[float, ...]:
    return (0.9 - absent, 0.0998, absent, 0.0002)


def poisson(rng: random.Random, mean: float) -> int:
    """How many come in a second."""
    if mean > 40:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    product, n = rng.random(), 0
    limit = math.exp(-max(0.0, mean))
    while product > limit:
        product *= rng.random()
        n += 1
    return n


def counted(second: int, lines: Sequence[Line], statuses: Sequence[str]) -> Delta:
    """Lines of one second as the kernel counts them."""
    cells = Counter(
        ("nginx", line.vhost, "GET", status, line.section)
        for line, status in zip(lines, statuses, strict=True)
    )
    exact = Exact({key: [hits, 1000 * hits] for key, hits in cells.items()})
    failed = [line for line, status in zip(lines, statuses, strict=True) if status >= "400"]
    bounded = Bounded()
    for errors, some in ((False, lines), (True, failed)):
        columns = {
            "path": [line.path for line in some],
            "client": [line.client for line in some],
            "referrer": [line.referrer for line in some],
            "user_agent": [line.agent for line in some],
        }
        for dimension, keys in columns.items():
            top = bounded.tops[dimension, errors] = Top()
            top.count(keys)
    return Delta({second: exact}, {second - second % BLOCK_S: bounded})
