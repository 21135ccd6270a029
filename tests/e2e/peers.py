"""Real web servers and syslog daemons on loopback, each with a folder and ports of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patience import until
from processes import Programs, free_port

_NGINX = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {log}
    server {{
        listen 127.0.0.1:{port};
        location = / {{ return 200 "home\\n"; }}
        location /api/ {{ return 200 "answer\\n"; }}
        location /api/fail {{ return 503; }}
        location /pages/ {{ return 200 "page\\n"; }}
        location /old {{ return 301 /; }}
        location / {{ return 404; }}
    }}
}}
"""

_APACHE = """
ServerRoot "{folder}"
ServerName localhost
Listen 127.0.0.1:{port}
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
{modules}
User www-data
Group www-data
LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\"" combined
{log}
DocumentRoot {folder}/www
<Directory />
    Require all granted
</Directory>
Redirect 503 /api/fail
Redirect 301 /old /
"""

_HAPROXY = """
{log}
frontend f
    bind 127.0.0.1:{port}
    timeout client 10s
    # The readiness probe connects and says nothing; HAProxy would log that, too.
    option dontlognull
    default_backend b
backend b
    timeout connect 5s
    timeout server 10s
    server web 127.0.0.1:{backend}
"""


class Peers(Programs):
    """Starts peers for one test, and stops them when it ends.

    `configurations` are the files that web servers were started with, oldest first.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.configurations: list[Path] = []

    def nginx(self, log: str) -> int:
        """An nginx with the directives `log` in its http block; its port."""
        folder, port = self._new("nginx"), free_port()
        # Only root may name a user; the workers must reach the folder of the test.
        user = "user root;" if os.geteuid() == 0 else ""
        config = folder / "nginx.conf"
        config.write_text(_NGINX.format(user=user, folder=folder, log=log, port=port))
        self.configurations.append(config)
        self._start(["nginx", "-p", folder, "-c", config], folder).ready_at(port)
        return port

    def apache(self, log: str, environ: dict[str, str] | None = None) -> int:
        """An Apache with the directives `log`, where ``combined`` is defined; its port."""
        # Its workers are www-data, who may not enter the private folder of a test.
        folder = self._public("apache")
        for page in ("index.html", "api/users", "pages/create"):
            (folder / "www" / page).parent.mkdir(parents=True, exist_ok=True)
            (folder / "www" / page).write_text(f"{page}\n")
        names = ("mpm_event", "authz_core", "alias", "dir")
        modules = "\n".join(
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in names
        )
        port, config = free_port(), folder / "apache.conf"
        config.write_text(_APACHE.format(folder=folder, port=port, modules=modules, log=log))
        self.configurations.append(config)
        command = ["apache2", "-d", folder, "-f", config, "-D", "FOREGROUND"]
        self._start(command, folder, environ).ready_at(port)
        return port

    def haproxy(self, log: str, backend: int) -> int:
        """A HAProxy in front of the port `backend`, opened by the sections `log`; its port."""
        folder, port = self._new("haproxy"), free_port()
        config = folder / "haproxy.cfg"
        config.write_text(_HAPROXY.format(log=log, port=port, backend=backend))
        self._start(["haproxy", "-db", "-f", config], folder).ready_at(port)
        return port

    def rsyslog(self, config: str) -> Path:
        """An rsyslog with exactly this configuration; its folder."""
        folder = self._new("rsyslog")
        text = f'global(workDirectory="{folder}")\n{config}'
        (folder / "rsyslog.conf").write_text(text)
        pid = folder / "rsyslog.pid"
        process = self._start(["rsyslogd", "-n", "-f", folder / "rsyslog.conf", "-i", pid], folder)
        until(20, pid.exists, lambda: process.output)
        return folder

    def syslog_ng(self, config: str) -> Path:
        """A syslog-ng with this configuration behind its version line; its folder."""
        folder = self._new("syslog-ng")
        text = f"@version: current\noptions {{ stats-freq(0); }};\n{config}"
        config_file, control = folder / "syslog-ng.conf", folder / "control"
        config_file.write_text(text)
        command = ["syslog-ng", "-F", "--no-caps", "-f", config_file]
        command += ["-p", folder / "pid", "-R", folder / "persist", "-c", control]
        process = self._start(command, folder)
        until(20, control.exists, lambda: process.output)
        return folder

    def caddy(self, log: str) -> int:
        """A Caddy with the directives `log` in its only site; its port."""
        folder, port = self._new("caddy"), free_port()
        config = folder / "Caddyfile"
        answers = "respond /api/fail 503\nrespond / home\nrespond /api/* answer\nrespond 404"
        config.write_text(f"{{\nadmin off\n}}\nhttp://127.0.0.1:{port} {{\n{log}\n{answers}\n}}\n")
        command = ["caddy", "run", "--config", config, "--adapter", "caddyfile"]
        self._start(command, folder, {"HOME": str(folder)}).ready_at(port)
        return port


@contextmanager
def running_peers(folder: Path) -> Iterator[Peers]:
    """Peers that are gone, all of them, when the block ends."""
    peers = Peers(folder)
    try:
        yield peers
    finally:
        peers.stop()
