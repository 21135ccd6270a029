"""A backtest beside the bare kernel: how much longer the whole verb takes on one file.

``python -m bench.backtest [LINES]``. Both run in processes of their own, in
turns, on the same file: the kernel counts it as `bench.kernel` does, the verb
runs as a person would call it, interpreter, configuration, rules, evidence and
report included. Compared is the processor's time, which whoever else works on
the machine changes least. Each figure is the best of the runs; memory is the
peak of the verb's process, less that of one that read a single line.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

from bench import lines
from bench.kernel import LINES, RUNS
from logmond.cli import main as logmond

BAR = 1.3

RULES = [
    {"name": "high-traffic", "metric": "hits_per_second", "above": 1200},
    {
        "name": "errors",
        "metric": "ratio_5xx",
        "group_by": ["section"],
        "window": "1m",
        "above": {"warning": "8%", "critical": "15%"},
        "min_hits": 120,
    },
    {"name": "api", "metric": "hits", "where": {"section": ["/api"]}, "above": 25_000},
    {"name": "not-found", "metric": "ratio_4xx", "window": "10m", "above": "7%"},
    {"name": "silent", "metric": "hits", "window": "5m", "below": 1, "no_data": "alert"},
]
"""The usual handful: one fires now and then, one by section, one over a long window."""

SWEEP = "high-traffic.above=900..1100/10"


def verb(path: str, *options: str) -> list[str]:
    """The command that runs it over a file with `RULES`, in this module."""
    return [sys.executable, "-m", "bench.backtest", "--run", path, *options]


def timed(command: list[str]) -> tuple[float, float]:
    """Seconds of the processor a command took, and the number its last line begins with."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return took, float(done.stdout.split("\n")[-2].split()[0])


def run(path: str, options: list[str]) -> None:
    """The verb, then this process's peak of memory."""
    config = Path(path).with_name("rules.yaml")
    assert logmond(["backtest", "-c", str(config), "--quiet", *options, path]) == 0
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def main(wanted: int) -> None:
    """Print the comparison."""
    with tempfile.TemporaryDirectory() as name:
        path, short = str(Path(name) / "access.log"), str(Path(name) / "short.log")
        size = lines.write(Path(path), wanted)
        lines.write(Path(short), 1)
        Path(name, "rules.yaml").write_text(yaml.safe_dump({"rules": RULES}))
        print(f"{wanted:,} combined lines, {size / wanted:.0f} bytes each, {len(RULES)} rules")
        kernel = [sys.executable, "-m", "bench.kernel", "--run", path]
        bare, whole, swept = [], [], []
        for _ in range(RUNS):
            bare.append(timed(kernel)[0])
            whole.append(timed(verb(path)))
            swept.append(timed(verb(path, "--rule", SWEEP)))
        idle = timed(verb(short))[1]
        best = min(bare)
        print(f"{'kernel alone':26} {wanted / best:10,.0f} lines/s  {best:6.2f} s")
        for told, runs in (("backtest", whole), ("with 21 values swept", swept)):
            took, peak = min(runs)
            print(
                f"{told:26} {wanted / took:10,.0f} lines/s  {took:6.2f} s"
                f"   ratio {took / best:.2f}   memory +{(peak - idle) / 2**20:.1f} MiB"
            )
        print(f"bar: ratio {BAR}, memory +48 MiB; the process of one line takes "
              f"{idle / 2**20:.1f} MiB")  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        run(sys.argv[2], sys.argv[3:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else LINES)
