"""The Python kernel over a file: lines a second with every statistic and all frames closed.

``python -m bench.kernel [LINES]``. Beside it, on the same file in the same run:
``wc -l``, and mtail and GoAccess where they are installed. Each figure is the
best of three runs in a process of its own; memory is that process's peak.
"""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import lines
from logmond.frame.caps import Caps
from logmond.ingest.formats.table import format_of
from logmond.ingest.kernel.python import PythonKernel
from logmond.stats.service import StatisticsService

LINES = 2_000_000
CHUNK = 128 * 1024
RUNS = 3
DELAY_S = 3


def kernel(path: str) -> None:
    """Count the file as catching up does; print seconds, lines, and memory before and after."""
    subject = PythonKernel("bench", format_of("combined"))
    stats = StatisticsService(Caps())
    stats.start(lines.START - 1)
    idle = peak_bytes()
    counted, evaluated = 0, lines.START - 1
    begun = time.perf_counter()
    with open(path, "rb", buffering=0) as file:
        rest = b""
        while data := file.read(CHUNK):
            end = data.rfind(b"\n") + 1
            found = subject.scan(rest + data[:end], lines.START + 1e6, believed=True)
            rest = data[end:]
            counted += found.counted
            stats.add(subject.take())
            newest = (found.newest or 0) - DELAY_S
            for second in range(evaluated + 1, newest + 1):
                stats.advance(second)
            evaluated = max(evaluated, newest)
    print(time.perf_counter() - begun, counted, idle, peak_bytes())


def peak_bytes() -> int:
    """The most memory this process has had resident."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def timed(command: list[str]) -> float:
    """The best wall time of a command over `RUNS` runs."""
    best = float("inf")
    for _ in range(RUNS):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        best = min(best, time.perf_counter() - begun)
    return best


def others(path: str, directory: Path) -> dict[str, list[str]]:
    """What else reads the file, by name."""
    commands = {"wc -l": ["wc", "-l", path]}
    if shutil.which("mtail"):
        program = directory / "hits.mtail"
        program.write_text(
            "counter hits by method, code\n"
            '/"(?P<method>[A-Z]+) \\S+ [^"]+" (?P<code>\\d{3}) /'
            " {\n  hits[$method][$code]++\n}\n"
        )
        commands["mtail (hits by method and code)"] = [
            "mtail", "--one_shot", "--progs", str(program), "--logs", path,
        ]  # fmt: skip
    if shutil.which("goaccess"):
        report = str(directory / "report.json")
        commands["goaccess"] = [
            "goaccess", path, "--log-format=COMBINED", "--no-progress", "-o", report,
        ]  # fmt: skip
    return commands


def main(wanted: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        path = str(directory / "access.log")
        size = lines.write(Path(path), wanted)
        print(f"{wanted:,} combined lines, {size / wanted:.0f} bytes each")
        runs = []
        for _ in range(RUNS):
            done = subprocess.run(
                [sys.executable, "-m", "bench.kernel", "--run", path],
                check=True, capture_output=True, text=True,
            )  # fmt: skip
            runs.append([float(part) for part in done.stdout.split()])
        seconds, counted, idle, peak = min(runs)
        assert counted == wanted, f"{counted:,.0f} lines counted of {wanted:,}"
        rate = wanted / seconds
        print(f"{'logmond, Python kernel':34} {rate:12,.0f} lines/s")
        for other, command in others(path, directory).items():
            theirs = wanted / timed(command)
            print(f"{other:34} {theirs:12,.0f} lines/s   ratio {rate / theirs:.3f}")
        grown = (peak - idle) / 2**20
        print(f"memory: idle {idle / 2**20:.1f} MiB, after {wanted:,} lines +{grown:.1f} MiB")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--run"]:
        kernel(sys.argv[2])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else LINES)
