"""Backtests: logs merged by time, assigned to sources, rules asked, counts that add up."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from backtest_logs import BUSY, T0, fired, lines, run

from logmond.daemon import replay
from logmond.errors import ConfigError, SourceError
from logmond.ingest.sources.oldlog import OldLog


def test_several_logs_are_one_by_the_time_of_their_lines(tmp_path: Path) -> None:
    """What each holds would break no rule; together they do, plain and compressed."""
    one, two = tmp_path / "one.log", tmp_path / "two.log.gz"
    one.write_bytes(b"".join(lines(at, 9 if at == 50 else 1) for at in range(100)))
    two.write_bytes(gzip.compress(b"".join(lines(at) for at in range(45, 120))))
    assert fired(run([one])) == fired(run([two])) == []
    outcome = run([two, one])
    assert fired(outcome) == [("busy", 50, 65)]
    assert (outcome.first, outcome.last) == (T0, T0 + 119)
    assert (outcome.totals["counted"], outcome.totals["late"]) == (108 + 75, 0)


def test_what_is_open_with_the_last_line_is_told_as_open(tmp_path: Path) -> None:
    """It lasted to the last second, and not beyond."""
    log = tmp_path / "access.log"
    log.write_bytes(lines(0) + lines(20, 30) + lines(25))
    outcome = run([log])
    (count,) = [one.count for one in outcome.rules]
    assert fired(outcome) == [("busy", 20, None)]
    assert (count.fired, count.open, count.total_s, count.longest_s) == (1, 1, 5, 5)


def test_a_line_a_rule_adds_up(tmp_path: Path) -> None:
    """Times fired, seconds in all, the longest, and the shortest pause between two."""
    log = tmp_path / "access.log"
    bursts = (20, 60, 75, 200)
    log.write_bytes(b"".join(lines(at, 30 if at in bursts else 1) for at in range(300)))
    (busy,) = run([log]).rules
    # Ten seconds in the window, then five of hold; the second and third are one.
    assert fired(run([log])) == [("busy", 20, 35), ("busy", 60, 90), ("busy", 200, 215)]
    assert busy.count.fired == 3
    assert busy.count.total_s == 15 + 30 + 15
    assert busy.count.longest_s == 30
    assert busy.count.shortest_gap_s == 25


def test_groups_pause_each_for_itself(tmp_path: Path) -> None:
    """The gap is between two incidents of the same group."""
    log = tmp_path / "access.log"
    log.write_bytes(lines(0) + lines(20, 30, "a") + lines(21, 30, "b") + lines(90))
    outcome = run([log], [{**BUSY, "group_by": ["section"]}])
    assert [one.count.fired for one in outcome.rules] == [2]
    assert outcome.rules[0].count.shortest_gap_s is None


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("access.log", "web"),
        ("access.log.1", "web"),
        ("access.log.12.gz", "web"),
        ("access.log-20261123.gz", "web"),
        ("api-20261123.log", "api"),
        ("api.log.old", "api"),
        ("other.log", "syslog"),
    ],
)
def test_a_log_is_read_as_the_source_whose_files_mean_it(
    name: str, source: str, tmp_path: Path
) -> None:
    """Rotated, compressed or not; any other as the one that receives lines."""
    log = tmp_path / name
    log.write_bytes(gzip.compress(lines(0)) if name.endswith(".gz") else lines(0))
    sources = [
        {"name": "web", "files": [str(tmp_path / "access.log")], "format": "common"},
        {"name": "api", "files": [str(tmp_path / "ap*.log")]},
        {"name": "syslog", "listen": ["udp://localhost:5514"]},
    ]
    (read,) = run([log], sources=sources).logs
    assert read.source == source
    assert "common" in read.read_as


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_log_that_names_its_fields_is_told_as_what_it_is(end: bytes, tmp_path: Path) -> None:
    """Its first lines say how the others are written."""
    log = tmp_path / "u_ex261123.log"
    rows = [b"#Software: IIS", b"#Fields: date time c-ip cs-method cs-uri-stem sc-status"]
    rows += [b"2026-11-23 17:00:00 192.0.2.1 GET /a/x 200"] * 2
    log.write_bytes(end.join([*rows, b""]))
    (read,) = run([log]).logs
    assert (read.lines, read.rejected) == (4, 2)
    assert read.read_as.endswith("format auto: iis, confidence 100% of 2 lines")


def test_a_log_from_another_folder_or_of_no_source_is_read_all_the_same(tmp_path: Path) -> None:
    """By its name, by what was named, or as a source of its own."""
    log, strange = tmp_path / "access.log", tmp_path / "Strange Log.2.txt"
    log.write_bytes(lines(0))
    strange.write_bytes(lines(0))
    sources = [
        {"name": "web", "files": ["/srv/access.log"]},
        {"name": "api", "files": ["/srv/api.log"]},
    ]
    assert run([log], sources=sources).logs[0].source == "web"
    assert run([strange], sources=sources).logs[0].source == "strange-log"
    assert run([strange], sources=sources, named="api").logs[0].source == "api"
    with pytest.raises(ConfigError, match='did you mean "api"'):
        run([log], sources=sources, named="apu")


def test_a_rule_about_a_source_without_a_log_is_not_tested(tmp_path: Path) -> None:
    """It neither fires nor is called quiet, and no expectation of it holds."""
    log = tmp_path / "access.log"
    log.write_bytes(b"".join(lines(at) for at in range(400)))
    sources = [
        {"name": "web", "files": [str(log)]},
        {"name": "api", "files": ["/srv/api.log"]},
    ]
    low = {"name": "low", "metric": "hits", "window": "10s", "below": 1, "no_data": "alert"}
    rules = [
        {**low, "where": {"source": "api"}},
        {**low, "name": "own", "where": {"source": "w*"}},
        {"name": "slow", "metric": "duration_p95", "above": "1s"},
        {"name": "drops", "metric": "kernel_drops", "above": 1},
    ]
    outcome = run(
        [log], rules, sources, expect=["low=none", "own=none", "none"], trials=["low.below=1,2"]
    )
    assert list(outcome.sweeps[0].hints) == ["not tested: no log for source api"]
    assert [one.not_tested for one in outcome.rules] == [
        "no log for source api",
        "",
        "no log carries durations",
        "no log tells what the kernel dropped",
    ]
    assert [one.held for one in outcome.expectations] == [False, True, True]
    assert outcome.incidents == []


def test_since_asks_rules_with_their_windows_filled(tmp_path: Path) -> None:
    """What lies before fills windows and tells nothing; what lies behind is not asked about."""
    log = tmp_path / "access.log"
    log.write_bytes(b"".join(lines(at, 30 if at in (20, 98, 140) else 1) for at in range(200)))
    assert [begin for _, begin, _ in fired(run([log]))] == [20, 98, 140]
    outcome = run([log], since=T0 + 100, until=T0 + 130)
    assert fired(outcome) == [("busy", 100, 113)]
    assert (outcome.first, outcome.last) == (T0 + 100, T0 + 129)


def test_rejects_are_told_with_a_sample_and_why(tmp_path: Path) -> None:
    """And a log of which no line can be read is at fault."""
    log, junk = tmp_path / "access.log", tmp_path / "junk.log"
    log.write_bytes(lines(0) + b'192.0.2.1 - - "GET /s?secret=1 HTTP/1.1" 200 1\n' + lines(9))
    junk.write_bytes(b"what no format takes\n" * 3)
    source = {"name": "web", "files": [str(tmp_path / "*.log")], "format": "common"}
    outcome = run([log, junk], sources=[source])
    (reject,) = outcome.rejects
    assert (reject.source, reject.kind, reject.lines) == ("web", "unparsed", 4)
    assert "common expected" in reject.why
    assert "secret" not in reject.sample
    assert [(one.lines, one.rejected, bool(one.fault)) for one in outcome.logs] == [
        (3, 1, False),
        (3, 3, True),
    ]


def test_a_stamp_that_cannot_be_read_counts_with_the_line_before(tmp_path: Path) -> None:
    """Nor one that lies ahead of now: when they arrived, nobody knows any more."""
    log = tmp_path / "access.log"
    odd = b'192.0.2.1 - - [x] "GET /s HTTP/1.1" 200 1\n'
    log.write_bytes(odd + lines(0) + odd * 2 + lines(2_000_000, 3) + lines(30) + odd + lines(31))
    outcome = run([log])
    assert (outcome.first, outcome.last) == (T0, T0 + 31)
    totals = outcome.totals
    assert (totals["counted"], totals["skewed"], totals["late"]) == (10, 3, 0)


def test_the_last_line_needs_no_newline_and_an_endless_one_costs_nothing(tmp_path: Path) -> None:
    """Both are lines; the second is counted once, as oversize."""
    log = tmp_path / "access.log"
    log.write_bytes(lines(0) + b"x" * 400_000 + b"\n" + lines(5).rstrip(b"\n"))
    outcome = run([log])
    totals = outcome.totals
    assert (totals["received"], totals["counted"], totals["oversize"]) == (3, 2, 1)
    assert outcome.last == T0 + 5


@pytest.mark.parametrize("cut", [30, -9])
def test_a_damaged_gzip_is_read_to_where_it_is_damaged(cut: int, tmp_path: Path) -> None:
    """And said to be."""
    log = tmp_path / "access.log.gz"
    whole = b"".join(lines(at, 3, f"s{at}") for at in range(5000))
    log.write_bytes(gzip.compress(lines(-10)) + gzip.compress(whole)[:cut])
    outcome = run([log])
    assert outcome.logs[0].fault == "its end is missing"
    assert outcome.totals["counted"] >= 1


def test_members_of_a_gzip_follow_each_other(tmp_path: Path) -> None:
    """Equal ones too, as whoever appends to a .gz makes them, and padding behind."""
    log = tmp_path / "access.log.gz"
    log.write_bytes(gzip.compress(lines(0, 7)) * 3 + b"\0" * 600)
    outcome = run([log])
    assert outcome.totals["counted"] == 21
    assert outcome.logs[0].fault == ""


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"BZh91AY", "bzcat"), (b"\xfd7zXZ\x00", "xzcat"), (b"\x28\xb5\x2f\xfd", "zstdcat")],
)
def test_what_is_compressed_otherwise_is_refused_with_the_way_out(
    content: bytes, told: str, tmp_path: Path
) -> None:
    """Before anything is read; so are folders and what is not there."""
    log = tmp_path / "access.log"
    log.write_bytes(content)
    with pytest.raises(SourceError, match=told):
        OldLog(str(log))
    with pytest.raises(SourceError, match="is a directory"):
        OldLog(str(tmp_path))
    with pytest.raises(SourceError, match="no such file"):
        OldLog(str(tmp_path / "none.log"))


def test_no_lines_test_nothing(tmp_path: Path) -> None:
    """An empty log is no fault, as a rotated one may be; without another nothing is expected."""
    log, other = tmp_path / "access.log", tmp_path / "access.log.1"
    log.write_bytes(b"")
    outcome = run([log], expect=["none", "busy=none"])
    assert (outcome.first, outcome.last, outcome.tested_s) == (None, None, 0)
    assert outcome.faults == []
    assert [one.not_tested for one in outcome.rules] == ["there was nothing to test"]
    assert [one.held for one in outcome.expectations] == [False, False]
    other.write_bytes(lines(0))
    assert run([log, other], expect=["none"]).expectations[0].held
    assert not run([other], expect=["none"], since=T0 + 10).expectations[0].held


def test_a_silence_of_years_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with a stamp of long ago costs no hours, and what follows is evaluated whole."""
    monkeypatch.setattr(replay, "STILL_S", 600)
    log = tmp_path / "access.log"
    log.write_bytes(lines(-10 * 365 * 86400) + lines(0) + lines(20, 30) + lines(60))
    assert fired(run([log])) == [("busy", 20, 35)]
