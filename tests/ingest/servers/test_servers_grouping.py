"""A server's files put together by their formats."""

from __future__ import annotations

from pathlib import Path

from written import Written

from logmond.ingest.servers.apache import read_apache
from logmond.ingest.servers.files import DiskFiles
from logmond.ingest.servers.grouping import Grouped, grouped
from logmond.ingest.servers.nginx import read_nginx


def _nginx(body: str) -> Grouped:
    text = f"http {{ {body} }}"
    return grouped(read_nginx("/n.conf", Written({"/n.conf": text})))


def _shape(into: Grouped) -> dict[str, tuple[str, ...]]:
    return {group.name: group.files for group in into.groups}


def test_files_of_one_format_are_one_group() -> None:
    """A name of a format is no format: two with one text are the same."""
    into = _nginx("""
        log_format Main_1 '$request $status';
        log_format again '$request $status';
        log_format timed '$request $status $request_time';
        server { access_log /a.log Main_1; location / { access_log /b.log timed; } }
        server { access_log /c.log again; location / { access_log /a.log Main_1; } }
        server { access_log /d.log; }
    """)
    assert _shape(into) == {
        "main-1": ("/a.log", "/c.log"),
        "timed": ("/b.log",),
        "combined": ("/d.log",),
    }
    assert into.notes == ()


def test_a_file_with_several_formats_is_read_once_with_all_of_them() -> None:
    """Two sources on one file would count it twice."""
    into = _nginx("""
        log_format short '$request $status';
        server { access_log /a.log short; }
        server { access_log /a.log combined; access_log /a.log short if=$x; }
    """)
    (group,) = into.groups
    assert (group.name, group.files, len(group.specs)) == ("short-combined", ("/a.log",), 2)


def test_names_that_come_out_alike_are_numbered() -> None:
    """Names are words, so that they can be typed."""
    into = _nginx("""
        log_format a.b '$request $status'; log_format a-b '$status $request';
        log_format 'äö' '$request';
        server { access_log /1 a.b; location /x { access_log /2 a-b; }
                 location /y { access_log /3 'äö'; } }
    """)
    assert [group.name for group in into.groups] == ["a-b", "a-b-2", "unnamed"]


def test_what_is_not_followed_is_said() -> None:
    """Syslog, pipes, formats that cannot be read or count nothing."""
    text = """
LogFormat "%{Referer}i -> %U" referer
CustomLog /referers.log referer
CustomLog "|/bin/x y" "%r %>s"
CustomLog /glued.log "%r%>s%b"
CustomLog /dev/null "%r %>s"
"""
    into = grouped(read_apache("/h.conf", Written({"/h.conf": text})))
    said = [message for _, message in into.notes]
    assert into.groups == ()
    assert said[0].startswith("/referers.log is not read: format referer holds neither")
    assert said[1] == 'access lines go to the program "/bin/x y"; not read here'
    assert said[2].startswith("/glued.log is not read: format custom: nothing between")
    assert said[3] == "/dev/null is not read: it is a device"
    (note,) = _nginx("access_log syslog:server=10.0.0.1; server { }").notes
    assert note[1] == ("access lines go to syslog 10.0.0.1; a source that listens takes them")


def test_requests_written_to_two_files_are_said_to_count_twice() -> None:
    """Once for each set of files, and not where a condition splits them."""
    into = _nginx("""
        access_log /a.log; access_log /b.log;
        server { location / { } location /x { access_log /c.log; access_log /d.log c if=$e; } }
        log_format c '$request';
    """)
    assert [message for _, message in into.notes] == [
        "server writes each request to /a.log and /b.log: counted once in each"
    ]


def test_a_format_longer_than_the_limit_is_not_compiled() -> None:
    """Compiling takes time in the square of its length."""
    into = _nginx(f"log_format long '$request {'x' * 5000}'; server {{ access_log /a long; }}")
    assert into.groups == ()
    assert "longer than 4096 bytes" in into.notes[0][1]


def test_the_files_of_this_machine_are_read(tmp_path: Path) -> None:
    """Globs are sorted, a file too large for a configuration is refused."""
    folder = tmp_path
    (folder / "conf.d").mkdir()
    for name in ("b", "a"):
        (folder / "conf.d" / f"{name}.conf").write_bytes(
            b"# \xff\naccess_log /%s.log;" % name.encode()
        )
    (folder / "huge").write_bytes(b"#" * (4 * 1024 * 1024 + 1))
    main = folder / "nginx.conf"
    main.write_text("http { include conf.d/*.conf; include huge; include conf.d; server { } }")
    found = read_nginx(str(main), DiskFiles())
    assert [log.target for log in found.logs()] == ["/a.log", "/b.log"]
    assert [message.rpartition(" (")[2] for _, message in found.notes] == [
        "too large for a configuration): what it logs is not known",
        "is a directory): what it logs is not known",
    ]
