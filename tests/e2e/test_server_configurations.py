"""Sources set up by the configurations that real servers run with."""

from __future__ import annotations

import socket
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from daemon import Daemon
from patience import until
from peers import Peers
from processes import free_port

Start = Callable[..., Daemon]

_NGINX = r"""
log_format timed '$remote_addr - $remote_user [$time_local] '  # it's split, and commented
                 '"$request" $status $body_bytes_sent "it\'s" $request_time';
map $status $failed {{ default 0; ~^5 1; }}
access_log {folder}/inherited.log;
include {folder}/conf.d/*.conf;
server {{
    listen 127.0.0.1:{port};
    server_name variants;
    location /inherited/ {{ return 200 "ok\n"; }}
    location /timed/ {{ access_log timed.log timed; return 200 "ok\n"; }}
    location /json/ {{
        access_log "{folder}/json.log" json;
        location /json/deep/ {{ return 200 "ok\n"; }}
    }}
    location /failed/ {{
        access_log {folder}/failed.log combined if=$failed;
        location /failed/yes {{ return 503; }}
        location /failed/no {{ return 200 "ok\n"; }}
    }}
    location /buffered/ {{
        access_log {folder}/buffered.log combined buffer=32k flush=1s;
        return 200 "ok\n";
    }}
    location /syslog/ {{
        access_log syslog:server=127.0.0.1:{syslog},tag=nginx combined;
        return 200 "ok\n";
    }}
    location /off/ {{ access_log off; return 200 "ok\n"; }}
}}
"""

_INCLUDED = """
log_format json escape=json '{"when":"$time_iso8601","what":"$request",'
                            '"result":$status,"took":$request_time}';
"""

_APACHE = """
LogFormat "%v %h %t \\"%r\\" %>s %O %D" timed
CustomLog {folder}/main.log combined
Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
    ServerName timed.example
    CustomLog {folder}/timed.log timed
    CustomLog "|/bin/cat >/dev/null" common
    LogFormat "%h %t %>s" common
</VirtualHost>
"""


def _get(port: int, path: str, times: int) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    for _ in range(times):
        connection.request("GET", path)
        connection.getresponse().read()
    connection.close()


def _hits(daemon: Daemon, by: str) -> dict[str, int]:
    groups = daemon.json(f"stats 5m by {by}")["groups"]
    return {group["key"]: group["hits"] for group in groups}


@pytest.mark.peer("nginx")
def test_six_access_logs_of_nginx_are_followed_as_it_writes_them(
    daemon_of: Start, peers: Peers, tmp_path: Path
) -> None:
    """Inherited, timed, JSON, conditional, buffered and syslog: each variant's total is exact."""
    port, syslog = free_port(), free_port(socket.SOCK_DGRAM)
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "json.conf").write_text(_INCLUDED)
    peers.nginx(_NGINX.format(folder=tmp_path, port=port, syslog=syslog))
    sources: list[dict[str, Any]] = [
        {"name": "web", "nginx": str(peers.configurations[0])},
        {"name": "syslog", "listen": [f"udp://localhost:{syslog}"]},
    ]
    daemon = daemon_of({"sources": sources})

    asked = {"/inherited/a": 11, "/timed/a": 12, "/json/deep/a": 13, "/failed/yes": 14}
    asked |= {"/failed/no": 15, "/buffered/a": 16, "/syslog/a": 17, "/off/a": 18}
    for path, times in asked.items():
        _get(port, path, times)
    expected = {"/inherited": 11, "/timed": 12, "/json": 13, "/failed": 14}
    expected |= {"/buffered": 16, "/syslog": 17}

    until(20, lambda: _hits(daemon, "section") == expected, lambda: daemon.ask("sources"))
    assert _hits(daemon, "source") == {
        "web.combined": 11 + 14 + 16,
        "web.timed": 12,
        "web.json": 13,
        "syslog": 17,
    }
    assert _hits(daemon, "status") == {"200": 69, "503": 14}
    found = {source["name"]: source for source in daemon.json("sources")}
    assert list(found) == ["web.combined", "web.timed", "web.json", "syslog"]
    assert {source["unparsed"] for source in found.values()} == {0}
    assert daemon.json("stats 5m source=web.timed")["duration"] is not None
    told = daemon.process.output
    assert f"source web: {peers.configurations[0]} names 5 access logs in 3 formats" in told
    assert "buffered by nginx: lines come up to 1s late" in told
    assert f"access lines go to syslog 127.0.0.1:{syslog}" in "\n".join(daemon.ask("sources"))


@pytest.mark.peer("nginx")
def test_a_reload_takes_what_nginx_was_told_anew(
    daemon_of: Start, peers: Peers, tmp_path: Path
) -> None:
    """A log added to nginx is followed after SIGHUP; the others lose nothing."""
    log = f"access_log {tmp_path}/a.log;\n"
    port = peers.nginx(log)
    (config,) = peers.configurations
    daemon = daemon_of({"sources": [{"name": "web", "nginx": str(config)}]})
    _get(port, "/a", 5)
    added = f"""
        log_format mini '$time_iso8601 $status $request';
        server {{ listen 127.0.0.1:{free_port()}; access_log {tmp_path}/b.log mini; }}
    """
    config.write_text(config.read_text().replace(log, log + added))
    (tmp_path / "b.log").touch()
    daemon.reload()
    until(20, lambda: len(daemon.json("sources")) == 2, lambda: daemon.process.output)
    _get(port, "/a", 5)
    with (tmp_path / "b.log").open("a") as written:
        written.write("2026-11-23T17:00:00+00:00 404 GET /b HTTP/1.1\n" * 3)

    def counted() -> bool:
        return {s["name"]: s["counted"] for s in daemon.json("sources")} == {
            "web.combined": 10,
            "web.mini": 3,
        }

    until(20, counted, lambda: daemon.ask("sources"))


_COMBINED = '192.0.2.1 - - [23/Nov/2026:17:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "-"\n'
_MINI = '200 "GET /a HTTP/1.1"\n'


@pytest.mark.parametrize("restarted", [False, True])
def test_a_file_whose_format_is_changed_is_read_on_where_it_was(
    daemon_of: Start, tmp_path: Path, restarted: bool
) -> None:
    """Another source takes it over: no line twice, none lost, by reload and by restart."""
    log, config = tmp_path / "a.log", tmp_path / "nginx.conf"
    log.write_text(_COMBINED * 5)
    body = f"http {{ log_format mini '$status \"$request\"'; access_log {log} %s; server {{ }} }}"
    config.write_text(body % "combined")
    source = {"name": "web", "nginx": str(config), "start": "beginning"}
    daemon = daemon_of({"sources": [source]})

    def counted(name: str, times: int) -> bool:
        found = {s["name"]: s["counted"] for s in daemon.json("sources")}
        return found == {name: times}

    until(20, lambda: counted("web.combined", 5), lambda: daemon.ask("sources"))
    config.write_text(body % "mini")
    if restarted:
        assert daemon.stop() == 0
        with log.open("a") as written:
            written.write(_MINI * 3)
        daemon.start()
    else:
        daemon.reload()
        until(20, lambda: counted("web.mini", 0), lambda: daemon.ask("sources"))
        with log.open("a") as written:
            written.write(_MINI * 3)
    until(20, lambda: counted("web.mini", 3), lambda: daemon.ask("sources"))
    assert daemon.source("web.mini")["received"] == 3


@pytest.mark.peer("apache2")
def test_logs_of_apache_s_virtual_hosts_are_followed(
    daemon_of: Start, peers: Peers, tmp_path: Path
) -> None:
    """The main server's file and a virtual host's own; a pipe is said, not read."""
    port = free_port()
    tmp_path.chmod(0o755)
    main = peers.apache(_APACHE.format(folder=tmp_path, port=port))
    config = str(peers.configurations[0])
    daemon = daemon_of({"sources": [{"name": "httpd", "apache": config}]})
    _get(main, "/", 4)
    _get(port, "/api/users", 6)
    expected = {"httpd.combined": 4, "httpd.timed": 6}
    until(20, lambda: _hits(daemon, "source") == expected, lambda: daemon.ask("sources"))
    assert daemon.json("stats 5m source=httpd.timed")["duration"] is not None
    assert 'access lines go to the program "/bin/cat' in "\n".join(daemon.ask("sources"))
