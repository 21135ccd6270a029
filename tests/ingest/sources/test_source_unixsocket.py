"""Unix sockets in the file system: stale ones replaced, live ones respected."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from logmond.errors import AddressTaken, SourceError
from logmond.ingest.sources.addresses import Endpoint
from logmond.ingest.sources.unixsocket import UnixSocket

KINDS = [socket.SOCK_DGRAM, socket.SOCK_STREAM]


def endpoint(path: Path) -> Endpoint:
    """The endpoint of a path."""
    return Endpoint("unixgram", path=str(path))


@pytest.mark.parametrize("kind", KINDS)
def test_everybody_may_send_to_a_socket_and_it_goes_with_its_owner(
    tmp_path: Path, kind: socket.SocketKind
) -> None:
    """The mode is that of /dev/log; closing removes the file."""
    path = tmp_path / "log.sock"
    unix = UnixSocket(endpoint(path), kind)
    assert path.stat().st_mode & 0o777 == 0o666
    unix.close()
    assert not path.exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_stale_socket_is_replaced(tmp_path: Path, kind: socket.SocketKind) -> None:
    """The file of a process that was killed does not stand in the way."""
    path = tmp_path / "log.sock"
    with socket.socket(socket.AF_UNIX, kind) as left:
        left.bind(str(path))
    unix = UnixSocket(endpoint(path), kind)
    with socket.socket(socket.AF_UNIX, kind) as sender:
        sender.connect(str(path))
    unix.close()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("holding", KINDS)
def test_a_live_socket_of_either_kind_is_taken(
    tmp_path: Path, kind: socket.SocketKind, holding: socket.SocketKind
) -> None:
    """Somebody listens: the error names the path and the setting, and the socket lives on."""
    path = tmp_path / "log.sock"
    holder = UnixSocket(endpoint(path), holding)
    with pytest.raises(AddressTaken) as caught:
        UnixSocket(endpoint(path), kind, setting="sources.nginx.listen")
    with socket.socket(socket.AF_UNIX, holding) as sender:
        sender.connect(str(path))
    holder.close()
    message = str(caught.value)
    assert message.startswith(f"unixgram://{path}: another process listens")
    assert "--set sources.nginx.listen=unixgram://" in message
    assert "\n" not in message


def test_a_file_that_is_no_socket_is_never_removed(tmp_path: Path) -> None:
    """A path typed wrong costs no data."""
    path = tmp_path / "access.log"
    path.write_text("precious")
    with pytest.raises(SourceError, match="is no socket"):
        UnixSocket(endpoint(path), socket.SOCK_DGRAM)
    assert path.read_text() == "precious"


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    """The message says which directory to make."""
    with pytest.raises(SourceError, match=f"no directory {tmp_path}/none"):
        UnixSocket(endpoint(tmp_path / "none" / "log.sock"), socket.SOCK_DGRAM)


def test_a_directory_that_takes_no_socket_names_what_would_work() -> None:
    """The packaged configuration names one in /run, which only systemd may make."""
    with pytest.raises(SourceError, match=r"socket in /sys; .* enable --now logmond\.socket\)"):
        UnixSocket(endpoint(Path("/sys/log.sock")), socket.SOCK_DGRAM)


def test_a_socket_somebody_has_replaced_is_not_removed(tmp_path: Path) -> None:
    """Closing removes our own file only."""
    path = tmp_path / "log.sock"
    ours = UnixSocket(endpoint(path), socket.SOCK_DGRAM)
    path.unlink()
    theirs = UnixSocket(endpoint(path), socket.SOCK_DGRAM)
    ours.close()
    assert path.is_socket()
    theirs.close()
