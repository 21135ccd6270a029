"""What an Apache configuration logs where, with its virtual hosts, conditions and variables."""

from __future__ import annotations

from datetime import UTC

import pytest
from written import Written, effective, notes

from logmond.errors import ConfigError
from logmond.ingest.formats.record import record_of
from logmond.ingest.formats.table import format_of
from logmond.ingest.servers.apache import read_apache
from logmond.ingest.servers.found import Found, Log

MAIN = "/etc/apache2/apache2.conf"
A_CONF = "/etc/httpd/conf.d/a.conf:1"

_COMMON_LINE = b'h - - [23/Nov/2026:17:00:00 +0000] "GET /a HTTP/1.1" 200 1'

_ENVVARS = """
unset HOME
if [ "${APACHE_CONFDIR##/etc/apache2-}" != "${APACHE_CONFDIR}" ] ; then
\tSUFFIX="-${APACHE_CONFDIR##/etc/apache2-}"
else
\tSUFFIX=
fi
export APACHE_LOG_DIR=/var/log/apache2$SUFFIX
export OTHER="${APACHE_LOG_DIR}/other"  # said twice
"""


def _read(text: str, more: dict[str, str | None] | None = None) -> Found:
    files = {f"/etc/apache2/{name}": body for name, body in (more or {}).items()}
    return read_apache(MAIN, Written({MAIN: text, **files}))


def _one(text: str) -> Log:
    (log,) = _read(text).logs()
    return log


def test_virtual_hosts_write_their_own_logs_or_else_the_main_server_s() -> None:
    """As on Debian, where conf-enabled has one for hosts that have none."""
    found = _read("""
        CustomLog /var/log/other.log common
        GlobalLog /var/log/all.log common
        LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
        <VirtualHost *:80>
            ServerName one.example
            CustomLog /var/log/one.log common
            transferlog /var/log/one-too.log
        </VirtualHost>
        <VirtualHost *:443>
        </VirtualHost>
    """)
    assert effective(found) == {
        "main server": ["/var/log/other.log", "/var/log/all.log"],
        "VirtualHost *:80 one.example": [
            "/var/log/one.log",
            "/var/log/one-too.log",
            "/var/log/all.log",
        ],
        "VirtualHost *:443": ["/var/log/other.log", "/var/log/all.log"],
    }
    assert [scope.own for scope in found.scopes] == [True, True, False]


@pytest.mark.parametrize(
    ("directory", "target"),
    [("/etc/apache2", "/var/log/apache2"), ("/etc/apache2-shop", "/var/log/apache2-shop")],
)
def test_debian_s_envvars_tell_the_log_directory(directory: str, target: str) -> None:
    """Several servers on one machine have directories and suffixes of their own."""
    text = 'CustomLog ${APACHE_LOG_DIR}/a.log "%r %>s"\nCustomLog ${OTHER}/b.log "%r %>s"'
    path = f"{directory}/apache2.conf"
    found = read_apache(path, Written({path: text, f"{directory}/envvars": _ENVVARS}))
    assert [log.target for log in found.logs()] == [f"{target}/a.log", f"{target}/other/b.log"]


def test_defined_variables_are_filled_in_from_where_they_are_defined() -> None:
    """Define gives a value, Undefine takes it; what is unknown is said, not guessed."""
    found = _read("""
        Define LOGS /srv/logs
        CustomLog ${LOGS}/a.log "%r %>s"
        UnDefine LOGS
        CustomLog ${LOGS}/b.log "%r %>s"
    """)
    first, second = found.logs()
    assert (first.target, first.unread) == ("/srv/logs/a.log", "")
    assert "not defined" in second.unread


def test_relative_paths_lie_below_the_server_root() -> None:
    """Red Hat's httpd.conf lies in conf below it, and sets it, too."""
    path = "/etc/httpd/conf/httpd.conf"
    texts: dict[str, str | None] = {
        path: 'ServerRoot "/etc/httpd"\nIncludeOptional conf.d/*.conf\n',
        A_CONF[:-2]: "CustomLog logs/access_log '%h %r %>s'",
    }
    (log,) = read_apache(path, Written(texts)).logs()
    assert (log.target, str(log.place)) == (
        "/etc/httpd/logs/access_log",
        A_CONF,
    )
    texts[path] = "Include conf.d/a.conf"
    (log,) = read_apache(path, Written(texts)).logs()
    assert log.target == "/etc/httpd/logs/access_log"


def test_a_directory_is_included_with_all_that_lies_below() -> None:
    """Include of a directory takes every file in it."""
    found = _read(
        "Include sites",
        {"sites/a": 'CustomLog /a.log "%r %>s"', "sites/sub/b": 'CustomLog /b.log "%r %>s"'},
    )
    # The dictionary's glob finds files only; a real one finds the folder, too.
    assert [log.target for log in found.logs()] == ["/a.log"]


def test_an_include_that_cannot_be_read_is_said() -> None:
    """IncludeOptional may find nothing; Include may not, and neither may be closed to us."""
    found = _read(
        "IncludeOptional gone.conf\nInclude gone.conf\nIncludeOptional shut.conf",
        {"shut.conf": None},
    )
    assert notes(found) == [
        f"{MAIN}:2: /etc/apache2/gone.conf cannot be read (no such file or directory): what it "
        "logs is not known",
        f"{MAIN}:3: /etc/apache2/shut.conf cannot be read (permission denied): what it logs is "
        "not known",
    ]


def test_conditions_count_where_they_are_known_and_are_said_where_not() -> None:
    """LoadModule and Define decide; what nobody names is taken as active."""
    found = _read("""
        LoadModule ssl_module modules/mod_ssl.so
        Define WITH_B
        <IfModule mod_ssl.c>
            CustomLog /a.log "%r %>s"
        </IfModule>
        <IfModule !ssl_module>
            <IfModule mod_x.c>
                CustomLog /no.log "%r %>s"
            </IfModule>
            CustomLog /no.log "%r %>s"
        </IfModule>
        <IfDefine WITH_B>
            CustomLog /b.log "%r %>s"
        </IfDefine>
        <IfDefine !WITH_B>
            CustomLog /no.log "%r %>s"
        </IfDefine>
        <IfModule mod_c.c>
            CustomLog /c.log "%r %>s"
        </IfModule>
        <IfModule mod_quiet.c>
            Header set X y
        </IfModule>
    """)
    assert [log.target for log in found.logs()] == ["/a.log", "/b.log", "/c.log"]
    assert notes(found) == [
        f"{MAIN}:19: <ifmodule mod_c.c> is taken as active: whether it is, is not known"
    ]


@pytest.mark.parametrize(
    ("command", "address"),
    [
        ("|/usr/bin/logger -n 127.0.0.1 -P 5514 -d -t apache -S 65000", "udp://127.0.0.1:5514"),
        ("||/usr/bin/logger --server ::1 -T -t x", "tcp://[::1]:601"),
        ("|$logger -t apache -p local6.info", "unixgram:///dev/log"),
        ("|/usr/bin/logger -u /run/logmond.sock", "unixgram:///run/logmond.sock"),
        ("|/usr/bin/rotatelogs /var/log/a.%Y%m%d.log 86400", ""),
    ],
)
def test_piped_logs_are_told_as_such(command: str, address: str) -> None:
    """Where logger sends is known; other programs are named."""
    log = _one(f'CustomLog "{command}" "%r %>s"')
    assert (log.kind, log.address) == ("pipe", address)
    assert not log.target.startswith(("|", "$"))


@pytest.mark.parametrize(
    ("text", "name", "line"),
    [
        (
            'LogFormat "%h %t \\"%r\\" %>s" Mine\nCustomLog /a mine env=!quiet',
            "mine",
            b'192.0.2.1 [23/Nov/2026:17:00:00 +0000] "GET /a HTTP/1.1" 200',
        ),
        ('CustomLog /a "%>s\\t%r"', "custom", b"200\tGET /a HTTP/1.1"),
        (
            "CustomLog /a \\\n  '%h \"%r\" %>s' \\\n  expr=%{REQUEST_URI}",
            "custom",
            b'h "GET /a HTTP/1.1" 200',
        ),
        ('LogFormat "%>s %r"\nTransferLog /a', "common", b"200 GET /a HTTP/1.1"),
        (
            'TransferLog "/a b"',
            "common",
            _COMMON_LINE,
        ),
        ("CustomLog /a CLF", "CLF", _COMMON_LINE),
    ],
)
def test_formats_read_the_lines_apache_writes_with_them(text: str, name: str, line: bytes) -> None:
    """Nicknames in any case, formats in place, the one without a name, and the built-in."""
    log = _one(text)
    (form,) = format_of(log.spec)
    record = record_of(form, line, UTC)
    assert log.format == name
    assert record is not None
    assert (record["status"], record["path"]) == (200, "/a")


def test_the_condition_of_a_log_is_kept() -> None:
    """What stands behind the format says of which requests a line is written."""
    assert _one('CustomLog /a "%r %>s" "expr=%{REQUEST_STATUS} >= 400"').condition == (
        "expr=%{REQUEST_STATUS} >= 400"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("\nCustomLog /a nope", 'apache2.conf:2: no LogFormat is named "nope"'),
        ("CustomLog", "apache2.conf:1: customlog needs a file, or a pipe"),
        ("<VirtualHost *>\n\n", "apache2.conf:1: <virtualhost> was not closed"),
        (
            "<IfModule x>\n</VirtualHost>",
            "2: </virtualhost> closes nothing; </ifmodule>",
        ),
        ("</IfModule>", "apache2.conf:1: </ifmodule> closes nothing"),
        ("<VirtualHost *:80", 'apache2.conf:1: "<VirtualHost *:80" has no closing ">"'),
        ("Include apache2.conf", "apache2.conf:1: files include each other"),
        ("Include", "apache2.conf:1: Include needs a path"),
    ],
)
def test_what_apache_would_refuse_is_an_error_at_its_line(text: str, message: str) -> None:
    """The file and the line, as apachectl configtest says them."""
    with pytest.raises(ConfigError) as caught:
        _read(text)
    assert message in str(caught.value)


def test_macros_are_said_and_not_read() -> None:
    """What a macro writes depends on its use."""
    found = _read("<Macro Site $name>\nCustomLog /$name.log common\n</Macro>\nUse Site a")
    assert list(found.logs()) == []
    assert [note.partition(": ")[2] for note in notes(found)] == [
        "what the macro Site $name logs is not read",
        "what the macro Site logs is not read",
    ]
