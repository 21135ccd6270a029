"""`logmond doctor` beside a running daemon and a real nginx: what is wrong, and that the fix is."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest
from daemon import Daemon
from patience import until
from peers import Peers
from processes import free_port

Start = Callable[..., Daemon]


def _doctor(daemon: Daemon, nginx: Path) -> tuple[int, list[str]]:
    command = [*daemon.command[:3], "doctor", "-c", daemon.config, "--nginx", nginx]
    environ = {**os.environ, **daemon.environ}
    result = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=30, check=False
    )
    assert result.stderr == ""
    return result.returncode, result.stdout.splitlines()


@pytest.mark.peer("nginx")
def test_the_fix_for_a_location_that_logs_elsewhere_mends_it(
    daemon_of: Start, peers: Peers, tmp_path: Path
) -> None:
    """The line it gives, pasted where it says, brings the location's requests in."""
    syslog = free_port(socket.SOCK_DGRAM)
    daemon = daemon_of({"sources": [{"name": "web", "listen": [f"udp://localhost:{syslog}"]}]})
    ports = [free_port(), free_port()]
    server = """
        access_log syslog:server=127.0.0.1:{syslog} combined;
        server {{
            listen 127.0.0.1:{port};
            location /own {{
                {more} access_log {folder}/own.log combined; return 200;
            }}
        }}
    """
    peers.nginx(server.format(syslog=syslog, port=ports[0], folder=tmp_path, more=""))
    code, report = _doctor(daemon, peers.configurations[0])
    assert code == 1
    assert "fix   source web: nothing has arrived yet" in report
    (told,) = [n for n, line in enumerate(report) if "location /own" in line]
    assert f"{peers.configurations[0]}:" in report[told]
    assert report[-1] == "2 to fix"

    fix = "\n".join(report[told + 1 : told + 3])
    peers.nginx(server.format(syslog=syslog, port=ports[1], folder=tmp_path, more=f"{fix}\n"))
    connection = HTTPConnection("127.0.0.1", ports[1], timeout=20)
    connection.request("GET", "/own")
    connection.getresponse().read()
    connection.close()
    until(20, lambda: daemon.source("web")["counted"] == 1, lambda: daemon.ask("sources"))
    code, report = _doctor(daemon, peers.configurations[1])
    assert (code, report[-1]) == (0, "all is well"), report


@pytest.mark.peer("nginx")
def test_a_source_that_reads_nginx_s_own_configuration_is_all_it_takes(
    daemon_of: Start, peers: Peers, tmp_path: Path
) -> None:
    """Its files are followed, so nginx needs no change; a stopped daemon is said."""
    port = peers.nginx(f"access_log {tmp_path}/a.log;")
    nginx = peers.configurations[0]
    daemon = daemon_of({"sources": [{"name": "web", "nginx": str(nginx)}]})
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.close()
    until(20, lambda: daemon.json("sources")[0]["counted"] == 1, lambda: daemon.ask("sources"))
    code, report = _doctor(daemon, nginx)
    assert (code, report[-1]) == (0, "all is well"), report
    daemon.stop()
    code, report = _doctor(daemon, nginx)
    assert code == 1
    assert any(line.startswith("fix   no daemon answers at localhost:") for line in report)
