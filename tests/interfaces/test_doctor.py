"""What logmond doctor concludes, and the lines it gives to paste."""

from __future__ import annotations

from typing import Any

import pytest

from logmond.ingest.formats.table import format_of
from logmond.ingest.servers.apache import read_apache
from logmond.ingest.servers.found import Found
from logmond.ingest.servers.nginx import read_nginx
from logmond.interfaces.doctor import (
    Finding,
    Reading,
    about_arriving,
    about_files,
    about_no_daemon,
    rendered,
)
from logmond.interfaces.pointing import SHOWN, about_no_server, about_server

_STATUS: dict[str, Any] = {"version": "1", "node": "web1", "uptime_s": 3661.0, "reasons": []}

SYSLOG = Reading("syslog", ("udp://localhost:5514", "tcp://localhost:5514"))
UNIX = Reading("unix", ("unixgram:///run/logmond.sock",))
FILES = Reading("files", (), ("/var/log/nginx/*.log",))


class _Text:
    """One configuration file, whatever its path."""

    def __init__(self, text: str) -> None:
        self._text = text

    def text(self, path: str) -> str:
        if path.endswith("envvars"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return self._text

    def matching(self, pattern: str) -> list[str]:
        return []

    def is_directory(self, path: str) -> bool:
        return False


def _nginx(body: str) -> Found:
    return read_nginx("/etc/nginx/nginx.conf", _Text(f"http {{\n{body}\n}}"))


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


@pytest.mark.parametrize(
    ("reading", "log"),
    [
        (SYSLOG, "syslog:server=127.0.0.1:5514,tag=nginx"),
        (SYSLOG, "syslog:server=localhost:5514"),
        (SYSLOG, "syslog:server=[::1]:5514"),
        (Reading("all", ("udp://*:5514",)), "syslog:server=192.0.2.7:5514"),
        (Reading("one", ("udp://192.0.2.7:514",)), "syslog:server=192.0.2.7"),
        (UNIX, "syslog:server=unix:/run/logmond.sock"),
        (FILES, "/var/log/nginx/access.log"),
    ],
)
def test_a_server_that_logs_to_a_source_is_well(reading: Reading, log: str) -> None:
    """By UDP on any loopback name, by the socket's path, or by a file a glob covers."""
    found = list(about_server(_nginx(f"access_log {log}; server {{ }}"), [UNIX, reading]))
    assert found == [
        Finding("ok", "nginx (/etc/nginx/nginx.conf): 1 of 1 servers and locations log to a source")
    ]


@pytest.mark.parametrize(
    "log",
    [
        "syslog:server=127.0.0.1:5515",
        "syslog:server=192.0.2.7:5514",
        "syslog:server=unix:/run/other.sock",
        "syslog:server=127.0.0.1:port",
        "/var/log/other/access.log",
    ],
)
def test_a_server_that_logs_elsewhere_gets_two_ways_to_mend_it(log: str) -> None:
    """A source that reads nginx's own configuration, or a line in nginx's."""
    server = _nginx(f"access_log {log}; server {{ }}")
    (found,) = about_server(server, [SYSLOG, FILES])
    assert found.kind == "fix"
    assert "does not log to any source; it logs to" in found.text
    assert found.fix == (
        "# below sources: in logmond's configuration, then: logmond ctl reload",
        "  - name: nginx",
        "    nginx: /etc/nginx/nginx.conf",
        "# or in nginx's http block, then: nginx -s reload",
        "access_log syslog:server=127.0.0.1:5514,tag=nginx combined;",
    )


def test_a_line_in_the_http_block_is_not_proposed_where_every_server_replaces_it() -> None:
    """It goes beside the log of each server; one that inherits still takes it from http."""
    own = "access_log syslog:server=unix:/else.sock;\nserver {\naccess_log /a.log; }"
    (found,) = about_server(_nginx(own), [SYSLOG])
    assert found.fix[3:] == (
        "# or beside its access_log near /etc/nginx/nginx.conf:4, then: nginx -s reload",
        "access_log syslog:server=127.0.0.1:5514,tag=nginx combined;",
    )
    (found,) = about_server(_nginx(f"{own} server {{ }}"), [SYSLOG])
    assert [line for line in found.fix[3:] if line.startswith("#")] == [
        "# or in nginx's http block, then: nginx -s reload",
        "# or beside its access_log near /etc/nginx/nginx.conf:4, then: nginx -s reload",
    ]


def test_the_log_nginx_writes_by_itself_is_kept_by_the_fix() -> None:
    """A first access_log ends what the build chose."""
    (found,) = about_server(_nginx("server { }"), [UNIX])
    assert found.fix[-2:] == (
        "access_log /var/log/nginx/access.log;",
        "access_log syslog:server=unix:/run/logmond.sock,tag=nginx combined;",
    )


def test_locations_with_logs_of_their_own_are_told_with_the_line_to_add() -> None:
    """What they inherit from, and what they hold, is not told again; off is a choice."""
    found = list(
        about_server(
            _nginx("""
                access_log syslog:server=127.0.0.1:5514;
                log_format timed '$remote_addr - $remote_user [$time_local] "$request" $status '
                    '$body_bytes_sent "$http_referer" "$http_user_agent" $request_time';
                server {
                    server_name shop;
                    location /api { access_log /var/log/api.log timed; location /api/v1 { } }
                    location = /favicon.ico { access_log off; }
                }
            """),
            [SYSLOG],
        )
    )
    assert [finding.kind for finding in found] == ["ok", "fix", "note"]
    assert "1 of 3 servers and locations" in found[0].text
    assert found[1].text == (
        "nginx: server shop > location /api (/etc/nginx/nginx.conf:8) has logs of its own, which "
        "replace the outer ones; none goes to a source"
    )
    assert found[1].fix[1:] == ("access_log syslog:server=127.0.0.1:5514,tag=nginx timed;",)
    assert found[2].text.endswith("not counted: server shop > location = /favicon.ico")


def test_a_server_that_inherits_another_way_keeps_it_beside_the_new_line() -> None:
    """A first line of its own would end the inheritance."""
    body = "access_log /a.log; server { } server { access_log syslog:server=127.0.0.1:5514; }"
    found = list(about_server(_nginx(body), [SYSLOG]))
    assert found[1].text.endswith("logs elsewhere; none goes to a source")
    assert found[1].fix[1:] == (
        "access_log /a.log;",
        "access_log syslog:server=127.0.0.1:5514,tag=nginx combined;",
    )


def test_a_line_to_add_keeps_what_was_inherited_as_it_was_written() -> None:
    """With its format and options: the same line again, not another."""
    lines = (
        r"""access_log "/var/log/a b.log" timed buffer=4k if=$x;""",
        "access_log syslog:server=192.0.2.9,tag=web timed;",
    )
    other = "server { access_log syslog:server=127.0.0.1:5514; }"
    body = f"log_format timed '$request'; {' '.join(lines)} server {{ }} {other}"
    found = list(about_server(_nginx(body), [SYSLOG]))
    assert found[-1].fix[1:3] == lines


@pytest.mark.parametrize(
    ("form", "format_", "named"),
    [
        ("auto", "'$status $request $connection'", "combined"),
        ("$status $request $connection", "'$status $request $connection'", '"my own"'),
        ("$status $request", "'$request'", None),
    ],
)
def test_a_line_to_add_has_a_format_that_the_source_reads(
    form: str, format_: str, named: str | None
) -> None:
    """Lines of another would be unparsed; where there is none, a source of its own is told."""
    reading = Reading("one", ("udp://localhost:5514",), (), tuple(format_of(form)))
    body = f"""log_format "my own" {format_}; access_log syslog:server=127.0.0.1:5514;
        server {{ location /own {{ access_log /own.log "my own"; }} }}"""
    found = list(about_server(_nginx(body), [reading]))
    line = f"access_log syslog:server=127.0.0.1:5514,tag=nginx {named};"
    assert found[1].fix[-1] == (line if named else "    nginx: /etc/nginx/nginx.conf")


def test_many_locations_are_cut_to_the_first() -> None:
    """The rest is a number."""
    locations = "".join(f"location /{n} {{ access_log /x; }}" for n in range(SHOWN + 5))
    body = f"access_log syslog:server=127.0.0.1:5514; server {{ {locations} }}"
    found = list(about_server(_nginx(body), [SYSLOG]))
    assert len(found) == SHOWN + 2
    assert found[-1].text == "nginx: and 5 more of these"


def test_what_goes_to_the_host_s_syslog_may_be_forwarded() -> None:
    """rsyslog may pass it on, so that it is no fault by itself."""
    (found,) = about_server(_nginx("access_log syslog:server=unix:/dev/log; server { }"), [SYSLOG])
    assert found.kind == "note"
    assert found.text.endswith("this host's syslog may forward them")


def test_apache_is_told_its_own_lines() -> None:
    """A piped logger counts as pointed here; a virtual host's own file does not."""
    text = """
CustomLog "|/usr/bin/logger -n 127.0.0.1 -P 5514 -d -t apache" "%r %>s"
<VirtualHost *:80>
    ServerName shop
    CustomLog /var/log/shop.log "%r %>s"
</VirtualHost>
"""
    found = list(about_server(read_apache("/etc/httpd/httpd.conf", _Text(text)), [SYSLOG]))
    assert [finding.kind for finding in found] == ["ok", "fix"]
    assert found[1].text.startswith("Apache: VirtualHost *:80 shop (/etc/httpd/httpd.conf:3) has")
    assert found[1].fix[1] == (
        'CustomLog "|/usr/bin/logger -n 127.0.0.1 -P 5514 -d -t apache -p local6.info -S 65000" '
        "combined"
    )
    (nothing,) = about_server(read_apache("/h.conf", _Text("")), [FILES])
    assert "it logs to nowhere" in nothing.text
    assert nothing.fix[1:] == ("  - name: apache", "    apache: /h.conf")


def test_what_answers_beside_apache_s_virtual_hosts_is_no_fault() -> None:
    """Debian's has a log for it, and mostly no request reaches it."""
    text = """
CustomLog /var/log/apache2/other_vhosts_access.log "%r %>s"
<VirtualHost *:80>
    CustomLog /var/log/apache2/access.log "%r %>s"
</VirtualHost>
"""
    apache = Reading("apache", (), ("/var/log/apache2/access.log",))
    found = list(about_server(read_apache("/a.conf", _Text(text)), [apache]))
    assert [(finding.kind, finding.fix) for finding in found] == [("ok", ()), ("note", ())]
    assert "(/a.conf:1) answers what no VirtualHost does and logs elsewhere" in found[1].text


def test_notes_of_the_reading_are_passed_on() -> None:
    """What could not be read may log, too."""
    notes = list(
        about_server(
            read_nginx("/n.conf", _Text("stream { access_log /s; }\nhttp { server { } }")), [FILES]
        )
    )
    assert (notes[0].kind, notes[0].text.partition(": ")[0]) == ("note", "/n.conf:1")


def test_the_report_is_harmless_and_counts_what_is_to_fix() -> None:
    """Control characters of samples do not reach the terminal."""
    lines = list(rendered([Finding("ok", "a\x1b[2J"), Finding("fix", "b", ("do\x07 it",))]))
    assert lines == ["ok    a\\x1b[2J", "fix   b", "          do\\x07 it", "1 to fix"]
    assert list(rendered([about_no_server(["/x"])]))[-1] == "all is well"
