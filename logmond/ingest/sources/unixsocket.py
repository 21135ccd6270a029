"""Unix sockets in the file system: bound, replaced when stale, removed when ours.

A socket file outlives its process, so a file at the path says nothing; only a
connection attempt tells a live socket from a stale one. Nothing is read here.
"""

from __future__ import annotations

import errno
import os
import socket
import stat

from logmond.errors import AddressTaken, SourceError
from logmond.ingest.sources.addresses import BACKLOG, Endpoint
from logmond.ingest.sources.passed import take

MODE = 0o666
"""Like /dev/log: the web server's worker is another user."""


class UnixSocket:
    """A bound unix socket, listening when it is a stream.

    `passed` tells that the service manager made it; its path then stays.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        kind: socket.SocketKind,
        passed: list[socket.socket] | None = None,
        setting: str = "",
    ) -> None:
        """Bind it.

        Raises:
            AddressTaken: a live process listens there.
            SourceError: it cannot be bound for another reason.
        """
        self.path = endpoint.path
        self._identity: tuple[int, int] | None = None
        taken = take(passed, socket.AF_UNIX, kind, endpoint.path)
        self.passed = taken is not None
        self.socket = taken or self._bind(endpoint, kind, setting)

    def close(self) -> None:
        """Close it; remove its file if we made it and nobody has replaced it."""
        self.socket.close()
        if self._identity is None:
            return
        try:
            if _identity(self.path) == self._identity:
                os.unlink(self.path)
        except OSError:
            pass  # gone already, or its directory is no longer ours to write

    def _bind(self, endpoint: Endpoint, kind: socket.SocketKind, setting: str) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX, kind)
        try:
            sock.setblocking(False)
            try:
                sock.bind(self.path)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                self._replace_stale(endpoint, kind, setting)
                sock.bind(self.path)
            self._identity = _identity(self.path)
            os.chmod(self.path, MODE)
            if kind == socket.SOCK_STREAM:
                sock.listen(BACKLOG)
        except OSError as error:
            sock.close()
            raise SourceError(f"{endpoint}: {_explained(self.path, error)}") from error
        except SourceError:
            sock.close()
            raise
        return sock

    def _replace_stale(self, endpoint: Endpoint, kind: socket.SocketKind, setting: str) -> None:
        """Remove what lies at the path if it is a socket nobody listens on."""
        if not stat.S_ISSOCK(os.lstat(self.path).st_mode):
            raise SourceError(f"{endpoint}: {self.path} exists and is no socket; move it away")
        with socket.socket(socket.AF_UNIX, kind) as probe:
            probe.setblocking(False)
            # A live socket of the other kind answers EPROTOTYPE, a full one EAGAIN.
            if probe.connect_ex(self.path) != errno.ECONNREFUSED:
                other = (
                    f"{endpoint}2"
                    if not self.path.endswith(".sock")
                    else (f"{endpoint.scheme}://{self.path[:-5]}2.sock")
                )
                raise AddressTaken(
                    f"{endpoint}: another process listens on this socket, perhaps another "
                    f"logmond; see who by: ss -lxp src {self.path}; or choose another: "
                    f"--set {setting or 'KEY'}={other}"
                )
        os.unlink(self.path)


def _identity(path: str) -> tuple[int, int]:
    status = os.lstat(path)
    return status.st_dev, status.st_ino


def _explained(path: str, error: OSError) -> str:
    directory = os.path.dirname(path) or "/"
    if error.errno == errno.ENOENT:
        return f"there is no directory {directory}; make it"
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return (
            f"no permission to make a socket in {directory}; name another directory, or one "
            "that systemd holds (/run/logmond.sock: systemctl enable --now logmond.socket)"
        )
    return error.strerror or str(error)
