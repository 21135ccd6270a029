"""Every request a real server answered is counted once, whatever road its line takes."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority
from daemon import Daemon
from patience import until
from peers import Peers
from processes import free_port
from snippets import snippet
from visits import Visits, visit

_N = 270

Start = Callable[..., Daemon]


def _listening(start: Start, **source: Any) -> tuple[Daemon, str]:
    """A daemon with the one source "web" on UDP and TCP of a free port, and that port."""
    port = free_port(socket.SOCK_DGRAM)
    listen = [f"udp://localhost:{port}", f"tcp://localhost:{port}"]
    return start({"sources": [{"name": "web", "listen": listen, **source}]}), str(port)


def _following(start: Start, log: Path, **source: Any) -> Daemon:
    """A daemon that follows one file as the source "web"."""
    return start({"sources": [{"name": "web", "files": [str(log)], **source}]})


def _groups(daemon: Daemon, dimension: str) -> dict[str, int]:
    groups = daemon.json(f"stats 5m by {dimension}")["groups"]
    return {group["key"]: group["hits"] for group in groups}


def _unhurried(daemon: Daemon, port: int) -> Visits:
    """Visits no faster than a unix datagram socket allows.

    The kernel's default queue holds ten datagrams, and nginx never waits.
    """
    visits = Visits()
    for _ in range(10):
        visits.add(visit(port, 9))
        until(10, lambda: daemon.source("web")["received"] >= visits.total)
    return visits


def _counted(daemon: Daemon, visits: Visits, filtered: int | None = 0) -> None:
    """Totals, statuses, methods and sections are the client's; the ledger balances, 0 lost."""
    stats: dict[str, Any] = {}

    def all_there() -> bool:
        stats.update(daemon.json("stats 5m"))
        return bool(stats["hits"] >= visits.total)

    until(20, all_there, lambda: (stats, daemon.source("web"), daemon.process.output))
    assert stats["hits"] == visits.total
    assert stats["status"] == visits.classes
    assert _groups(daemon, "status") == visits.statuses
    assert _groups(daemon, "method") == visits.methods
    assert _groups(daemon, "section") == visits.sections
    source = daemon.source("web")
    assert source["counted"] == visits.total
    assert source["received"] == source["counted"] + source["filtered"]
    assert {source[key] for key in ("unparsed", "oversize", "cut", "kernel_drops")} == {0}
    if filtered is not None:
        assert source["filtered"] == filtered
    assert source["state"] == "ok"


@pytest.mark.peer("nginx")
@pytest.mark.parametrize("name", ["nginx-udp", "nginx-timed"])
def test_nginx_by_udp(daemon_of: Start, peers: Peers, name: str) -> None:
    """nginx, combined and with request time, the format found by itself."""
    daemon, port = _listening(daemon_of)
    _counted(daemon, visit(peers.nginx(snippet(name, port=port)), _N))
    assert (daemon.json("stats 5m")["duration"] is None) == (name == "nginx-udp")


@pytest.mark.peer("nginx")
def test_nginx_in_json_by_its_pasted_format(daemon_of: Start, peers: Peers) -> None:
    """The log_format directive pasted as the format names every key."""
    text = snippet("nginx-json")
    daemon, port = _listening(daemon_of, format=text[: text.index("access_log")])
    _counted(daemon, visit(peers.nginx(snippet("nginx-json", port=port)), _N))


@pytest.mark.peer("nginx")
def test_nginx_by_unix_socket(daemon_of: Start, peers: Peers, tmp_path: Path) -> None:
    """nginx to the unix datagram socket, no faster than its queue allows."""
    path = str(tmp_path / "log.sock")
    daemon = daemon_of({"sources": [{"name": "web", "listen": [f"unixgram://{path}"]}]})
    _counted(daemon, _unhurried(daemon, peers.nginx(snippet("nginx-unix", socket=path))))


@pytest.mark.peer("apache2")
def test_apache_by_file(daemon_of: Start, peers: Peers, tmp_path: Path) -> None:
    """Apache writes its file, the daemon follows it; it need not exist yet."""
    daemon = _following(daemon_of, tmp_path / "access.log", format="apache-combined")
    port = peers.apache(snippet("apache-file"), {"APACHE_LOG_DIR": str(tmp_path)})
    _counted(daemon, visit(port, _N))


@pytest.mark.peer("apache2", "logger")
def test_apache_piped_to_logger(daemon_of: Start, peers: Peers) -> None:
    """Apache through logger, RFC 5424 over UDP."""
    daemon, port = _listening(daemon_of)
    _counted(daemon, visit(peers.apache(snippet("apache-logger", port=port)), _N))


@pytest.mark.peer("haproxy", "nginx")
def test_haproxy_by_udp(daemon_of: Start, peers: Peers) -> None:
    """HAProxy's option httplog clf; its notices are filtered, not lost."""
    daemon, port = _listening(daemon_of)
    backend = peers.nginx("access_log off;")
    web = peers.haproxy(snippet("haproxy", port=port), backend)
    _counted(daemon, visit(web, _N), filtered=None)


@pytest.mark.peer("haproxy", "rsyslogd", "nginx")
@pytest.mark.parametrize("template", ["RSYSLOG_FileFormat", "RSYSLOG_TraditionalFileFormat"])
def test_haproxy_by_the_file_that_rsyslog_writes(
    daemon_of: Start, peers: Peers, tmp_path: Path, template: str
) -> None:
    """As Debian sets both up: the daemon follows haproxy.log, with a header in every line."""
    log, port = tmp_path / "haproxy.log", free_port(socket.SOCK_DGRAM)
    daemon = _following(daemon_of, log)
    peers.rsyslog(
        f'module(load="imudp")\ninput(type="imudp" address="127.0.0.1" port="{port}")\n'
        f'action(type="omfile" file="{log}" template="{template}")\n'
    )
    backend = peers.nginx("access_log off;")
    web = peers.haproxy(snippet("haproxy", port=str(port)), backend)
    _counted(daemon, visit(web, _N), filtered=None)


@pytest.mark.peer("rsyslogd", "nginx")
def test_rsyslog_forwarding_a_file_over_tcp(daemon_of: Start, peers: Peers, tmp_path: Path) -> None:
    """nginx to a file, rsyslog from there over TCP."""
    daemon, port = _listening(daemon_of)
    log = tmp_path / "access.log"
    web = peers.nginx(f"access_log {log} combined;")
    peers.rsyslog(snippet("rsyslog-file", port=port, file=str(log)))
    _counted(daemon, visit(web, _N))


@pytest.mark.peer("rsyslogd", "nginx")
def test_rsyslog_forwarding_dev_log_over_tcp(
    daemon_of: Start, peers: Peers, tmp_path: Path
) -> None:
    """nginx to rsyslog's local socket, and from there over TCP."""
    daemon, port = _listening(daemon_of)
    path = str(tmp_path / "log")
    # Its default forwards 200 messages in 5 seconds and drops the rest.
    listen = 'module(load="imuxsock" sysSock.use="off")\n'
    listen += f'input(type="imuxsock" socket="{path}" rateLimit.interval="0")\n'
    peers.rsyslog(listen + snippet("rsyslog-devlog", port=port))
    until(20, Path(path).exists)
    web = peers.nginx(snippet("rsyslog-devlog-nginx", devlog=path))
    _counted(daemon, _unhurried(daemon, web))


@pytest.mark.peer("syslog-ng", "nginx")
def test_syslog_ng_forwarding_over_tcp(daemon_of: Start, peers: Peers, tmp_path: Path) -> None:
    """nginx to a file, syslog-ng from there, octet-counted over TCP."""
    daemon, port = _listening(daemon_of)
    log = tmp_path / "access.log"
    web = peers.nginx(f"access_log {log} combined;")
    log.touch()
    peers.syslog_ng(snippet("syslog-ng", port=port, file=str(log)))
    _counted(daemon, visit(web, _N))


def _listening_by_tls(start: Start, folder: Path) -> tuple[Daemon, dict[str, str]]:
    """A daemon that asks for client certificates, and what a snippet needs to reach it."""
    authority, port = Authority(folder, "ca"), str(free_port())
    certificate, key = authority.issue("server")
    for path in authority.issue("cert"):
        path.rename(folder / f"{'key' if path.suffix == '.key' else 'cert'}.pem")
    tls = {"certificate": str(certificate), "key": str(key), "client_ca": str(authority.path)}
    listen = f"tls://localhost:{port}"
    daemon = start({"sources": [{"name": "web", "listen": listen, "tls": tls}]})
    return daemon, {"port": port, "host": "localhost", "certificates": str(folder)}


@pytest.mark.peer("rsyslogd", "lmnsd_gtls.so", "nginx")
def test_rsyslog_forwarding_a_file_over_tls(daemon_of: Start, peers: Peers, tmp_path: Path) -> None:
    """nginx to a file, rsyslog from there over TLS, both sides with certificates."""
    daemon, places = _listening_by_tls(daemon_of, tmp_path)
    log = tmp_path / "access.log"
    web = peers.nginx(f"access_log {log} combined;")
    peers.rsyslog(snippet("rsyslog-tls", file=str(log), **places))
    _counted(daemon, visit(web, _N))


@pytest.mark.peer("syslog-ng", "nginx")
def test_syslog_ng_forwarding_over_tls(daemon_of: Start, peers: Peers, tmp_path: Path) -> None:
    """nginx to a file, syslog-ng from there, octet-counted over TLS."""
    daemon, places = _listening_by_tls(daemon_of, tmp_path)
    log = tmp_path / "access.log"
    web = peers.nginx(f"access_log {log} combined;")
    log.touch()
    peers.syslog_ng(snippet("syslog-ng-tls", file=str(log), **places))
    _counted(daemon, visit(web, _N))


@pytest.mark.peer("caddy")
def test_caddy_by_tcp(daemon_of: Start, peers: Peers) -> None:
    """Caddy's JSON lines over TCP."""
    daemon, port = _listening(daemon_of)
    _counted(daemon, visit(peers.caddy(snippet("caddy", port=port)), _N))
