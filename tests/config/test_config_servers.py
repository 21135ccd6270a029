"""A source that names a server's configuration becomes one source for each format."""

from __future__ import annotations

from pathlib import Path

import pytest

from logmond.config.loading import Loaded, load, loads, review
from logmond.config.readable import User, findings
from logmond.errors import ConfigError

_NGINX = """
http {
    log_format timed '$remote_addr [$time_local] "$request" $status $request_time';
    access_log /var/log/a.log;
    server { location / { } location /api { access_log /var/log/api.log timed; } }
    server { access_log /var/log/b.log timed; access_log syslog:server=127.0.0.1:5514; }
}
"""


@pytest.fixture
def nginx(tmp_path: Path) -> Path:
    """An nginx configuration with two formats, three files and a syslog server."""
    path = tmp_path / "nginx.conf"
    path.write_text(_NGINX)
    return path


def _load(nginx: Path, more: str = "", **keys: str) -> Loaded:
    given = "".join(f", {key}: {value}" for key, value in keys.items())
    return loads(f"sources:\n  - {{name: web, nginx: {nginx}{given}}}\n{more}", "f.yaml", {})


def test_each_format_becomes_a_source_with_its_files(nginx: Path) -> None:
    """Names are those of the source and the format; what was typed holds for all of them."""
    first, second = _load(nginx, start="beginning", timezone="UTC").config.sources
    assert (first.name, first.files) == ("web.combined", ("/var/log/a.log",))
    assert (second.name, second.files) == ("web.timed", ("/var/log/api.log", "/var/log/b.log"))
    assert [source.start for source in (first, second)] == ["beginning", "beginning"]
    assert [source.timezone for source in (first, second)] == ["UTC", "UTC"]
    assert ["duration" in source.formats()[0].fields for source in (first, second)] == [False, True]


def test_what_was_found_is_told(nginx: Path) -> None:
    """At start as lines of the log, later as notes of the sources."""
    loaded = _load(nginx)
    assert loaded.told == [
        f"source web: {nginx} names 3 access logs in 2 formats",
        f"source web.combined: /var/log/a.log ({nginx}:4)",
        f"source web.timed: /var/log/api.log, /var/log/b.log ({nginx}:5, {nginx}:6)",
    ]
    syslog = f"{nginx}:6: access lines go to syslog 127.0.0.1:5514; a source that listens takes"
    assert loaded.warnings == [f"f.yaml:2:24: web: {syslog} them"]
    first, second = loaded.config.sources
    assert first.notes == (f"read from {nginx}:4", f"{syslog} them")
    assert second.notes == (f"read from {nginx}:5, {nginx}:6",)


def test_a_log_sent_to_our_own_listener_beside_a_file_is_said_to_count_twice(nginx: Path) -> None:
    """Both roads lead here."""
    more = "  - {name: syslog, listen: ['udp://localhost:5514']}\n"
    assert (
        f"f.yaml:2:24: web: {nginx}:6: server also sends its lines to udp://127.0.0.1:5514, which "
        "source syslog receives: each request is counted twice"
    ) in _load(nginx, more).warnings


def test_origins_are_lines_of_the_server_s_configuration(nginx: Path) -> None:
    """`config` says which line a file was read from, and keeps the places of what was typed."""
    more = "  - name: other\n    files: /x\n"
    origins = {line.key: (line.value, line.origin) for line in _load(nginx, more).origins}
    assert origins["sources.web.timed.files"] == (
        "[/var/log/api.log, /var/log/b.log]",
        f"{nginx}:5",
    )
    assert origins["sources.web.timed.nginx"] == (str(nginx), "f.yaml:2:24")
    assert origins["sources.web.timed.start"] == ("end", "default")
    assert origins["sources.other.files"] == ("[/x]", "f.yaml:4:12")


def test_a_rule_about_the_source_is_about_all_it_became(nginx: Path) -> None:
    """The name that was typed keeps its meaning; the single ones can be named, too."""
    rule = "{{name: {0}, metric: hits, above: 1, window: 1m, where: {{source: {1}}}}}"
    more = f"rules: [{rule.format('all', '[web, x*]')}, {rule.format('one', 'web.timed')}]\n"
    loaded = _load(nginx, more)
    assert [rule.where.values("source") for rule in loaded.config.rules] == [
        ("web.*", "x*"),
        ("web.timed",),
    ]
    assert not [warning for warning in loaded.warnings if "no source is named" in warning]


def test_a_changed_format_makes_another_source(nginx: Path) -> None:
    """A reload sees by comparison what to open anew."""
    before = _load(nginx).config.sources
    assert _load(nginx).config.sources == before
    nginx.write_text(_NGINX.replace("$request_time", "$host"))
    after = _load(nginx).config.sources
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False]


def test_a_file_with_two_formats_is_read_with_both(nginx: Path) -> None:
    """One source, so that no line counts twice."""
    nginx.write_text(_NGINX.replace("/var/log/a.log", "/var/log/b.log"))
    loaded = _load(nginx)
    assert [(s.name, len(s.formats())) for s in loaded.config.sources] == [
        ("web.combined-timed", 2),
        ("web.timed", 1),
    ]


def test_apache_is_read_alike(tmp_path: Path) -> None:
    """With the variables of the envvars file beside it."""
    conf = tmp_path / "apache2.conf"
    conf.write_text('LogFormat "%h %t \\"%r\\" %>s %D" timed\nCustomLog ${LOGS}/a.log timed\n')
    (tmp_path / "envvars").write_text("export LOGS=/srv/logs\n")
    loaded = loads(f"sources: [{{name: httpd, apache: {conf}}}]\n", "f.yaml", {})
    (source,) = loaded.config.sources
    assert (source.name, source.files) == ("httpd.timed", ("/srv/logs/a.log",))
    assert "duration" in source.formats()[0].fields


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http {\n", ':1: unexpected end of file, ";" or "}}" is missing'),
        (
            "http { access_log off; }",
            " names no access log that can be followed: nothing is logged",
        ),
        (
            "http { access_log syslog:server=10.0.0.1; }",
            " names no access log that can be followed: {0}:1: access lines go to syslog",
        ),
    ],
)
def test_errors_stand_at_both_places(nginx: Path, text: str, message: str) -> None:
    """Where it was typed, and at file:line of the server's configuration."""
    nginx.write_text(text)
    with pytest.raises(ConfigError) as caught:
        _load(nginx)
    assert str(caught.value).startswith(
        f"f.yaml:2:24: sources[0].nginx: {nginx}{message.format(nginx)}"
    )


def test_a_missing_configuration_is_an_error(nginx: Path) -> None:
    """A typing error is found by check."""
    nginx.unlink()
    with pytest.raises(ConfigError, match=r"sources\[0\]\.nginx: .* cannot be read: no such file"):
        _load(nginx)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("{name: a, nginx: nginx.conf}", "sources[0].nginx: must be an absolute path"),
        ("{name: a, nginx: /n, files: /x}", "sources[0].nginx: files is given already"),
        ("{name: a, nginx: /n, apache: /x}", "sources[0].apache: nginx is given already"),
        (
            "{name: a, apache: /n, format: common}",
            "sources[0].format: is told by apache's configuration; remove it",
        ),
    ],
)
def test_what_does_not_go_together_is_refused(item: str, message: str) -> None:
    """One thing to read, and no second format."""
    with pytest.raises(ConfigError) as caught:
        loads(f"sources: [{item}]\n", "f.yaml", {})
    assert message in str(caught.value)


def test_a_configuration_the_service_cannot_read_is_said_once(nginx: Path) -> None:
    """Whoever asks may be root; the daemon that reads it at every start is not."""
    for directory in nginx.parents:
        if str(directory).startswith("/tmp/"):
            directory.chmod(0o755)
    nginx.chmod(0o600)
    stranger = User("logmond", 12345, frozenset((12345,)))
    told = [message for _, message in findings(_load(nginx).config, stranger)]
    assert [message for message in told if str(nginx) in message] == [
        f"web.combined: user logmond cannot read {nginx} (0600 {_owner(nginx)}): "
        f"setfacl -m u:logmond:r {nginx}"
    ]


def _owner(path: Path) -> str:
    return f"{path.owner()}:{path.group()}"


def test_what_a_user_cannot_read_is_said_at_the_line_that_names_it(tmp_path: Path) -> None:
    """`check --user` looks at the files that were found."""
    conf = tmp_path / "nginx.conf"
    conf.write_text(f"http {{\n access_log {tmp_path}/none.log; server {{ }} }}")
    config = tmp_path / "logmond.yaml"
    config.write_text(f"sources: [{{name: web, nginx: {conf}}}]\n")
    assert review(load(str(config), {})) == [
        f"{conf}:2: web.combined: {tmp_path}/none.log does not exist yet; waited for"
    ]
