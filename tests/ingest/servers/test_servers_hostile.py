"""Whatever stands in a server's configuration: it is read, or refused at its line."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from written import Written

from logmond.errors import ConfigError
from logmond.ingest.servers.apache import read_apache
from logmond.ingest.servers.grouping import grouped
from logmond.ingest.servers.nginx import read_nginx

_NGINX = st.lists(
    st.sampled_from(
        [
            "http {",
            "server {",
            "location /x {",
            "if ($a) {",
            "map $a $b {",
            "}",
            ";",
            "access_log",
            " off",
            " /a.log",
            " syslog:server=",
            " syslog:server=[::1",
            " combined",
            " x",
            " if=$y",
            " gzip",
            "log_format",
            " x",
            " escape=json",
            " escape=odd",
            " '$request $status'",
            " '{\"a\":$status}'",
            " '$a$b'",
            "include",
            " n.conf",
            " *",
            "\\",
            "'",
            '"',
            "#",
            "\n",
            "stream {",
            "_by_lua_block {",
            "server_name",
            " \x1b[0m",
            "${",
            "\udcff",
        ]
    ),
    max_size=30,
)

_APACHE = st.lists(
    st.sampled_from(
        [
            "CustomLog",
            "TransferLog",
            "GlobalLog",
            "LogFormat",
            ' "%r %>s"',
            " common",
            " nope",
            " /a.log",
            ' "|logger -n ::1"',
            ' "|logger \'"',
            "<VirtualHost *>",
            "</VirtualHost>",
            "<IfModule x>",
            "</IfModule>",
            "<IfDefine !A>",
            "</IfDefine>",
            "<Macro m>",
            "</Macro>",
            "<",
            ">",
            "Define A b",
            "Define",
            "${A}",
            "ServerRoot",
            " x",
            "Include",
            " apache.conf",
            "IncludeOptional",
            " *",
            "LoadModule",
            "Use",
            '"',
            "'",
            "\\",
            "#",
            "\n",
            "\n",
            "\n",
            "\udcff",
            "%{x}t",
            "\t",
        ]
    ),
    max_size=40,
)


@settings(max_examples=200)
@given(_NGINX)
def test_any_nginx_configuration_is_read_or_refused(pieces: list[str]) -> None:
    """Nothing but a ConfigError with its line comes of it."""
    path = "/etc/n.conf"
    try:
        found = read_nginx(path, Written({path: "".join(pieces)}))
    except ConfigError as error:
        refused = [problem.place.rpartition(":") for problem in error.problems]
    else:
        refused = []
        assert all(group.files and group.specs for group in grouped(found).groups)
    assert all(file == path and int(line) > 0 for file, _, line in refused)


@settings(max_examples=200)
@given(_APACHE)
def test_any_apache_configuration_is_read_or_refused(pieces: list[str]) -> None:
    """The same for Apache's."""
    path = "/etc/apache.conf"
    try:
        found = read_apache(path, Written({path: "".join(pieces)}))
    except ConfigError as error:
        refused = [problem.place.rpartition(":") for problem in error.problems]
    else:
        refused = []
        assert all(group.files and group.specs for group in grouped(found).groups)
    assert all(file == path and int(line) > 0 for file, _, line in refused)
