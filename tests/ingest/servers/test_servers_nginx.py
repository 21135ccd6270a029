"""What an nginx configuration logs where, by nginx's rules of inheritance."""

from __future__ import annotations

from datetime import UTC

import pytest
from written import Written, effective, notes

from logmond.errors import ConfigError
from logmond.ingest.formats.record import record_of
from logmond.ingest.formats.table import format_of
from logmond.ingest.servers.found import Found, Log
from logmond.ingest.servers.nginx import read_nginx

MAIN = "/etc/nginx/nginx.conf"


def _read(text: str, **more: str | None) -> Found:
    others = {f"/etc/nginx/{name.replace('__', '/')}": body for name, body in more.items()}
    return read_nginx(MAIN, Written({MAIN: text, **others}))


def _one(line: str, formats: str = "") -> Log:
    (scope,) = _read(f"http {{ {formats} {line} server {{ }} }}").scopes
    (log,) = scope.logs
    return log


def test_inner_logs_replace_outer_ones_and_absent_ones_inherit() -> None:
    """The nearest level with an access_log decides, whole."""
    found = _read("""
        http {
            access_log /var/log/a.log;
            access_log /var/log/b.log;
            server {
                server_name one.example www.one.example;
                location / { }
                location /api {
                    access_log /var/log/api.log;
                    location /api/v1 { }
                    if ($slow) { access_log /var/log/slow.log; }
                }
                location = /favicon.ico { access_log off; }
            }
            server { listen 8080; access_log /var/log/two.log; location / { } }
        }
    """)
    outer = ["/var/log/a.log", "/var/log/b.log"]
    assert effective(found) == {
        "server one.example": outer,
        "server one.example > location /": outer,
        "server one.example > location /api": ["/var/log/api.log"],
        "server one.example > location /api > location /api/v1": ["/var/log/api.log"],
        "server one.example > location /api > if ($slow)": ["/var/log/slow.log"],
        "server one.example > location = /favicon.ico": [],
        "server 8080": ["/var/log/two.log"],
        "server 8080 > location /": ["/var/log/two.log"],
    }
    by_name = {str(scope): scope for scope in found.scopes}
    assert by_name["server one.example > location = /favicon.ico"].off
    assert [s.name for s in found.scopes if s.own] == ["/api", "($slow)", "= /favicon.ico", "8080"]


def test_off_wins_over_other_lines_of_its_level() -> None:
    """nginx writes nothing where off stands beside a file."""
    found = _read("http { server { access_log /a.log; access_log off; location / { } } }")
    assert list(effective(found).values()) == [[], []]


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/etc/nginx/nginx.conf", "/var/log/nginx/access.log"),
        ("/usr/local/nginx/conf/nginx.conf", "/usr/local/nginx/logs/access.log"),
        ("/srv/web/nginx.conf", "/srv/web/logs/access.log"),
    ],
)
def test_without_any_access_log_it_is_the_built_in_one(path: str, target: str) -> None:
    """combined, in the file chosen at nginx's build."""
    found = read_nginx(path, Written({path: "http { server { } }"}))
    (log,) = found.logs()
    assert (log.target, log.format, log.spec) == (target, "combined", "combined")


def test_relative_logs_lie_below_the_prefix() -> None:
    """nginx -p moves them."""
    path = "/usr/local/nginx/conf/nginx.conf"
    files = Written({path: "http { access_log logs/x.log; server { } }"})
    assert [log.target for log in read_nginx(path, files).logs()] == ["/usr/local/nginx/logs/x.log"]
    assert [log.target for log in read_nginx(path, files, "/p").logs()] == ["/p/logs/x.log"]


def test_includes_are_followed_at_every_level() -> None:
    """Globs in the order of their names, relative to the main file, absolute ones too."""
    found = _read(
        "include main.conf;",
        main__conf=None,
        **{
            "main.conf": "http { include conf.d/*.conf; include /etc/nginx/sites/*; }",
            "conf.d/b.conf": "access_log /var/log/b.log timed;",
            "conf.d/a.conf": "log_format timed '$status $request_time';",
            "conf.d/skipped.bak": "access_log /var/log/skipped.log;",
            "sites/one": "server { server_name one; include snippets/l.conf; }",
            "snippets/l.conf": "location /x { access_log /var/log/x.log; }",
        },
    )
    assert effective(found) == {
        "server one": ["/var/log/b.log"],
        "server one > location /x": ["/var/log/x.log"],
    }
    assert [str(log.place) for log in found.logs()] == [
        "/etc/nginx/conf.d/b.conf:1",
        "/etc/nginx/snippets/l.conf:1",
    ]


def test_an_include_that_cannot_be_read_is_said_and_the_rest_is_read() -> None:
    """A sidecar often sees only some of the files; secrets may be closed to us."""
    found = _read(
        "http {\ninclude mime.types;\ninclude secret.conf;\nserver { } }", **{"secret.conf": None}
    )
    assert len(found.scopes) == 1
    assert notes(found) == [
        "/etc/nginx/nginx.conf:2: /etc/nginx/mime.types cannot be read (no such file or "
        "directory): what it logs is not known",
        "/etc/nginx/nginx.conf:3: /etc/nginx/secret.conf cannot be read (permission denied): "
        "what it logs is not known",
    ]


@pytest.mark.parametrize(
    ("line", "target", "address"),
    [
        ("syslog:server=127.0.0.1:5514,tag=nginx", "127.0.0.1:5514", "udp://127.0.0.1:5514"),
        ("syslog:server=logs.example", "logs.example", "udp://logs.example:514"),
        ("syslog:nohostname,server=[::1]:5514", "[::1]:5514", "udp://[::1]:5514"),
        ("syslog:server=[::1]", "[::1]", "udp://[::1]:514"),
        ("syslog:server=unix:/run/l.sock", "unix:/run/l.sock", "unixgram:///run/l.sock"),
    ],
)
def test_syslog_servers_are_told_with_their_address(line: str, target: str, address: str) -> None:
    """UDP port 514 by default, or a unix datagram socket."""
    log = _one(f"access_log {line};")
    assert (log.kind, log.target, log.address) == ("syslog", target, address)


@pytest.mark.parametrize(
    ("line", "unread"),
    [
        ("access_log /var/log/$host.log;", "variables"),
        ("access_log /var/log/a.gz combined gzip flush=5m;", "compresses"),
        ("access_log /dev/stdout;", "device"),
        ("access_log /var/log/a.log combined buffer=32k flush=5s if=$loggable;", ""),
    ],
)
def test_what_cannot_be_followed_says_why(line: str, unread: str) -> None:
    """Names with variables, compressed files, devices."""
    log = _one(line)
    assert unread in log.unread
    assert bool(log.unread) == bool(unread)


def test_conditions_and_buffers_are_told() -> None:
    """if= is kept, buffer= is said, because its lines come late."""
    found = _read("http { access_log /a.log combined buffer=32k flush=5s if=$ok; server { } }")
    (log,) = found.logs()
    assert log.condition == "$ok"
    assert notes(found) == [f"{MAIN}:1: /a.log is buffered by nginx: lines come up to 5s late"]


@pytest.mark.parametrize(
    ("written", "line"),
    [
        (
            "log_format f '$remote_addr [$time_local] ' # and\n '\"$request\" $status';",
            b'192.0.2.1 [23/Nov/2026:17:00:00 +0000] "GET /a HTTP/1.1" 200',
        ),
        (
            'log_format f escape=json \'{"request":"$request","status":$status}\';',
            b'{"request":"GET /a HTTP/1.1","status":200}',
        ),
        ('log_format f escape=none "it\'s \\"$request\\"\\t$status";', b'it\'s "GET /a"\t200'),
        ('log_format "f" $status:$request_time:$request;', b"200:0.1:GET /a HTTP/1.1"),
    ],
)
def test_formats_read_the_lines_nginx_writes_with_them(written: str, line: bytes) -> None:
    """The pasted directive compiles to what the configuration means: quotes, comments, escapes."""
    (form,) = format_of(_one("access_log /a.log f;", written).spec)
    record = record_of(form, line, UTC)
    assert record is not None
    assert (record["status"], record["path"]) == (200, "/a")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "http {\naccess_log /a x;\nserver { } }",
            'nginx.conf:2: unknown log format "x"',
        ),
        ("http {\naccess_log;\nserver { } }", "nginx.conf:2: access_log needs a path"),
        ("http { log_format x; }", "nginx.conf:1: log_format needs a name and a format"),
        (
            "http { log_format x a;\nlog_format x b; }",
            'nginx.conf:2: duplicate log_format "x"',
        ),
        ("http { access_log syslog:tag=x; server { } }", "nginx.conf:1: no syslog server is spec"),
        ("include nginx.conf;", "nginx.conf:1: files include each other"),
        ("http {", 'nginx.conf:1: unexpected end of file, ";" or "}" is missing'),
        ("include a b;", "nginx.conf:1: include needs one path"),
    ],
)
def test_what_nginx_would_refuse_is_an_error_at_its_line(text: str, message: str) -> None:
    """The error names the file of the include, too."""
    with pytest.raises(ConfigError) as caught:
        _read(text)
    assert message in str(caught.value)


def test_a_missing_main_file_is_an_error() -> None:
    """There is nothing to go by."""
    with pytest.raises(ConfigError, match=r"nginx\.conf: cannot be read: no such file"):
        read_nginx(MAIN, Written({}))


def test_other_blocks_are_not_ours() -> None:
    """Maps hold keys that look like directives; streams log no requests."""
    found = _read("""
        stream { access_log /var/log/stream.log basic; }
        http { map $x $y { access_log /no.log; include deep; } access_log /yes.log; server { } }
    """)
    assert [log.target for log in found.logs()] == ["/yes.log"]
    assert notes(found) == [f"{MAIN}:2: access_log of a stream: no HTTP requests, not read"]


def test_without_a_server_the_http_block_speaks_for_those_to_come() -> None:
    """A main file whose sites cannot be seen still says where they log."""
    assert effective(_read("http { access_log /a.log; }")) == {"http": ["/a.log"]}
