"""Whether a server of this host logs to a source, and the lines to paste where it does not."""

from __future__ import annotations

import pytest

from logmond.ingest.formats.table import format_of
from logmond.ingest.servers.apache import read_apache
from logmond.ingest.servers.found import Found
from logmond.ingest.servers.nginx import read_nginx
from logmond.interfaces.doctor import Finding, Reading
from logmond.interfaces.pointing import SHOWN, about_server

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
