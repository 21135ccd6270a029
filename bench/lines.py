"""A file of combined lines for the benches: many paths, many clients, a steady rate."""

from __future__ import annotations

import random
import time
from pathlib import Path

START = 1_795_453_200
PATHS, CLIENTS, AGENTS, REFERRERS = 19_000, 20_000, 200, 300
SECTIONS = ("api", "pages", "static", "img", "login", "shop", "blog")


def write(path: Path, lines: int, per_second: int = 1000, seed: int = 1) -> int:
    """Write `lines` combined lines of 200 to 260 bytes; return the bytes written."""
    draw = random.Random(seed)
    paths = [f"/{draw.choice(SECTIONS)}/{draw.choice('abcdefgh')}/item-{n}" for n in range(PATHS)]
    clients = [".".join(str(draw.randrange(1, 255)) for _ in range(4)) for _ in range(CLIENTS)]
    agents = [
        f"Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0 (bench)"
        for n in range(AGENTS)
    ]
    referrers = ["-", *(f"https://www.example.com/landing/page/{n}" for n in range(REFERRERS))]
    statuses = [200] * 18 + [304, 301, 404, 500]
    written = 0
    with path.open("w", encoding="ascii") as file:
        for first in range(0, lines, per_second):
            moment = time.gmtime(START + first // per_second)
            stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", moment)
            batch = [
                f'{draw.choice(clients)} - - [{stamp}] "GET {draw.choice(paths)} HTTP/1.1" '
                f"{draw.choice(statuses)} {draw.randrange(100, 90_000)} "
                f'"{draw.choice(referrers)}" "{draw.choice(agents)}"\n'
                for _ in range(min(per_second, lines - first))
            ]
            written += file.write("".join(batch))
    return written
