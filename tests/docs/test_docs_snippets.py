"""The README's snippets are those of docs/senders.md, and each program accepts its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from pages import README, ROOT
from programs import program

_SENDERS = (ROOT / "docs" / "senders.md").read_text()
_LANGUAGES = ("nginx", "apache", "haproxy", "rsyslog")

_NGINX = """
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {snippet}
}}
"""

_APACHE = """
ServerRoot "{folder}"
ServerName localhost
Listen 127.0.0.1:8080
PidFile {folder}/apache.pid
ErrorLog {folder}/error.log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LogFormat "%h %l %u %t \\"%r\\" %>s %O \\"%{{Referer}}i\\" \\"%{{User-Agent}}i\\"" combined
{snippet}
"""

_HAPROXY = """
{snippet}
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:8080
    default_backend app
backend app
    server one 127.0.0.1:8081
"""

_RSYSLOG = """
global(workDirectory="{folder}")
{snippet}
"""


def _snippet(language: str) -> str:
    (block,) = README.of(language)
    return block.text


def _accepted(folder: Path, template: str, language: str, *command: str) -> None:
    """Put the snippet where it belongs and let its program look at it."""
    config = folder / f"{language}.conf"
    config.write_text(template.format(folder=folder, snippet=_snippet(language)))
    name, *arguments = command
    path = program(name)
    assert path is not None
    told = subprocess.run(
        [path, *arguments, config], capture_output=True, text=True, timeout=30, check=False
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "warn" not in told.stderr.lower(), told.stderr


@pytest.mark.parametrize("language", _LANGUAGES)
def test_the_short_snippets_are_those_that_the_end_to_end_tests_run(language: str) -> None:
    """Word for word: there is one way to do it, and it is driven by real requests."""
    assert f"```{language}\n{_snippet(language)}```" in _SENDERS


@pytest.mark.peer("nginx")
def test_nginx_accepts_its_snippet(tmp_path: Path) -> None:
    """As ``nginx -t`` says before a reload."""
    _accepted(tmp_path, _NGINX, "nginx", "nginx", "-t", "-p", str(tmp_path), "-c")


@pytest.mark.peer("apache2")
def test_apache_accepts_its_snippet(tmp_path: Path) -> None:
    """As ``apache2 -t`` says."""
    _accepted(tmp_path, _APACHE, "apache", "apache2", "-t", "-d", str(tmp_path), "-f")


@pytest.mark.peer("haproxy")
def test_haproxy_accepts_its_snippet(tmp_path: Path) -> None:
    """As ``haproxy -c`` says."""
    _accepted(tmp_path, _HAPROXY, "haproxy", "haproxy", "-c", "-f")


@pytest.mark.peer("rsyslogd")
def test_rsyslog_accepts_its_snippet(tmp_path: Path) -> None:
    """As ``rsyslogd -N1`` says."""
    _accepted(tmp_path, _RSYSLOG, "rsyslog", "rsyslogd", "-N1", "-f")
