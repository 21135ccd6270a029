"""`logmond backtest` as a process: what it prints, where, and its exit code."""

from __future__ import annotations

import gzip
import os
import pty
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Sequence
from fcntl import ioctl
from pathlib import Path
from termios import FIONREAD

import msgspec
import pytest
from patience import until

import logmond
from logmond.ingest.scenarios import SCENARIOS, lines

T0 = 1_790_000_000
RULES = """
node: test
rules:
  - {name: high-traffic, metric: hits_per_second, above: {warning: 10, critical: 50}}
  - {name: errors, metric: ratio_5xx, group_by: [section], window: 1m, above: 5%,
     recover: 2%, min_hits: 20, for: 10s}
  - {name: silent, metric: hits, window: 5m, below: 1, where: {source: apache}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rules, and a log with one outage, whole and in a rotated and a compressed piece."""
    here = tmp_path_factory.mktemp("backtest")
    (here / "rules.yaml").write_text(RULES)
    made = [line + b"\n" for _, line in lines(SCENARIOS["errors"], 1, T0, range(-120, 300))]
    (here / "access.log").write_bytes(b"".join(made))
    (here / "old.log").write_bytes(b"".join(made[2000:]))
    (here / "old.log.1.gz").write_bytes(gzip.compress(b"".join(made[:2000])))
    return here


def backtest(
    folder: Path, *arguments: str, stdin: bytes | None = None, code: int = 0
) -> tuple[str, str]:
    """What the verb prints: (on standard output, on standard error)."""
    done = subprocess.run(
        command(arguments),
        cwd=folder,
        env=environ(),
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    out, said = done.stdout.decode(), done.stderr.decode()
    assert done.returncode == code, f"{done.returncode}\n{out}\n{said}"
    return out, said


def environ() -> dict[str, str]:
    """This process's, with this very logmond."""
    return {**os.environ, "PYTHONPATH": str(Path(logmond.__file__).parents[1])}


def command(arguments: Sequence[str]) -> list[str]:
    """The verb with its arguments."""
    return [sys.executable, "-m", "logmond", "backtest", *arguments]


def test_text_tells_incidents_and_a_line_a_rule(folder: Path) -> None:
    """Within 100 columns; what a log was read as is said beside it."""
    out, said = backtest(folder, "-c", "rules.yaml", "access.log")
    assert max(map(len, out.splitlines())) <= 100
    told = out.splitlines()
    assert told[0].startswith("2026-09-21T14:11:20Z to 2026-09-21T14:18:19Z (7m0s), 1 log")
    (row,) = [line for line in told if line.startswith("2026-09-21 ")]
    assert row.split()[4:6] == ["warning", "errors"]
    rules = {line.split()[0]: line.split() for line in told[-4:]}
    assert rules["high-traffic"][1] == "never"
    assert rules["errors"][1] == "1"
    assert told[-1] == "    not tested: no log for source apache"
    assert said == (
        "access.log: source syslog, the only one; format auto: nginx-timed, "
        "confidence 100% of 200 lines\n"
    )


def test_pieces_and_a_pipe_are_the_same_log(folder: Path) -> None:
    """Compressed and rotated, in any order, or from standard input."""
    whole = incidents(folder, "access.log")
    assert [one["rule"] for one in whole] == ["errors"]
    assert incidents(folder, "old.log", "old.log.1.gz") == whole
    piped = (folder / "access.log").read_bytes()
    assert incidents(folder, "-", stdin=piped) == whole
    assert incidents(folder, "-", stdin=gzip.compress(piped)) == whole


def incidents(folder: Path, *logs: str, stdin: bytes | None = None) -> list[dict[str, object]]:
    """The incidents as JSON, less their evidence."""
    out, _ = backtest(folder, "-c", "rules.yaml", "--quiet", "--json", *logs, stdin=stdin)
    return [
        {key: value for key, value in one.items() if key not in ("evidence", "samples", "message")}
        for one in msgspec.json.decode(out)["incidents"]
    ]


def test_expectations_decide_the_exit_code(folder: Path) -> None:
    """Which one does not hold is said, whatever the form."""
    held = ("--expect", "1", "--expect", "errors=1..2", "--expect", "high-traffic=none")
    assert backtest(folder, "-c", "rules.yaml", "--quiet", *held, "access.log")[1] == ""
    missed = ("--json", "--expect", "none", "--expect", "silent=none", "--expect", "errors=2..")
    _, said = backtest(folder, "-c", "rules.yaml", "--quiet", *missed, "access.log", code=1)
    assert said.splitlines() == [
        "logmond: expected none of all rules, but there was 1",
        "logmond: expected none of rule silent, but was not tested: no log for source apache",
        "logmond: expected 2.. of rule errors, but there was 1",
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--rule", "eror.above=5%", "access.log"], 'did you mean "errors"?'),
        (["--rule", "errors.abve=5%", "access.log"], 'did you mean "above"?'),
        (["--expect", "error=1", "access.log"], 'did you mean "errors"?'),
        (["--since", "yesterday", "access.log"], "2026-11-23T17:00"),
        (["--since", "2026-11-23", "--until", "2026-11-22", "access.log"], "is not after"),
        (["-", "-"], "only once"),
        (["--per-day", "nan", "access.log"], "0 or more"),
        (["access.log", "./access.log"], "./access.log: is the same file as access.log"),
        (["access.log", "old.log.1.gz", "access.log"], "access.log: is given twice"),
        (["--source", "syslogg", "access.log"], 'did you mean "syslog"?'),
        ([], "LOG"),
    ],
)
def test_slips_exit_with_2_and_say_what_would_work(
    folder: Path, arguments: list[str], told: str
) -> None:
    """Before anything is read."""
    out, said = backtest(folder, "-c", "rules.yaml", *arguments, code=2)
    assert out == ""
    assert told in said
    assert "Traceback" not in said


def test_a_log_that_cannot_be_read_exits_with_1(folder: Path) -> None:
    """One that is not there at once, one without a readable line after the report."""
    assert "none.log: no such file" in backtest(folder, "none.log", code=1)[1]
    unread = backtest(folder, "--history", "nowhere.db", "access.log", code=1)[1]
    assert "no state file nowhere.db" in unread
    (folder / "junk.log").write_bytes(b"what no format takes\n" * 9)
    out, said = backtest(folder, "--quiet", "junk.log", code=1)
    assert "9 not counted" in out
    assert said == "logmond: junk.log: no line of it could be read\n"


def test_a_sweep_prints_alerts_against_values(folder: Path) -> None:
    """With what the smallest quiet value is."""
    out, _ = backtest(folder, "-c", "rules.yaml", "--rule", "errors.above=10..50%/20%",
                      "--rule", "high-traffic.window=1m", "access.log")  # fmt: skip
    table = out.partition("errors.above by value\n")[2].splitlines()
    assert [line.split()[:2] for line in table[1:4]] == [["10%", "1"], ["30%", "1"], ["50%", "1"]]


def test_generated_lines_of_each_format_are_read_without_a_setting(folder: Path) -> None:
    """What `logmond generate` writes, by the defaults: a rate above 10 fires the built-in rule."""
    for form in ("combined", "json"):
        log = folder / f"{form}.log"
        made = ["generate", "--rate", "2000", "--seconds", "2", "--format", form, "--to", str(log)]
        subprocess.run(
            [sys.executable, "-m", "logmond", *made],
            cwd=folder, env=environ(), check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        count = log.read_bytes().count(b"\n")
        out, said = backtest(folder, "--expect", "high-traffic=1", "--json", str(log))
        told = msgspec.json.decode(out)
        assert told["lines"]["counted"] == count > 1500
        assert told["rules"][0]["open"] == 1
        assert form in said


def test_a_terminal_shows_how_far_it_is(folder: Path) -> None:
    """On one line that is taken away again; the report is not touched."""
    control, terminal = pty.openpty()
    try:
        with subprocess.Popen(
            command(["access.log"]),
            cwd=folder,
            env=environ(),
            stdout=subprocess.PIPE,
            stderr=terminal,
        ) as process:
            out, _ = process.communicate(timeout=60)
        assert process.returncode == 0
        shown = b""
        while select.select([control], [], [], 0)[0]:
            shown += os.read(control, 65536)
    finally:
        os.close(control)
        os.close(terminal)
    assert b"lines/s" in shown
    assert b"%" in shown
    assert shown.endswith(b"\r\x1b[K")
    assert b"\r" not in out


def test_an_interruption_prints_what_is_known_so_far(folder: Path) -> None:
    """And exits with 130, also while a pipe says no more."""
    head = (folder / "access.log").read_bytes()
    with subprocess.Popen(
        command(["-c", "rules.yaml", "--quiet", "-"]),
        cwd=folder, env=environ(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        process.stdin.write(head)
        process.stdin.flush()
        until(30, lambda: _has_read_all(process))
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
        out = process.stdout.read().decode() if process.stdout else ""
    assert out.startswith("Interrupted")
    assert "errors" in out


def _has_read_all(process: subprocess.Popen[bytes]) -> bool:
    """Whether a pipe was emptied, and its reader sleeps."""
    assert process.stdin is not None
    waiting = struct.unpack("i", ioctl(process.stdin, FIONREAD, b"\0" * 4))[0]
    state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
    return waiting == 0 and state == "S"
