"""Those who are told: a mail server, an IRC server, an Alertmanager.

Each is the real program from Debian, on loopback, with a folder and a configuration
of its own, and stopped by its process id.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import chown

from heard import Alertmanager, Listener, Mailbox
from patience import until
from processes import Process, Programs, free_port

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


class Receivers(Programs):
    """Starts them for one test; `port` lets one come up where something was sent already."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._listeners: list[Listener] = []

    def mail(self, port: int | None = None) -> Mailbox:
        """An Exim that takes every mail and puts it into a maildir."""
        # It hands mails to a user of its own, who may not enter the private folder of a test.
        folder, port = self._public("exim"), port or free_port()
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

    def stop(self) -> None:
        """Stop all, and let those who listen leave before."""
        for listener in self._listeners:
            listener.close()
        super().stop()


@contextmanager
def running_receivers(folder: Path) -> Iterator[Receivers]:
    """Receivers that are gone, all of them, when the block ends."""
    receivers = Receivers(folder)
    try:
        yield receivers
    finally:
        receivers.stop()
