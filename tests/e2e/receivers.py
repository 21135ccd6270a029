"""Those who are told: a mail server, an IRC server with somebody in its channel, an Alertmanager.

Each is the real program from Debian, on loopback, with a folder and a configuration
of its own, and stopped by its process id.
"""

from __future__ import annotations

import email
import email.policy
import os
import pwd
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from shutil import chown, rmtree
from typing import Any
from urllib.request import urlopen

import msgspec
from patience import until
from processes import Process, free_port

_START_S = 20

_EXIM = """
exim_path = {program}
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/exim.pid
primary_hostname = mail.test
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
{user}
host_lookup =
rfc1413_hosts =
tls_advertise_hosts =
queue_only_load = 1000
deliver_queue_load_max = 1000
acl_smtp_rcpt = everybody
begin acl
everybody:
  accept
begin routers
everybody:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  directory = {folder}/box
  maildir_format
  create_directory
  envelope_to_add
  user = {owner}
  group = {group}
"""

_NGIRCD = """
[Global]
Name = irc.test
Info = test
Listen = 127.0.0.1
Ports = {port}
{user}
{password}
[Limits]
MaxConnectionsIP = 0
MaxPenaltyTime = 0
PingTimeout = 60
[Options]
DNS = no
Ident = no
PAM = no
ChrootDir =
PredefChannelsOnly = no
[Channel]
Name = #ops
Modes = n
[Channel]
Name = #moderated
Modes = mn
[Channel]
Name = #invited
Modes = inP
[Channel]
Name = #locked
Modes = knP
Key = secret
"""

_ALERTMANAGER = """
route:
  receiver: nobody
  group_by: [alertname]
receivers: [{name: nobody}]
"""


class Mailbox:
    """A running mail server and all that it took, whomever it was for."""

    def __init__(self, process: Process, folder: Path, port: int) -> None:
        self.process = process
        self.port = port
        self._box = folder / "box" / "new"

    def messages(self) -> list[EmailMessage]:
        """What has arrived, oldest first."""
        found = sorted(self._box.glob("*"), key=lambda file: file.stat().st_mtime_ns)
        return [self._read(file) for file in found]

    def _read(self, file: Path) -> EmailMessage:
        made: Any = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        return made  # type: ignore[no-any-return]


class Listener:
    """Somebody in a channel of an IRC server, who hears what is said there."""

    def __init__(self, port: int, channel: str, nick: str = "ann") -> None:
        self.heard: list[str] = []
        self._rest = b""
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._say(f"NICK {nick}", f"USER {nick} 0 * :a person")
        self._wait(" 001 ")
        self._say(f"JOIN {channel}")
        self._wait(" 366 ")

    def listen(self) -> list[str]:
        """Every line so far, as the server passed it on."""
        self._socket.setblocking(False)
        try:
            while data := self._socket.recv(65536):
                self._rest += data
        except BlockingIOError:
            pass
        finally:
            self._socket.setblocking(True)
        *lines, self._rest = self._rest.split(b"\r\n")
        for line in map(bytes.decode, lines):
            if line.startswith("PING"):
                self._say("PONG" + line[4:])
            self.heard.append(line)
        return self.heard

    def said(self, text: str) -> list[str]:
        """The messages in which somebody said a text."""
        return [line for line in self.listen() if " PRIVMSG " in line and text in line]

    def _wait(self, part: str) -> None:
        until(10, lambda: any(part in line for line in self.listen()), lambda: self.heard)

    def _say(self, *lines: str) -> None:
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def say(self, *lines: str) -> None:
        """Send commands."""
        self._say(*lines)

    def close(self) -> None:
        """Leave."""
        self._socket.close()


class Receivers:
    """Starts them for one test; `port` lets one come up where something was sent already."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stops: list[Process] = []
        self._public: list[Path] = []
        self._listeners: list[Listener] = []

    def mail(self, port: int | None = None) -> Mailbox:
        """An Exim that takes every mail and puts it into a maildir."""
        # It hands mails to a user of its own, who may not enter the private folder of a test.
        folder, port = Path(tempfile.mkdtemp(prefix="logmond-exim-")), port or free_port()
        self._public.append(folder)
        folder.chmod(0o755)
        root = os.geteuid() == 0
        owner = "Debian-exim" if root else pwd.getpwuid(os.geteuid()).pw_name
        group = "Debian-exim" if root else str(os.getegid())
        config = folder / "exim.conf"
        config.write_text(
            _EXIM.format(
                program="/usr/sbin/exim4",
                folder=folder,
                port=port,
                owner=owner,
                group=group,
                user=f"exim_user = {owner}\nexim_group = {group}" if root else "",
            )
        )
        if root:
            chown(folder, owner, group)
        process = self._start(["exim4", "-C", config, "-bdf", "-q1h"], folder)
        process.ready_at(port)
        return Mailbox(process, folder, port)

    def irc(
        self,
        port: int | None = None,
        password: str = "",
        tls: tuple[Path, Path, int] | None = None,
    ) -> tuple[Process, int]:
        """An ngIRCd with the channels ``#ops``, ``#moderated``, ``#invited``, ``#locked``.

        `tls` is a certificate, its key, and a port more.
        """
        folder, port = self._new("ngircd"), port or free_port()
        user = "ServerUID = nobody\nServerGID = nogroup" if os.geteuid() == 0 else ""
        config = folder / "ngircd.conf"
        text = _NGIRCD.format(
            port=port, user=user, password=f"Password = {password}" if password else ""
        )
        if tls is not None:
            text += "[SSL]\nCertFile = {}\nKeyFile = {}\nPorts = {}\n".format(*tls)
        config.write_text(text)
        process = self._start(["ngircd", "-n", "-f", config], folder)
        process.ready_at(port)
        return process, port

    def listener(self, port: int, channel: str = "#ops", nick: str = "ann") -> Listener:
        """Somebody in a channel."""
        self._listeners.append(Listener(port, channel, nick))
        return self._listeners[-1]

    def alertmanager(self, port: int | None = None) -> Alertmanager:
        """An Alertmanager that tells nobody."""
        folder, port = self._new("alertmanager"), port or free_port()
        config = folder / "alertmanager.yml"
        config.write_text(_ALERTMANAGER)
        command = ["prometheus-alertmanager", f"--config.file={config}"]
        command += [f"--storage.path={folder}/data", "--cluster.listen-address="]
        command += [f"--web.listen-address=127.0.0.1:{port}"]
        process = self._start(command, folder)
        process.ready_at(port)
        found = Alertmanager(process, port)
        until(_START_S, found.ready, lambda: process.output)
        return found

    def close(self) -> None:
        """Stop all, the newest first."""
        for listener in self._listeners:
            listener.close()
        while self._stops:
            self._stops.pop().stop(signal.SIGTERM)
        for folder in self._public:
            rmtree(folder)

    def _new(self, name: str) -> Path:
        folder = self._folder / f"{name}-{len(self._stops)}"
        folder.mkdir()
        return folder

    def _start(self, command: list[Any], folder: Path) -> Process:
        process = Process(command, folder)
        self._stops.append(process)
        return process


class Alertmanager:
    """A running Alertmanager, asked over its own interface."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.port = port

    def ready(self) -> bool:
        """Whether it answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/-/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def alerts(self) -> list[dict[str, Any]]:
        """What it holds to be active; what has ended is not in it."""
        with urlopen(f"http://127.0.0.1:{self.port}/api/v2/alerts", timeout=5) as answer:
            return list(msgspec.json.decode(answer.read()))

    def groups(self) -> list[dict[str, Any]]:
        """The same by its route's groups."""
        with urlopen(f"http://127.0.0.1:{self.port}/api/v2/alerts/groups", timeout=5) as answer:
            return list(msgspec.json.decode(answer.read()))


def labels(alertmanager: Alertmanager, rule: str) -> list[dict[str, str]]:
    """What an Alertmanager holds of a rule."""
    alerts = [alert["labels"] for alert in alertmanager.alerts()]
    return [found for found in alerts if found["alertname"] == rule]


@contextmanager
def running_receivers(folder: Path) -> Iterator[Receivers]:
    """Receivers that are gone, all of them, when the block ends."""
    receivers = Receivers(folder)
    try:
        yield receivers
    finally:
        receivers.close()
