"""What logmond doctor concludes, and the lines it gives to paste."""

from __future__ import annotations

from typing import Any

import pytest

from logmond.interfaces.doctor import (
    Finding,
    Reading,
    about_arriving,
    about_files,
    about_no_daemon,
    rendered,
)
from logmond.interfaces.pointing import about_no_server

_STATUS: dict[str, Any] = {"version": "1", "node": "web1", "uptime_s": 3661.0, "reasons": []}

SYSLOG = Reading("syslog", ("udp://localhost:5514", "tcp://localhost:5514"))
UNIX = Reading("unix", ("unixgram:///run/logmond.sock",))
FILES = Reading("files", (), ("/var/log/nginx/*.log",))


def _source(**more: Any) -> dict[str, Any]:
    counts = dict.fromkeys(("received", "counted", "filtered", "unparsed", "oversize", "cut"), 0)
    return {
        "name": "syslog",
        "state": "ok",
        **counts,
        "kernel_drops": 0,
        "lines_per_second": 1.25,
        "last_line_at": "2026-11-23T17:00:00Z",
        "samples": {},
        **more,
    }


def _arriving(source: dict[str, Any], reading: Reading = SYSLOG, **status: Any) -> list[Finding]:
    return list(about_arriving([reading], [source], {**_STATUS, **status}))[1:]


def test_a_source_that_counts_lines_is_well() -> None:
    """With how many, how fast, and since when."""
    (found,) = _arriving(_source(received=1210, counted=1203, filtered=7))
    assert found == Finding(
        "ok",
        "source syslog: 1,203 lines counted, 1.2 a second, the last at 2026-11-23T17:00:00Z",
    )


def test_a_source_where_nothing_arrived_gets_a_line_to_try_it_with() -> None:
    """Made-up lines tell a silent sender from a closed road."""
    (found,) = _arriving(_source(last_line_at=None))
    assert (found.kind, found.text) == ("fix", "source syslog: nothing has arrived yet")
    assert found.fix[1] == "logmond generate --rate 1 --seconds 2 --to udp://localhost:5514"
    (found,) = _arriving(_source(), Reading("syslog", ("unix:///run/x", "tcp://*:601")))
    assert found.fix[1] == "logmond generate --rate 1 --seconds 2 --to tcp://localhost:601"
    (found,) = _arriving(_source(name="files"), FILES)
    assert found.fix == ("ls -l /var/log/nginx/*.log", "logmond ctl sources files")


@pytest.mark.parametrize(("state", "kind"), [("ok", "note"), ("waiting", "fix")])
def test_a_file_that_is_followed_and_quiet_is_no_fault(state: str, kind: str) -> None:
    """It is read from its end; one that does not exist may be named wrongly."""
    (found,) = _arriving(_source(state=state, last_line_at=None, name="files"), FILES)
    assert (found.kind, found.text) == (kind, "source files: nothing has arrived yet")


def test_lines_that_all_fail_are_shown_with_how_to_see_why() -> None:
    """The sample is quoted for the shell."""
    samples = {"unparsed": ["first", "it's odd"]}
    (found,) = _arriving(_source(received=9, unparsed=8, filtered=1, samples=samples))
    assert found.text == (
        "source syslog: 9 lines arrived and none was counted (8 could not be read, 1 filtered)"
    )
    assert found.fix == ("printf '%s\\n' 'it'\"'\"'s odd' | logmond parse --explain",)


@pytest.mark.parametrize(("unparsed", "kind"), [(1, "ok"), (2, "fix")])
def test_a_share_of_unread_lines_above_one_percent_is_a_fault(unparsed: int, kind: str) -> None:
    """Scanners always send a few."""
    found = _arriving(_source(received=100, counted=100 - unparsed, unparsed=unparsed))
    assert [finding.kind for finding in found] == [kind]


def test_a_degraded_source_says_the_daemon_s_reason() -> None:
    """The reason names the fix already."""
    reason = "source syslog unreadable (permission denied): usermod -aG adm logmond"
    (found,) = _arriving(_source(state="degraded"), reasons=["other", reason])
    assert (found.kind, found.text) == ("fix", reason)


def test_datagrams_dropped_by_the_kernel_are_a_fault_of_their_own() -> None:
    """A larger buffer is the fix."""
    found = _arriving(_source(received=5, counted=5, kernel_drops=1200))
    assert [finding.kind for finding in found] == ["fix", "ok"]
    assert "dropped 1,200 datagrams" in found[0].text
    assert found[0].fix[0] == "sysctl -w net.core.rmem_max=8388608"


def test_a_source_the_daemon_does_not_know_wants_a_reload() -> None:
    """The file was changed since the daemon read it."""
    found = list(about_arriving([SYSLOG, UNIX], [_source(received=1, counted=1)], _STATUS))
    assert [finding.kind for finding in found] == ["ok", "ok", "fix"]
    assert found[0].text == "logmond 1 runs on web1 for 1h1m"
    assert found[2].fix == ("logmond ctl reload",)


def test_without_a_daemon_it_is_said_how_to_start_one() -> None:
    """As a service, or in the foreground with this configuration."""
    found = about_no_daemon("localhost:9000", "connection refused", "/etc/my file.yaml")
    assert found.kind == "fix"
    assert found.fix[1].endswith("logmond run -c '/etc/my file.yaml'")


def test_files_the_user_cannot_read_come_with_the_command() -> None:
    """What is waited for has none."""
    refused = [("a", "user u cannot read /x", "usermod -aG adm u"), ("b", "/y does not exist", "")]
    readings = [Reading("a", files=("/x",)), Reading("b", files=("/y",)), FILES]
    assert list(about_files(readings, refused, "u")) == [
        Finding("fix", "source a: user u cannot read /x", ("usermod -aG adm u",)),
        Finding("fix", "source b: /y does not exist"),
        Finding("ok", "user u can read the files of files"),
    ]


def test_the_report_is_harmless_and_counts_what_is_to_fix() -> None:
    """Control characters of samples do not reach the terminal."""
    lines = list(rendered([Finding("ok", "a\x1b[2J"), Finding("fix", "b", ("do\x07 it",))]))
    assert lines == ["ok    a\\x1b[2J", "fix   b", "          do\\x07 it", "1 to fix"]
    assert list(rendered([about_no_server(["/x"])]))[-1] == "all is well"
