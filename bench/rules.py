"""A thousand rules a second: what they cost, and the longest time they hold the reactor.

``python -m bench.rules [SECONDS]``. 1,000 rules over 100 series (20 hosts, each
seen by 5 conditions, by section), ten windows and metrics each, 10,000 groups
watched; about 200 cells change every second, some rules fire and recover. Times are
of the processor, so that what else runs on the machine does not count.
Beside it, in the same run: a bare loop over a dictionary of 10,000 entries.
"""

from __future__ import annotations

import gc
import random
import statistics as figures
import sys
import time
from collections.abc import Generator, Iterator
from itertools import product

from logmond.alerts.event import Event
from logmond.alerts.rule import Rule
from logmond.alerts.service import AlertService
from logmond.frame.caps import Caps
from logmond.frame.frame import Delta, Exact
from logmond.frame.selector import Selector
from logmond.stats.service import StatisticsService

START = 1_795_453_200
SECONDS = 120
VHOSTS = [f"shop{n}.example" for n in range(20)]
SECTIONS = [f"/section{n}" for n in range(10)]
CONDITIONS: list[dict[str, str]] = [
    {},
    {"status": "5xx"},
    {"status": "2xx"},
    {"method": "GET"},
    {"source": "nginx"},
]
WATCHED = [
    ("hits_per_second", 30, 1000.0),
    ("hits_per_second", 60, 50.0),
    ("hits_per_second", 60, 12.0),
    ("hits", 10, 500.0),
    ("bytes_per_second", 120, 1e9),
    ("ratio_5xx", 60, 0.05),
    ("ratio_5xx", 120, 0.2),
    ("ratio_4xx", 300, 0.3),
    ("hits", 300, 1e6),
    ("hits_per_second", 600, 800.0),
]


def rules() -> list[Rule]:
    """The thousand."""
    return [
        Rule(
            f"{metric}-{window_s}s-above-{limit:g}-{vhost}-{number}",
            metric,
            Selector.of({"vhost": vhost, **condition}),
            group_by=("section",),
            window_s=window_s,
            above=(("warning", limit),),
            for_s=10,
            min_hits=20 if metric.startswith("ratio") else 0,
        )
        for (number, condition), vhost in product(enumerate(CONDITIONS), VHOSTS)
        for metric, window_s, limit in WATCHED
    ]


def second_of(draw: random.Random, number: int) -> Exact:
    """Every section of every host, a fault in one of them now and then."""
    exact = Exact()
    for vhost, section in product(VHOSTS, SECTIONS):
        failing = section == SECTIONS[number // 40 % 10] and vhost == VHOSTS[number // 40 % 20]
        status = (
            "502"
            if failing and draw.random() < 0.5
            else draw.choice(("200", "200", "200", "200", "404"))
        )
        hits = draw.randrange(1, 20)
        exact.cells["nginx", vhost, "GET", status, section] = [hits, 900 * hits]
    return exact


def slices(pieces: Generator[None, None, list[Event]] | Iterator[None]) -> tuple[list[float], int]:
    """How long each piece took, in ms; and how many events the last one told."""
    took = []
    while True:
        begun = time.thread_time()
        try:
            next(pieces)
        except StopIteration as done:
            took.append(1000 * (time.thread_time() - begun))
            return took, len(done.value or ())
        took.append(1000 * (time.thread_time() - begun))


def bare() -> float:
    """The machine's limit in ms: looking at 10,000 entries of a dictionary once."""
    entries = {(f"/section{n}",): n for n in range(10_000)}
    took = []
    for _ in range(20):
        begun = time.thread_time()
        beyond = 0
        for value in entries.values():
            if value > 5000:
                beyond += 1
        took.append(1000 * (time.thread_time() - begun))
    return min(took)


def main(seconds: int) -> None:
    """Print the table."""
    draw = random.Random(1)
    stats = StatisticsService(Caps())
    stats.start(START - 1)
    stats.coverage.observe("nginx", START - 4000)
    made = rules()
    alerts = AlertService(made, stats, "bench")
    names = {(rule.selector, rule.group_by) for rule in made}
    gc.collect()  # as the daemon does once it has started
    gc.freeze()
    advanced, stepped, events = [], [], 0
    for number in range(seconds):
        second = START + number
        stats.add(Delta({second: second_of(draw, number)}))
        advanced.append(slices(stats.advances(second))[0])
        took, told = slices(alerts.steps(second))
        stepped.append(took)
        events += told
    groups = sum(status.groups for status in alerts.statuses())
    print(f"{len(made):,} rules over {len(names)} series, {groups:,} groups, {seconds} s")
    both = [[*first, *second] for first, second in zip(advanced, stepped, strict=True)]
    for name, took_by_second in (("statistics", advanced), ("rules", stepped), ("both", both)):
        totals = sorted(map(sum, took_by_second))
        longest = sorted(map(max, took_by_second))
        print(
            f"{name:22} {figures.median(totals):6.2f} ms a second (99 of 100: "
            f"{totals[-1 - len(totals) // 100]:6.2f}), longest slice "
            f"{longest[-1]:6.2f} ms (99 of 100: {longest[-1 - len(longest) // 100]:5.2f})"
        )
    print(f"{'a bare loop of 10,000':22} {bare():6.2f} ms; {events} events")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
