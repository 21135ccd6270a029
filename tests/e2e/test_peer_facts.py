"""What real senders put on the wire: the facts the parsers are built on, seen in plain sockets."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from patience import until
from peers import Peers
from snippets import snippet
from visits import Visits, knock, visit

_CLF = (
    rb'127\.0\.0\.1 - - \[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] ".*" \d{3} (\d+|-) "-" ".*"'
)
_DATE = rb"\w{3} [ \d]\d \d\d:\d\d:\d\d"
_N = 27


class Ear:
    """A bound socket that keeps what arrives: datagrams, or the bytes of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        sock.setblocking(False)
        self.port: int = sock.getsockname()[1] if sock.family == socket.AF_INET else 0
        self._accepted: list[socket.socket] = []
        self.messages: list[bytes] = []

    def hear(self, count: int) -> list[bytes]:
        """The messages, once there are `count`: datagrams as they came, a stream by its LFs."""
        until(20, lambda: self._drain() >= count, lambda: self.messages)
        return self.messages

    def _drain(self) -> int:
        try:
            if self.socket.type == socket.SOCK_DGRAM:
                while True:
                    self.messages.append(self.socket.recv(65536))
            connection, _ = self.socket.accept()
            connection.setblocking(False)
            self._accepted.append(connection)
        except BlockingIOError:
            pass
        for connection in self._accepted:
            try:
                heard = b"".join([*self.messages, connection.recv(1 << 20)])
            except BlockingIOError:
                continue
            self.messages = heard.splitlines(keepends=True)
        return sum(b"\n" in message for message in self.messages) or len(self.messages)

    def close(self) -> None:
        """Free the sockets."""
        for sock in (self.socket, *self._accepted):
            sock.close()


@pytest.fixture
def udp() -> Iterator[Ear]:
    """A UDP socket on loopback."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    with closing(Ear(sock)) as ear:
        yield ear


@pytest.fixture
def tcp() -> Iterator[Ear]:
    """A listening TCP socket on loopback."""
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    sock.listen()
    with closing(Ear(sock)) as ear:
        yield ear


def _all_match(pattern: bytes, messages: list[bytes]) -> None:
    compiled = re.compile(pattern, re.S)
    strangers = [message for message in messages if not compiled.fullmatch(message)]
    assert not strangers


def _seen(visits: Visits, messages: list[bytes]) -> None:
    statuses = [match[1].decode() for m in messages if (match := re.search(rb'" (\d{3}) ', m))]
    assert {status: statuses.count(status) for status in set(statuses)} == visits.statuses
    assert len(visits.statuses) >= 4


@pytest.mark.peer("nginx")
def test_nginx_sends_a_datagram_a_request(peers: Peers, udp: Ear) -> None:
    """RFC 3164 with host and tag, the line behind it, no newline."""
    visits = visit(peers.nginx(snippet("nginx-udp", port=str(udp.port))), _N)
    messages = udp.hear(_N)
    _all_match(rb"<190>" + _DATE + rb" [^ ]+ nginx: " + _CLF, messages)
    _seen(visits, messages)


@pytest.mark.peer("nginx")
def test_nginx_sends_the_same_to_a_unix_socket(peers: Peers, tmp_path: Path) -> None:
    """A unix datagram socket gets what UDP gets."""
    path = str(tmp_path / "l.sock")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(path)
    with closing(Ear(sock)) as ear:
        # Nobody reads meanwhile, and the kernel's default queue holds ten datagrams.
        visits = visit(peers.nginx(snippet("nginx-unix", socket=path)), 9)
        messages = ear.hear(9)
    _all_match(rb"<190>" + _DATE + rb" [^ ]+ nginx: " + _CLF, messages)
    _seen(visits, messages)


@pytest.mark.peer("nginx")
def test_nginx_writes_tls_bytes_into_the_request(peers: Peers, udp: Ear) -> None:
    """A TLS hello on a plain port is a line whose request has no method."""
    port = peers.nginx(snippet("nginx-udp", port=str(udp.port)))
    knock(port, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n")
    (message,) = udp.hear(1)
    assert rb'"\x16\x03\x01' in message
    assert b'" 400 ' in message


@pytest.mark.peer("nginx")
def test_nginx_writes_json(peers: Peers, udp: Ear) -> None:
    """With escape=json a line is one object; quotes in it are escaped as JSON wants."""
    visit(peers.nginx(snippet("nginx-json", port=str(udp.port))), _N)
    messages = udp.hear(_N)
    _all_match(rb'<190>.* nginx: \{"time":"\d{4}-.*"agent":".*\\"quoted\\".*"\}', messages)


@pytest.mark.peer("apache2", "logger")
def test_apache_through_logger_sends_rfc_5424(peers: Peers, udp: Ear) -> None:
    """logger adds version, time quality and its own stamp; long lines are whole by -S."""
    port = peers.apache(snippet("apache-logger", port=str(udp.port)))
    visits = visit(port, _N)
    messages = udp.hear(_N)
    stamp = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+[+-]\d\d:\d\d"
    header = rb"<182>1 " + stamp + rb" [^ ]+ apache - - \[timeQuality [^]]*\] "
    _all_match(header + _CLF + rb"\n?", messages)
    _seen(visits, messages)


@pytest.mark.peer("apache2")
def test_apache_escapes_quotes_by_a_backslash(peers: Peers, tmp_path: Path) -> None:
    """The file holds whole lines, with \\" where a quote was."""
    log = tmp_path / "access.log"
    visits = visit(peers.apache(snippet("apache-file"), {"APACHE_LOG_DIR": str(tmp_path)}), _N)
    until(20, lambda: log.read_bytes().count(b"\n") == _N, log.read_text)
    lines = log.read_bytes().splitlines()
    _all_match(_CLF, lines)
    _seen(visits, lines)
    assert all(rb"\"quoted\" \\ and" in line for line in lines)


@pytest.mark.peer("haproxy", "nginx")
def test_haproxy_sends_no_hostname(peers: Peers, udp: Ear) -> None:
    """RFC 3164 with the tag haproxy[pid] right behind the stamp."""
    backend = peers.nginx("access_log off;")
    port = peers.haproxy(snippet("haproxy", port=str(udp.port)), backend)
    visits = visit(port, _N)
    until(20, lambda: len(_requests(udp.hear(_N))) == _N, lambda: udp.messages)
    messages = _requests(udp.messages)
    _all_match(rb"<\d+>" + _DATE + rb" haproxy\[\d+\]: 127\.0\.0\.1 - - \[.*\n?", messages)
    _seen(visits, messages)


@pytest.mark.peer("haproxy", "nginx")
def test_haproxy_ends_what_it_cut_with_a_newline(peers: Peers, udp: Ear) -> None:
    """1024 bytes by default, then one more."""
    conf = snippet("haproxy", port=str(udp.port)).replace(" len 8192", "")
    port = peers.haproxy(conf, peers.nginx("access_log off;"))
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /%b HTTP/1.0\r\n\r\n" % (b"a" * 2000))
        until(20, lambda: any(b"/aaa" in message for message in udp.hear(1)), lambda: udp.messages)
    (message,) = [message for message in udp.messages if b"/aaa" in message]
    assert (len(message), message[-2:]) == (1025, b"a\n")


@pytest.mark.peer("logger")
def test_logger_cuts_what_stands_behind_its_header(udp: Ear) -> None:
    """At 1024 bytes without -S, whatever the header's length."""
    where = ["-n", "127.0.0.1", "-P", str(udp.port), "-d", "-t", "shop"]
    subprocess.run(["logger", *where, "a" * 2000], check=True, timeout=10)
    (message,) = udp.hear(1)
    assert re.search(rb"[^a]a{1024}\Z", message)


def _requests(messages: list[bytes]) -> list[bytes]:
    """HAProxy's messages about requests, without its notices."""
    return [message for message in messages if b" HTTP/1.1" in message]


@pytest.mark.peer("caddy")
def test_caddy_sends_bare_json_lines(peers: Peers, tcp: Ear) -> None:
    """Over TCP, ended by LF, without any syslog header."""
    visit(peers.caddy(snippet("caddy", port=str(tcp.port))), _N)
    messages = tcp.hear(_N)
    _all_match(rb'\{"level":"\w+","ts":[\d.]+,.*"request":\{.*\},.*"status":\d{3},.*\}\n', messages)


@pytest.mark.peer("rsyslogd", "nginx")
def test_rsyslog_forwards_a_file_in_lines(peers: Peers, tcp: Ear, tmp_path: Path) -> None:
    """RFC 3164 with host and tag, ended by LF."""
    log = tmp_path / "access.log"
    web = peers.nginx(f"access_log {log} combined;")
    peers.rsyslog(snippet("rsyslog-file", port=str(tcp.port), file=str(log)))
    visits = visit(web, _N)
    messages = tcp.hear(_N)
    _all_match(rb"<\d+>" + _DATE + rb" [^ ]+ nginx: ?" + _CLF + rb"\n", messages)
    _seen(visits, messages)


@pytest.mark.peer("rsyslogd", "nginx")
def test_rsyslog_passes_on_what_nginx_sends_to_dev_log(
    peers: Peers, tcp: Ear, tmp_path: Path
) -> None:
    """Through a local socket, with nohostname, the tag stays nginx."""
    path = str(tmp_path / "log")
    listen = 'module(load="imuxsock" sysSock.use="off")\n'
    listen += f'input(type="imuxsock" socket="{path}")\n'
    peers.rsyslog(listen + snippet("rsyslog-devlog", port=str(tcp.port)))
    until(20, Path(path).exists)
    web, visits = peers.nginx(snippet("rsyslog-devlog-nginx", devlog=path)), Visits()
    # The queue of a unix datagram socket holds ten, and nginx never waits.
    while visits.total < _N:
        visits.add(visit(web, 9))
        messages = tcp.hear(visits.total)
    _all_match(rb"<190>" + _DATE + rb" [^ ]+ nginx: " + _CLF + rb"\n", messages)
    _seen(visits, messages)


@pytest.mark.peer("syslog-ng", "nginx")
def test_syslog_ng_counts_octets(peers: Peers, tcp: Ear, tmp_path: Path) -> None:
    """syslog() sends octet-counted RFC 5424 over TCP."""
    log = tmp_path / "access.log"
    web = peers.nginx(f"access_log {log} combined;")
    log.touch()
    peers.syslog_ng(snippet("syslog-ng", port=str(tcp.port), file=str(log)))
    visits = visit(web, _N)
    messages = tcp.hear(_N)
    _all_match(rb"\d+ <\d+>1 [^ ]+ [^ ]+ nginx - - \[meta [^]]+\] " + _CLF + rb"\n", messages)
    _seen(visits, messages)
