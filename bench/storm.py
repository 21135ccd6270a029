"""Six thousand open incidents: what it takes to remember them each second.

``python -m bench.storm [SECONDS]``. 30 rules that all 200 groups of
`bench.rules` break. Times are of the processor, so that what else runs on the
machine does not count.
"""

from __future__ import annotations

import gc
import random
import statistics as figures
import sys
import time

from bench.rules import START, second_of
from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService
from logmond.frame.caps import Caps
from logmond.frame.frame import Delta
from logmond.frame.selector import Selector
from logmond.stats.service import StatisticsService

SECONDS = 60


def rules() -> list[Rule]:
    """Thirty, each broken by every group."""
    return [
        Rule(
            f"storm-{number}",
            ("hits_per_second", "bytes_per_second")[number % 2],
            Selector(()),
            group_by=("vhost", "section"),
            window_s=(10, 30, 60, 120, 300)[number % 5],
            above=(("warning", 0.01 + number / 1e6),),
        )
        for number in range(30)
    ]


def main(seconds: int) -> None:
    """Print the table."""
    draw = random.Random(1)
    stats = StatisticsService(Caps())
    stats.start(START - 1)
    stats.coverage.observe("nginx", START - 4000)
    alerts = AlertService(rules(), stats, "bench")
    gc.collect()
    gc.freeze()
    slices, calls, sizes = [], [], []
    for number in range(seconds):
        second = START + number
        stats.add(Delta({second: second_of(draw, number)}))
        stats.advance(second)
        alerts.step(second)
        longest = 0.0
        begun = time.thread_time()
        for _ in alerts.pack():
            longest = max(longest, time.thread_time() - begun)
            begun = time.thread_time()
        slices.append(1000 * longest)
        begun = time.thread_time()
        changed = alerts.changes()
        calls.append(1000 * (time.thread_time() - begun))
        sizes.append(sum(len(packed or b"") for packed in changed.values()))
    print(f"{len(alerts.incidents()):,} open incidents, {seconds} s")
    for name, took in (("longest piece", slices), ("call of the commit", calls)):
        print(f"{name:20} {figures.median(took):6.2f} ms, at most {max(took):6.2f} ms")
    print(f"{'written':20} {figures.median(sizes):,.0f} bytes a second, at most {max(sizes):,}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
