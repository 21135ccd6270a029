"""Baselines at the boundary of a minute: the longest call, and what a minute costs.

``python -m bench.baselines [MINUTES]``. 50 rules by virtual host, each over a
section of its own, 20 hosts each; 15 days of minutes of 128 cells, as a
history gives them. Beside it, in the same run: unpacking one such minute.
Times are of the processor, so that what else runs on the machine does not count.
"""

from __future__ import annotations

import resource
import sys
import time
from datetime import UTC

from logmond.alerts.baseline import Baselines
from logmond.alerts.rule import Rule
from logmond.frame.frame import Exact
from logmond.frame.minutes import MINUTE_S, Minute, pack_minute, unpack_minute
from logmond.frame.selector import Selector

START = 1_795_453_200
RULES = 50
GROUPS = 20


class Past:
    """Any minute there ever was; a few different ones in turn."""

    def __init__(self) -> None:
        self._packed = [pack_minute(_minute(number)) for number in range(16)]

    def minute(self, start: int) -> bytes:
        """The packed minute that starts here."""
        return self._packed[start // MINUTE_S % 16]


def _minute(number: int) -> Minute:
    """Rules times groups do not fit into a minute: each holds another part of them."""
    cells = {}
    for n in range(128):
        place = (n + 128 * number) % (RULES * GROUPS)
        key = ("web", f"shop{place % GROUPS}.example", "GET", "200", f"/section{place // GROUPS}")
        cells[key] = [100 + 7 * n % 31, 5000 * n]
    return Minute(Exact(cells))


def main() -> None:
    """Print the figures."""
    minutes = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rules = [
        Rule(
            f"rule{number}",
            "hits_per_second",
            Selector.of({"section": f"/section{number}"}),
            group_by=("vhost",),
            above=(("warning", 3.0),),
            baseline=True,
        )
        for number in range(RULES)
    ]
    groups = [(f"shop{number}.example",) for number in range(GROUPS)]
    past = Past()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    baselines = Baselines(lambda start: None, past, zone=UTC)
    baselines.watch(rules)
    begun = time.process_time()
    baselines.prepare(START - 1)
    print(f"prepare, 334 minutes at once: {1000 * (time.process_time() - begun):.0f} ms")
    advances, asks = [], []
    for second in range(START, START + minutes * MINUTE_S):
        begun = time.process_time()
        baselines.advance(second)
        between = time.process_time()
        for rule in rules:
            for group in groups:
                baselines.bounds(rule, group)
        asks.append(time.process_time() - between)
        advances.append(between - begun)
    boundaries = advances[::MINUTE_S]
    print(f"advance, longest call:        {1000 * max(advances):.2f} ms")
    print(f"advance, longest boundary:    {1000 * max(boundaries):.2f} ms")
    print(f"advance, a second:            {1000 * sum(advances) / len(advances):.2f} ms")
    print(f"1,000 limits, first asked:    {1000 * max(asks):.2f} ms")
    print(f"1,000 limits, asked again:    {1000 * sorted(asks)[len(asks) // 2]:.2f} ms")
    begun = time.process_time()
    for number in range(200):
        unpack_minute(past.minute(MINUTE_S * number))
    print(f"bare: unpacking a minute:     {1000 * (time.process_time() - begun) / 200:.2f} ms")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"memory: {grown / 1024:.1f} MiB more; a packed minute: {len(past.minute(0)):,} bytes")


if __name__ == "__main__":
    main()
