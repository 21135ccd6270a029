"""A file of combined lines for the benches: many paths, many clients, a steady rate."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

START = 1_795_453_200
PATHS, CLIENTS, AGENTS, REFERRERS = 19_000, 20_000, 200, 300
SECTIONS = ("api", "pages", "static", "img", "login", "shop", "blog")


def write(path: Path, lines: int, per_second: int = 1000, seed: int = 1) -> int:
    """Write `lines` combined lines of 200 to 260 bytes; return the bytes written."""
    drawn = _drawn(seed)
    written = 0
    with path.open("wb") as file:
        for first in range(0, lines, per_second):
            moment = time.gmtime(START + first // per_second)
            stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", moment).encode()
            count = min(per_second, lines - first)
            batch = [before + stamp + behind + b"\n" for before, behind in islice(drawn, count)]
            written += file.write(b"".join(batch))
    return written


def parts(count: int, seed: int = 1) -> list[tuple[bytes, bytes]]:
    """Such lines without their stamps: what stands before and what behind."""
    return list(islice(_drawn(seed), count))


def _drawn(seed: int) -> Iterator[tuple[bytes, bytes]]:
    draw = random.Random(seed)
    paths = [f"/{draw.choice(SECTIONS)}/{draw.choice('abcdefgh')}/item-{n}" for n in range(PATHS)]
    clients = [".".join(str(draw.randrange(1, 255)) for _ in range(4)) for _ in range(CLIENTS)]
    agents = [
        f"Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0 (bench)"
        for n in range(AGENTS)
    ]
    referrers = ["-", *(f"https://www.example.com/landing/page/{n}" for n in range(REFERRERS))]
    statuses = [200] * 18 + [304, 301, 404, 500]
    while True:
        before = f"{draw.choice(clients)} - - ["
        behind = (
            f'] "GET {draw.choice(paths)} HTTP/1.1" '
            f"{draw.choice(statuses)} {draw.randrange(100, 90_000)} "
            f'"{draw.choice(referrers)}" "{draw.choice(agents)}"'
        )
        yield before.encode(), behind.encode()
