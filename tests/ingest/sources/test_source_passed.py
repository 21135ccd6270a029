"""Sockets passed by the service manager: recognised by what they are bound to."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from logmond.errors import AddressTaken
from logmond.ingest.sources.addresses import Endpoint, bind_internet
from logmond.ingest.sources.passed import passed_sockets, take
from logmond.ingest.sources.unixsocket import UnixSocket

RECEIVER = """
import os, sys
from logmond.ingest.sources.passed import passed_sockets, shown
os.dup2(int(sys.argv[1]), 3)
environ = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
print([(sock.fileno(), shown(sock), sock.getblocking()) for sock in passed_sockets(environ)])
"""


def test_passed_sockets_are_taken_from_descriptor_three_on() -> None:
    """LISTEN_FDS descriptors become sockets that do not block, without any names."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        done = subprocess.run(
            [sys.executable, "-c", RECEIVER, str(sock.fileno())],
            pass_fds=[sock.fileno()],
            capture_output=True,
            text=True,
            check=True,
        )
        port = sock.getsockname()[1]
    assert done.stdout.strip() == f"[(3, '127.0.0.1:{port}', False)]"


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LISTEN_FDS": "2"},
        {"LISTEN_FDS": "2", "LISTEN_PID": "1"},
        {"LISTEN_FDS": "many", "LISTEN_PID": str(os.getpid())},
    ],
)
def test_sockets_meant_for_another_process_are_left_alone(environ: dict[str, str]) -> None:
    """Without our process id, or a number, nothing was passed to us."""
    assert passed_sockets(environ) == []


def test_a_passed_socket_is_taken_by_its_address_and_only_once() -> None:
    """Family, type and address must all match."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        place = sock.getsockname()
        passed = [sock]
        assert take(passed, socket.AF_INET, socket.SOCK_STREAM, place) is None
        assert take(passed, socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.2", place[1])) is None
        assert take(passed, socket.AF_INET, socket.SOCK_DGRAM, place) is sock
        assert take(passed, socket.AF_INET, socket.SOCK_DGRAM, place) is None


def test_a_passed_socket_is_used_in_place_of_binding() -> None:
    """The port is held already, by us: no error, the same socket."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        endpoint = Endpoint("udp", "127.0.0.1", sock.getsockname()[1])
        assert bind_internet(endpoint, socket.SOCK_DGRAM, [sock]) == [sock]


def test_a_passed_wildcard_for_both_families_is_the_star() -> None:
    """``ListenDatagram=5514`` binds [::] for IPv4 too; `*` then needs nothing else."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(("::", 0))
        endpoint = Endpoint("udp", "*", sock.getsockname()[1])
        assert bind_internet(endpoint, socket.SOCK_DGRAM, [sock]) == [sock]


def test_a_passed_socket_of_a_wider_address_is_explained() -> None:
    """A unit that binds more than the configuration says is named as the holder."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.bind(("::", 0))
        port = sock.getsockname()[1]
        with pytest.raises(AddressTaken, match=rf"service manager as \[::\]:{port}"):
            bind_internet(Endpoint("udp", "localhost", port), socket.SOCK_DGRAM, [sock])


def test_a_passed_unix_socket_is_adopted_and_its_file_stays(tmp_path: Path) -> None:
    """The path is the service manager's: taken through a linked directory too, never removed."""
    real, link = tmp_path / "run", tmp_path / "var-run"
    real.mkdir()
    link.symlink_to(real)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.bind(str(real / "log.sock"))
    (real / "log.sock").chmod(0o600)
    endpoint = Endpoint("unixgram", path=str(link / "log.sock"))
    unix = UnixSocket(endpoint, socket.SOCK_DGRAM, [sock])
    assert unix.socket is sock
    unix.close()
    assert (real / "log.sock").is_socket()
    assert (real / "log.sock").stat().st_mode & 0o777 == 0o600
